//! What to check when Vault refuses a login.
//!
//! Vault's own words are short, and "permission denied" has four causes. The hint names the setting
//! to look at, and what this pod really is: whom its service-account token names, for which audience.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use vault_api::Error;

/// Whom a service-account token is for, unverified. Nothing in it is secret without the signature.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    account: String,
    namespace: String,
    audiences: Vec<String>,
}

#[derive(Deserialize)]
struct RawClaims {
    #[serde(default)]
    sub: String,
    #[serde(default)]
    aud: Option<Audiences>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    pub(super) fn of(jwt: &str) -> Self {
        let payload = jwt.split('.').nth(1).unwrap_or_default();
        let claims = URL_SAFE_NO_PAD
            .decode(payload)
            .ok()
            .and_then(|json| serde_json::from_slice::<RawClaims>(&json).ok());
        let Some(claims) = claims else {
            return Self::default();
        };
        let mut subject = claims
            .sub
            .strip_prefix("system:serviceaccount:")
            .unwrap_or_default()
            .splitn(2, ':');
        Self {
            namespace: subject.next().unwrap_or_default().to_owned(),
            account: subject.next().unwrap_or_default().to_owned(),
            audiences: match claims.aud {
                Some(Audiences::One(audience)) => vec![audience],
                Some(Audiences::Many(audiences)) => audiences,
                None => Vec::new(),
            },
        }
    }
}

/// What to check after this refusal of a login with `role` at `mount_path`.
pub(super) fn hint(error: &Error, role: &str, mount_path: &str, claims: &Claims) -> String {
    let says = |words: &str| error.messages().iter().any(|text| text.contains(words));
    let Claims {
        account,
        namespace,
        audiences,
    } = claims;
    if says("invalid role name") || says("could not load role") {
        return format!("check that role {role:?} exists at {mount_path} (annotation role)");
    }
    if says("service account name not authorized") {
        return format!(
            "add service account {account:?} to bound_service_account_names of role {role:?}, or run \
             the pod as an account that is there"
        );
    }
    if says("namespace not authorized") {
        return format!(
            "add namespace {namespace:?} to bound_service_account_namespaces of role {role:?}"
        );
    }
    if says("audience") {
        return format!(
            "the token is for audience {audiences:?}, which role {role:?} does not accept: make the \
             role's audience and the token's the same"
        );
    }
    if error.is_not_found() || says("no handler for route") || says("missing client token") {
        return format!(
            "check that the auth method is enabled at {mount_path} (annotation auth-path), in this \
             Vault namespace"
        );
    }
    format!(
        "check that the auth method at {mount_path} is enabled in this Vault namespace and can review \
         tokens of this cluster (kubernetes_host, token reviewer), and that role {role:?} allows \
         service account {account:?} of namespace {namespace:?}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_jwt(payload: &str) -> String {
        format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_token_tells_whom_it_is_for() {
        let jwt = mk_jwt(r#"{"sub":"system:serviceaccount:shop:api","aud":["vault"]}"#);
        let claims = Claims::of(&jwt);
        assert_eq!((&*claims.account, &*claims.namespace), ("api", "shop"));
        assert_eq!(claims.audiences, ["vault"]);
        let one = Claims::of(&mk_jwt(r#"{"aud":"vault"}"#));
        assert_eq!(one.audiences, ["vault"]);
        for odd in ["", "a.b.c", "..", "e30.e30"] {
            assert_eq!(Claims::of(odd), Claims::default(), "{odd}");
        }
    }
}
