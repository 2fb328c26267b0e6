//! From an API path to an address.

use reqwest::Url;

use crate::error::Error;

/// `{base}/v1/{path}`. The path may carry a query, which is sent as it is.
pub(super) fn url(base: &Url, path: &str) -> Result<Url, Error> {
    let refuse = |reason| Error::InvalidPath {
        path: path.to_owned(),
        reason,
    };
    let trimmed = path.trim().trim_start_matches('/');
    let (plain, query) = match trimmed.split_once('?') {
        Some((plain, query)) => (plain, Some(query)),
        None => (trimmed, None),
    };
    if plain.trim_end_matches('/').is_empty() {
        return Err(refuse("it is empty"));
    }
    // An address parser would resolve these and leave /v1.
    if plain.split('/').any(is_dot_segment) {
        return Err(refuse("it has a . or .. segment"));
    }
    if plain.contains('\\') {
        return Err(refuse(BACKSLASH));
    }
    let mut url = base.clone();
    url.set_path(&format!("{}/v1/{plain}", base.path().trim_end_matches('/')));
    url.set_query(query);
    Ok(url)
}

/// `{base}{target}`, for a path and query that somebody else wrote.
pub(super) fn whole(base: &Url, target: &str) -> Result<Url, Error> {
    let (plain, query) = match target.split_once('?') {
        Some((plain, query)) => (plain, Some(query)),
        None => (target, None),
    };
    if !plain.starts_with('/') || plain.split('/').any(is_dot_segment) {
        return Err(Error::InvalidPath {
            path: plain.to_owned(),
            reason: "it has to begin with / and to be without . and .. segments",
        });
    }
    if plain.contains('\\') {
        return Err(Error::InvalidPath {
            path: plain.to_owned(),
            reason: BACKSLASH,
        });
    }
    let mut url = base.clone();
    url.set_path(&format!("{}{plain}", base.path().trim_end_matches('/')));
    url.set_query(query);
    Ok(url)
}

/// An address parser takes one for a slash, and whoever looked at the path before took it for a letter.
const BACKSLASH: &str = "it has a backslash; write %5C where one is meant";

fn is_dot_segment(segment: &str) -> bool {
    let plain = segment.replace("%2e", ".").replace("%2E", ".");
    plain == "." || plain == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(base: &str, path: &str) -> Result<String, String> {
        url(&Url::parse(base).unwrap(), path)
            .map(String::from)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn paths_go_below_v1() {
        let base = "https://vault:8200";
        assert_eq!(
            shown(base, "/secret/data/app").unwrap(),
            "https://vault:8200/v1/secret/data/app"
        );
        assert_eq!(
            shown("https://proxy/vault/", "sys/health").unwrap(),
            "https://proxy/vault/v1/sys/health"
        );
        assert_eq!(
            shown(base, "secret/data/app?version=2&depth=1").unwrap(),
            "https://vault:8200/v1/secret/data/app?version=2&depth=1"
        );
    }

    #[test]
    fn odd_characters_are_escaped_and_escapes_kept() {
        let path = |path| {
            shown("http://vault", path)
                .unwrap()
                .replace("http://vault/v1/", "")
        };
        assert_eq!(path("secret/a b#c"), "secret/a%20b%23c");
        assert_eq!(path("secret/a%20b"), "secret/a%20b");
        assert_eq!(path("secret/folder/"), "secret/folder/");
    }

    #[test]
    fn the_path_of_somebody_else_stays_as_it_is() {
        let shown =
            |base: &str, target| whole(&Url::parse(base).unwrap(), target).map(String::from);
        assert_eq!(
            shown("https://proxy/vault/", "/v1/kv//a%2Fb%20c?list=true&x=%2F").unwrap(),
            "https://proxy/vault/v1/kv//a%2Fb%20c?list=true&x=%2F"
        );
        for target in [
            "/v1/%2e./x",
            "/../x",
            "v1/x",
            "*",
            "/v1/auth/token\\lookup-self",
            "/v1/x\\..\\..\\y",
        ] {
            assert!(shown("http://vault", target).is_err(), "{target}");
        }
    }

    #[test]
    fn a_path_cannot_leave_v1() {
        for path in ["../ui", "secret/../../ui", "secret/%2e%2E/x", "secret/./x"] {
            assert!(
                shown("http://vault", path).unwrap_err().contains("segment"),
                "{path}"
            );
        }
        assert!(
            shown("http://vault", "secret\\..\\x")
                .unwrap_err()
                .contains("backslash")
        );
        assert!(shown("http://vault", " / ").unwrap_err().contains("empty"));
    }
}
