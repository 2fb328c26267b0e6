//! The service account of the operator itself, which stores of the cluster may use where the operator
//! was told so. Stores of a namespace never do: their authors choose the server.

use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::names::Name;

/// Where Kubernetes puts the token of a pod.
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// The account that this pod runs as.
pub(crate) fn find() -> anyhow::Result<Name> {
    let token = secret_files::read(Path::new(TOKEN), secret_files::limit::CREDENTIAL);
    let token = token.with_context(|| format!("--allow-controller-identity: {TOKEN}"))?;
    of_token(&token).context("--allow-controller-identity: the token of the pod")
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

fn of_token(token: &[u8]) -> anyhow::Result<Name> {
    let token = std::str::from_utf8(token)?;
    let payload = token.trim().split('.').nth(1).context("it is no JWT")?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)
        .context("its claims cannot be read")?;
    let account = claims.sub.strip_prefix("system:serviceaccount:");
    match account.and_then(|account| account.split_once(':')) {
        Some((namespace, name)) => Ok(Name::new(namespace, name)),
        None => bail!("it is not of a service account"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_the_subject_of_the_token() {
        let mk_token = |claims: &str| format!("h.{}.s\n", URL_SAFE_NO_PAD.encode(claims));
        let token = mk_token(r#"{"sub": "system:serviceaccount:secrets:operator"}"#);
        assert_eq!(
            of_token(token.as_bytes()).unwrap(),
            Name::new("secrets", "operator")
        );
        for token in [
            mk_token(r#"{"sub": "me"}"#),
            mk_token("{}"),
            "no".to_owned(),
        ] {
            assert!(of_token(token.as_bytes()).is_err());
        }
    }
}
