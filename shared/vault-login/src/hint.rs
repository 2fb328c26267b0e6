//! What to check when Vault refuses a login.
//!
//! Vault's own words are short, and "permission denied" has four causes. The hint names the setting
//! to look at, and what this pod really is: whom its service-account token names, for which audience.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use vault_wire::Error;

/// Whom a service-account token is for, unverified. Nothing in it is secret without the signature.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    subject: String,
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
            subject: claims.sub.clone(),
            audiences: match claims.aud {
                Some(Audiences::One(audience)) => vec![audience],
                Some(Audiences::Many(audiences)) => audiences,
                None => Vec::new(),
            },
        }
    }
}

fn says(error: &Error, words: &str) -> bool {
    error.messages().iter().any(|text| text.contains(words))
}

/// What to check where nothing answers at `mount_path`, whatever the method.
pub(super) fn mount(error: &Error, mount_path: &str) -> Option<String> {
    let nothing_there = error.is_not_found()
        || says(error, "no handler for route")
        || says(error, "missing client token");
    nothing_there.then(|| {
        format!(
            "check that the auth method is enabled at {mount_path} (mount_path, annotation \
             auth-path), in this Vault namespace"
        )
    })
}

fn missing_role(error: &Error, role: &str, mount_path: &str) -> Option<String> {
    let missing = says(error, "invalid role name")
        || says(error, "could not load role")
        || says(error, &format!("role {role:?} could not be found"));
    missing.then(|| format!("check that role {role:?} exists at {mount_path} (annotation role)"))
}

fn audience(error: &Error, role: &str, claims: &Claims) -> Option<String> {
    says(error, "audience").then(|| {
        format!(
            "the token is for audience {:?}, which role {role:?} does not accept: make the role's \
             audience and the token's the same",
            claims.audiences
        )
    })
}

/// What to check after this refusal of a service account with `role` at `mount_path`.
pub(super) fn kubernetes(error: &Error, role: &str, mount_path: &str, claims: &Claims) -> String {
    let Claims {
        account, namespace, ..
    } = claims;
    if let Some(hint) = missing_role(error, role, mount_path) {
        return hint;
    }
    if says(error, "service account name not authorized") {
        return format!(
            "add service account {account:?} to bound_service_account_names of role {role:?}, or run \
             the pod as an account that is there"
        );
    }
    if says(error, "namespace not authorized") {
        return format!(
            "add namespace {namespace:?} to bound_service_account_namespaces of role {role:?}"
        );
    }
    if let Some(hint) = audience(error, role, claims) {
        return hint;
    }
    format!(
        "check that the auth method at {mount_path} is enabled in this Vault namespace and can review \
         tokens of this cluster (kubernetes_host, token reviewer), and that role {role:?} allows \
         service account {account:?} of namespace {namespace:?}"
    )
}

/// What to check after this refusal of a JSON Web Token with `role` at `mount_path`.
pub(super) fn jwt(error: &Error, role: &str, mount_path: &str, claims: &Claims) -> String {
    if let Some(hint) =
        missing_role(error, role, mount_path).or_else(|| audience(error, role, claims))
    {
        return hint;
    }
    if says(error, "signature") || says(error, "known key") {
        return format!(
            "the token is not signed by a key that {mount_path} trusts: check jwks_url, \
             oidc_discovery_url or jwt_validation_pubkeys in {mount_path}/config"
        );
    }
    if says(error, "expired") {
        return "the token has expired: see that whatever writes it does so in time, and clocks \
                agree"
            .to_owned();
    }
    format!(
        "check the bound_subject, bound_claims and bound_audiences of role {role:?} at {mount_path}: \
         the token is of subject {:?}, for audience {:?}",
        claims.subject, claims.audiences
    )
}

/// What to check after this refusal of an identity of a cloud with `role` at `mount_path`.
pub(super) fn cloud(error: &Error, role: &str, mount_path: &str, claims: &Claims) -> String {
    if let Some(hint) =
        missing_role(error, role, mount_path).or_else(|| audience(error, role, claims))
    {
        return hint;
    }
    format!(
        "check what role {role:?} at {mount_path} is bound to, and {mount_path}/config: the token is \
         of subject {:?}, for audience {:?}",
        claims.subject, claims.audiences
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
