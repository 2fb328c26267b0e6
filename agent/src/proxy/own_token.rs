//! Answers about the agent's own token: an application may use it and must not learn it.

use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use vault_client::Body;
use zeroize::Zeroizing;

/// An answer about one token is small, and takes many times its size to be read.
const LIMIT: usize = 256 * 1024;

/// Whether the answer to a request for this path names the token that it is sent with.
pub(super) fn is_asked_for(path: &str) -> bool {
    // A namespace may stand in front, and Vault and proxies on the way undo escapes before they look.
    let path = vault_wire::decoded_path(path);
    let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
    let mut segments = path.rsplit(is_slash).filter(|s| !s.is_empty());
    let last = segments.next();
    // Without a token in its body, `lookup` is about the one that it is sent with.
    matches!(last, Some(b"lookup-self" | b"renew-self" | b"lookup"))
        && segments.next() == Some(b"token")
        && segments.next() == Some(b"auth")
}

/// The answer without token and accessor; `None` where it cannot be read.
pub(super) async fn without(body: Body) -> Option<Vec<u8>> {
    let body = Limited::new(body, LIMIT).collect().await.ok()?;
    let body = Zeroizing::new(body.to_bytes().to_vec());
    let mut answer: Value = serde_json::from_slice(&body).ok()?;
    for (part, keys) in [
        ("data", ["id", "accessor"]),
        ("auth", ["client_token", "accessor"]),
    ] {
        if let Some(Value::Object(part)) = answer.get_mut(part) {
            for key in keys {
                part.remove(key);
            }
        }
    }
    serde_json::to_vec(&answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_path_is_seen() {
        for path in [
            "/v1/auth/token/lookup-self",
            "/v1/auth/token/renew-self/",
            "/v1/team/auth/token/lookup-self",
            "/v1/auth//token/lookup%2Dself",
            "/v1/auth%2ftoken/lookup-self",
            "/v1/auth/token/lookup",
            "/v1/auth/token/lookup%252dself",
            "/v1/auth%5ctoken%5Clookup-self",
        ] {
            assert!(is_asked_for(path), "{path}");
        }
        for path in [
            "/v1/auth/token/lookup-accessor",
            "/v1/secret/data/lookup-self",
            "/",
            "/v1/%",
        ] {
            assert!(!is_asked_for(path), "{path}");
        }
    }
}
