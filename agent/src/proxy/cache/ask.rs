//! A request as the cache sees it: what makes it the same as another, and what it does to answers
//! that are kept.

use hyper::HeaderMap;
use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use vault_client::{Forward, ForwardBody};
use vault_wire::Token;
use zeroize::Zeroizing;

use super::super::headers::{X_VAULT_NAMESPACE, X_VAULT_TOKEN};
use super::eviction::Eviction;

/// The same for the same request with the same token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

/// A token, told from others without keeping it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TokenId([u8; 32]);

impl TokenId {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.trim().as_bytes()).into())
    }
}

/// A request to Vault.
pub(super) struct Ask {
    pub(super) key: Key,
    /// What it is sent with.
    pub(super) token: Option<Token>,
    pub(super) namespace: Option<HeaderValue>,
    /// Without `/v1/`, escapes and double slashes.
    pub(super) path: String,
    /// What ends with it, if Vault agrees.
    pub(super) ends: Option<Eviction>,
    /// Its answer is about this moment, whatever it looks like.
    is_about_now: bool,
}

#[derive(Default, Deserialize)]
struct Named {
    token: Option<Zeroizing<String>>,
    accessor: Option<String>,
    lease_id: Option<String>,
}

impl Ask {
    /// `None` for a body that passes piece by piece: it cannot be compared.
    pub(super) fn of(request: &Forward) -> Option<Self> {
        let ForwardBody::Whole(body) = &request.body else {
            return None;
        };
        let token = token(&request.headers);
        let written = request.target.split('?').next().unwrap_or_default();
        let path = path_of(written);
        let operation = operation(&path);
        let is_write = request.method == Method::POST || request.method == Method::PUT;
        let ends = match operation {
            Some(Operation::Revoke(rest)) if is_write => {
                let named = serde_json::from_slice(body).unwrap_or_default();
                ends(rest, &named, token.as_ref())
            }
            _ => None,
        };
        Some(Self {
            key: key(request, body),
            token,
            namespace: request.headers.get(X_VAULT_NAMESPACE).cloned(),
            is_about_now: operation.is_some(),
            ends,
            path,
        })
    }

    /// Whether its answer is worth a look.
    pub(super) fn may_be_kept(&self) -> bool {
        !self.is_about_now
    }

    pub(super) fn token_id(&self) -> Option<TokenId> {
        self.token.as_ref().map(|token| TokenId::of(token.expose()))
    }

    /// Whether it may be a login, which needs no token.
    pub(super) fn may_log_in(&self) -> bool {
        self.path.starts_with("auth/") || self.path.contains("/auth/")
    }

    pub(super) fn namespace_text(&self) -> &str {
        let text = self
            .namespace
            .as_ref()
            .and_then(|value| value.to_str().ok());
        text.unwrap_or_default().trim_matches('/')
    }
}

/// Whether a request for this path may end tokens or leases: its body is needed to know which.
pub(in crate::proxy) fn may_revoke(path: &str) -> bool {
    matches!(operation(&path_of(path)), Some(Operation::Revoke(_)))
}

/// A path as it is compared: without `/v1/`, escapes and double slashes.
pub(super) fn path_of(written: &str) -> String {
    let plain = vault_wire::decoded_path(written);
    let plain = String::from_utf8_lossy(&plain);
    let segments: Vec<&str> = plain.split('/').filter(|part| !part.is_empty()).collect();
    let path = segments.join("/");
    path.strip_prefix("v1/").unwrap_or(&path).to_owned()
}

