//! From an API path to an address.

use reqwest::Url;
use vault_wire::{Error, path_refusal};

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
    if let Some(reason) = path_refusal(plain) {
        return Err(refuse(reason));
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
    let reason = match plain.strip_prefix('/') {
        None => Some("it has to begin with /"),
        Some(_) => path_refusal(plain),
    };
    if let Some(reason) = reason {
        return Err(Error::InvalidPath {
            path: plain.to_owned(),
            reason,
        });
    }
    let mut url = base.clone();
    url.set_path(&format!("{}{plain}", base.path().trim_end_matches('/')));
    url.set_query(query);
    Ok(url)
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
            "/v1/x/..%2fy",
            "/v1/x/.%2Fy",
            "/v1/x%5c..%5Cy",
            "/v1/x/%252e%252e/y",
            "/v1/x/%25252E%2525252e%25252fy",
            "/v1/x/%%32%65%2e/y",
            "/v1/x/..;a=b/y",
            "/v1/x%0ay",
            "/v1/x%2500",
            "/v1/x%7f",
            "/v1/x%c2%9b",
        ] {
            assert!(shown("http://vault", target).is_err(), "{target}");
        }
    }

    #[test]
    fn a_path_cannot_leave_v1() {
        for path in [
            "../ui",
            "secret/../../ui",
            "secret/%2e%2E/x",
            "secret/./x",
            "secret/..%2f..%2fui",
            "secret/%252e%252e/ui",
        ] {
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
