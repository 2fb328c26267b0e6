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
    if let Some(reason) = refusal(plain) {
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
        Some(_) => refusal(plain),
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

/// Why no request is made for a path, whoever wrote it. Servers and proxies on the way differ in how
/// often they undo escapes and in what they take for a slash; one that resolves a dot segment ends at
/// another path than the one that was looked at here.
pub(crate) fn refusal(path: &str) -> Option<&'static str> {
    // An address parser takes one for a slash, and whoever looked at the path before took it for a
    // letter.
    if path.contains('\\') {
        return Some("it has a backslash; write %5C where one is meant");
    }
    let decoded = decoded(path);
    let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
    if decoded.split(is_slash).any(is_dot_segment) {
        return Some("it has a . or .. segment, as it is or escaped");
    }
    let has_control = String::from_utf8_lossy(&decoded).contains(char::is_control);
    has_control.then_some("it has a control character, as it is or escaped")
}

/// Some servers drop what follows a semicolon before they resolve the segment.
fn is_dot_segment(segment: &[u8]) -> bool {
    let name = segment.split(|byte| *byte == b';').next();
    matches!(name, Some(b"." | b".."))
}

/// A path with all escapes undone, those that other escapes hide (`%252e`) too.
pub fn decoded(path: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    for byte in path.bytes() {
        plain.push(byte);
        // What comes out of one escape may complete another.
        while let [.., b'%', high, low] = plain[..]
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            plain.truncate(plain.len() - 3);
            plain.push(high << 4 | low);
        }
    }
    plain
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
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
    fn dots_and_escapes_in_a_name_are_its_own() {
        for path in [
            "kv/a..b",
            "kv/...",
            "kv/.env",
            "kv/100%25",
            "kv/a%5Cb",
            "kv/%zz%2",
            "kv/é",
        ] {
            assert_eq!(refusal(path), None, "{path}");
        }
        assert_eq!(decoded("/a%2Fb%252fc%"), b"/a/b/c%");
    }

    #[test]
    fn a_path_of_nested_escapes_is_read_in_one_go() {
        let nested = format!("%{}2e", "25".repeat(200_000));
        assert_eq!(decoded(&nested), b".");
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
