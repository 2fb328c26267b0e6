//! The tokens of Kubernetes service accounts.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The issuer and default audience of a cluster that nobody configured otherwise.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// The content of a service account's token.
#[derive(Debug, Clone, Copy)]
pub struct ServiceAccountToken<'a> {
    /// Namespace of the account.
    pub namespace: &'a str,
    /// Name of the account.
    pub name: &'a str,
    /// Who may take it; without any, the cluster's own.
    pub audiences: &'a [&'a str],
    /// When it was issued.
    pub issued: Timestamp,
    /// How long it is good.
    pub ttl: Duration,
}

impl ServiceAccountToken<'_> {
    /// The claims, as a cluster writes them. `id` names the token, `uid` the account.
    pub fn claims(&self, id: &str, uid: &str) -> Value {
        let audiences = match self.audiences {
            [] => &[ISSUER],
            audiences => audiences,
        };
        let (namespace, name) = (self.namespace, self.name);
        json!({
            "iss": ISSUER,
            "sub": format!("system:serviceaccount:{namespace}:{name}"),
            "aud": audiences,
            "iat": self.issued.as_second(),
            "nbf": self.issued.as_second(),
            "exp": (self.issued + self.ttl).as_second(),
            "jti": id,
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": { "name": name, "uid": uid },
            },
        })
    }

    /// A JWT without a signature, for a model that does not check any.
    pub fn unsigned(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": "none", "typ": "JWT" });
        format!("{}.{}.", part(&header), part(&self.claims("", "")))
    }
}