/// What is about tokens and leases that there are, rather than a way to new ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation<'a> {
    Look,
    /// From `revoke` on, with `auth/token` or `sys` in front.
    Revoke(Target<'a>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target<'a> {
    Token(&'a str),
    Lease(&'a str),
}

/// A namespace may stand in front. A secret whose path looks the same is not kept, which harms nobody.
fn operation(path: &str) -> Option<Operation<'_>> {
    let after = |marker: &str| {
        let at = path.rfind(marker)?;
        let starts_segment = at == 0 || path.as_bytes()[at - 1] == b'/';
        starts_segment.then(|| &path[at + marker.len()..])
    };
    // First, because a lease may be one of `auth/token/`.
    let rest = after("sys/leases/").or_else(|| after("sys/"));
    if let Some(rest) = rest.filter(|rest| rest.starts_with("revoke")) {
        return Some(Operation::Revoke(Target::Lease(rest)));
    }
    if let Some(rest) = after("auth/token/") {
        return match rest {
            _ if rest.starts_with("revoke") => Some(Operation::Revoke(Target::Token(rest))),
            _ if rest.starts_with("create") => None,
            _ => Some(Operation::Look),
        };
    }
    let rest = rest?;
    let is_look = ["renew", "lookup", "wrapping/"]
        .iter()
        .any(|look| rest.starts_with(look));
    is_look.then_some(Operation::Look)
}

fn ends(target: Target<'_>, named: &Named, own: Option<&Token>) -> Option<Eviction> {
    let token = named.token.as_ref().map(|text| text.as_str());
    match target {
        Target::Token("revoke-self") => own.map(|own| Eviction::Token(TokenId::of(own.expose()))),
        Target::Token("revoke-accessor") => named.accessor.clone().map(Eviction::Accessor),
        Target::Token("revoke-orphan") => token.map(|text| Eviction::TokenAlone(TokenId::of(text))),
        Target::Token(_) => token.map(|text| Eviction::Token(TokenId::of(text))),
        Target::Lease(rest) => {
            let (action, in_path) = rest.split_once('/').unwrap_or((rest, ""));
            let lease = match named.lease_id.as_deref() {
                Some(lease) if in_path.is_empty() => lease,
                _ => in_path,
            };
            let name = (!lease.is_empty()).then(|| lease.to_owned())?;
            Some(if action == "revoke" {
                Eviction::Lease(name)
            } else {
                Eviction::Prefix(name)
            })
        }
    }
}

/// In either of the two ways that Vault knows.
fn token(headers: &HeaderMap) -> Option<Token> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let own = headers.get(X_VAULT_TOKEN).filter(|own| !own.is_empty());
    let written = if let Some(own) = own {
        text(own)?
    } else {
        let bearer = text(headers.get(AUTHORIZATION)?)?;
        bearer.strip_prefix("Bearer ")?.to_owned()
    };
    Token::new(&zeroize::Zeroizing::new(written)).ok()
}

/// All that Vault is told, but not which program asks.
fn key(request: &Forward, body: &[u8]) -> Key {
    let mut headers: Vec<(&str, &[u8])> = request
        .headers
        .iter()
        .filter(|(name, _)| *name != USER_AGENT)
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    headers.sort_unstable();
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(request.method.as_str().as_bytes());
    part(request.target.as_bytes());
    for (name, value) in headers {
        part(name.as_bytes());
        part(value);
    }
    part(body);
    Key(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;
    use hyper::header::HeaderName;

    use super::*;

    fn mk_ask(method: &str, target: &str, headers: &[(&'static str, &str)], body: &str) -> Ask {
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        let request = Forward {
            method: method.parse().unwrap(),
            target: target.to_owned(),
            headers: headers.collect(),
            body: ForwardBody::Whole(Bytes::from(body.to_owned())),
            retries: 0,
            keeps_off: |_| false,
        };
        Ask::of(&request).unwrap()
    }

    #[test]
    fn the_same_request_with_the_same_token_is_the_same() {
        let path = "/v1/database/creds/app";
        let key = |headers: &[(&'static str, &str)], body| mk_ask("GET", path, headers, body).key;
        let one = key(&[("x-vault-token", "a"), ("accept", "*/*")], "");
        assert_eq!(
            one,
            key(
                &[
                    ("accept", "*/*"),
                    ("x-vault-token", "a"),
                    ("user-agent", "x")
                ],
                ""
            )
        );
        assert_ne!(one, key(&[("x-vault-token", "b"), ("accept", "*/*")], ""));
        assert_ne!(one, key(&[("x-vault-token", "a"), ("accept", "*/*")], "{}"));
        assert_ne!(
            one,
            mk_ask(
                "PUT",
                path,
                &[("x-vault-token", "a"), ("accept", "*/*")],
                ""
            )
            .key
        );
        let spaces = [
            ("x-vault-token", "a"),
            ("accept", "*/*"),
            ("x-vault-namespace", "n"),
        ];
        assert_ne!(one, key(&spaces, ""));
    }

    #[test]
    fn what_renews_looks_up_revokes_or_unwraps_is_never_kept() {
        let is_kept = |path: &str| mk_ask("PUT", path, &[], "").may_be_kept();
        for path in [
            "/v1/auth/token/renew-self",
            "/v1/team/auth/token/renew",
            "/v1/auth/token/lookup-self",
            "/v1/auth/token/revoke",
            "/v1/sys/leases/renew",
            "/v1/sys//leases%2Frenew/database/creds/app/x",
            "/v1/sys/renew",
            "/v1/sys/wrapping/unwrap",
            "/v1/team/sys/leases/revoke-prefix/database/",
        ] {
            assert!(!is_kept(path), "{path}");
        }
        for path in [
            "/v1/auth/token/create",
            "/v1/auth/kubernetes/login",
            "/v1/database/creds/app",
        ] {
            assert!(is_kept(path), "{path}");
        }
    }

    #[test]
    fn a_revocation_says_what_ends() {
        let own = [("authorization", "Bearer own")];
        let ends = |path: &str, body: &str| mk_ask("PUT", path, &own, body).ends;
        let token = |text| TokenId::of(text);
        let lease = "database/creds/app/x";
        for (path, body, wanted) in [
            (
                "/v1/auth/token/revoke",
                r#"{"token":"t"}"#,
                Eviction::Token(token("t")),
            ),
            (
                "/v1/auth/token/revoke-self",
                "",
                Eviction::Token(token("own")),
            ),
            (
                "/v1/auth/token/revoke-orphan",
                r#"{"token":"t"}"#,
                Eviction::TokenAlone(token("t")),
            ),
            (
                "/v1/auth/token/revoke-accessor",
                r#"{"accessor":"a"}"#,
                Eviction::Accessor("a".into()),
            ),
            (
                "/v1/sys/leases/revoke",
                r#"{"lease_id":"database/creds/app/x"}"#,
                Eviction::Lease(lease.into()),
            ),
            (
                "/v1/team/sys/leases/revoke/database/creds/app/x",
                "",
                Eviction::Lease(lease.into()),
            ),
            (
                "/v1/sys/revoke/database/creds/app/x",
                "",
                Eviction::Lease(lease.into()),
            ),
            (
                "/v1/sys/leases/revoke-prefix/database/creds/app",
                "",
                Eviction::Prefix("database/creds/app".into()),
            ),
            (
                "/v1/sys/leases/revoke-force/auth/app",
                "",
                Eviction::Prefix("auth/app".into()),
            ),
            (
                "/v1/sys/leases/revoke-prefix/auth/token/create",
                "",
                Eviction::Prefix("auth/token/create".into()),
            ),
            (
                "/v1/sys/leases/revoke",
                r#"{"lease_id":"database\/creds\/app\/x"}"#,
                Eviction::Lease(lease.into()),
            ),
        ] {
            assert_eq!(ends(path, body), Some(wanted), "{path}");
        }
        assert_eq!(ends("/v1/auth/token/revoke", "[]"), None);
        assert_eq!(
            mk_ask("GET", "/v1/auth/token/revoke-self", &own, "").ends,
            None
        );
        assert!(may_revoke("/v1/auth/token/revoke") && !may_revoke("/v1/auth/token/create"));
    }
}
