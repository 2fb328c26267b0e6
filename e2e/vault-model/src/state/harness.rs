//! A server without HTTP, as the tests of the backends use it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::State;
use crate::answer::Refusal;
use crate::canned::Canned;
use crate::crypto::{Authority, Crypto, Signed, Subject};
use crate::ids::Ids;
use crate::jwt::{JwtError, PublicKey};
use crate::pem;
use crate::product::Product;
use crate::request::Request;
use crate::service_account::ServiceAccountToken;

pub(crate) const ROOT: &str = "root";

/// The first of January 2030.
pub(crate) const START: Timestamp = Timestamp::constant(1_893_456_000, 0);

pub(crate) struct Harness {
    pub(crate) state: State,
    pub(crate) now: Timestamp,
    pub(crate) keys: Keys,
    /// The header of the requests to come.
    pub(crate) namespace: &'static str,
}

/// A status and a body, `null` for none.
pub(crate) type Answered = (u16, Value);

/// A cluster's signing key, whose signature is its name and what is signed.
pub(crate) struct Keys(pub(crate) &'static str);

impl Keys {
    pub(crate) fn public_key_pem(&self) -> String {
        pem::write(self.0.as_bytes(), "PUBLIC KEY")
    }

    /// A service account's token, from the start on.
    pub(crate) fn mint(
        &self,
        namespace: &str,
        name: &str,
        audiences: &[&str],
        ttl: Duration,
    ) -> String {
        let token = ServiceAccountToken {
            namespace,
            name,
            audiences,
            issued: START,
            ttl,
        };
        let unsigned = token.unsigned();
        let message = unsigned.trim_end_matches('.');
        let signature = URL_SAFE_NO_PAD.encode(format!("{}{message}", self.0));
        format!("{message}.{signature}")
    }
}

/// Checks the signatures of [`Keys`].
#[derive(Debug)]
pub(crate) struct Toy;

impl Crypto for Toy {
    fn check(&self, token: &Signed<'_>, keys: &[PublicKey]) -> Result<(), JwtError> {
        let made = |key: &PublicKey| [key.der(), token.message].concat() == token.signature;
        if keys.iter().any(made) {
            Ok(())
        } else {
            Err(JwtError::Signature)
        }
    }

    fn authority(&self, subject: &Subject) -> Result<Box<dyn Authority>, String> {
        Canned.authority(subject)
    }
}

pub(crate) fn mk_server() -> Harness {
    mk_server_of(Product::Vault)
}

pub(crate) fn mk_server_of(product: Product) -> Harness {
    let keys = Keys("cluster");
    let trusted = vec![PublicKey::from_pem(&keys.public_key_pem()).unwrap()];
    Harness {
        state: State::new(START, Ids::new(1), Box::new(Toy), ROOT, trusted, product),
        now: START,
        keys,
        namespace: "",
    }
}

/// A server after the commands of the guide: policy, role, secret, database role.
pub(crate) fn mk_guide_server() -> Harness {
    let mut server = mk_server();
    server.done("sys/auth/kubernetes", json!({ "type": "kubernetes" }));
    server.done(
        "auth/kubernetes/config",
        json!({ "kubernetes_host": "https://kubernetes.default.svc:443" }),
    );
    server.done(
        "auth/kubernetes/role/api-service",
        json!({
            "bound_service_account_names": "api-service-sa",
            "bound_service_account_namespaces": "production",
            "policies": "api-secrets",
            "ttl": "1h",
        }),
    );
    let policy = r#"path "secret/data/production/api-service" { capabilities = ["read"] }
        path "database/creds/api-role" { capabilities = ["read"] }"#;
    server.done("sys/policies/acl/api-secrets", json!({ "policy": policy }));
    server.done(
        "secret/data/production/api-service",
        json!({ "data": { "api_key": "sk_live_xxxxx" } }),
    );
    server.done("sys/mounts/database", json!({ "type": "database" }));
    server.done(
        "database/config/postgres",
        json!({
            "plugin_name": "postgresql-database-plugin",
            "connection_url": "postgresql://{{username}}:{{password}}@postgres:5432/app",
            "allowed_roles": "api-role",
            "username": "vault_admin",
            "password": "admin_password",
        }),
    );
    server.done(
        "database/roles/api-role",
        json!({ "db_name": "postgres", "default_ttl": "1h", "max_ttl": "24h" }),
    );
    server
}

impl Harness {
    pub(crate) fn ask(
        &mut self,
        method: &str,
        token: Option<&str>,
        path: &str,
        body: &Value,
    ) -> Answered {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let outcome = Request::decode(
            method,
            path,
            query,
            token.map(str::to_owned),
            body.as_bytes(),
        )
        .map(|request| request.in_namespace(self.namespace))
        .and_then(|request| self.state.handle(self.now, &request));
        match outcome {
            Ok(answer) => {
                let (status, body) = answer.into_parts(&mut self.state.ids);
                (status, body.unwrap_or_default())
            }
            Err(refusal @ Refusal { status, .. }) => (status, refusal.body()),
        }
    }

    /// A write whose answer is to be wrapped.
    #[allow(clippy::needless_pass_by_value, reason = "bodies are written in place")]
    pub(crate) fn wrapped(
        &mut self,
        token: &str,
        path: &str,
        body: Value,
        seconds: u64,
    ) -> Answered {
        let body = body.to_string();
        let token = Some(token.to_owned());
        let mut request = Request::decode("PUT", path, "", token, body.as_bytes()).unwrap();
        request.wrap_ttl = Some(Duration::from_secs(seconds));
        let (status, body) = self
            .state
            .handle(self.now, &request)
            .unwrap()
            .into_parts(&mut self.state.ids);
        (status, body.unwrap_or_default())
    }

    /// The requests to come name this namespace.
    pub(crate) fn inside(&mut self, namespace: &'static str) -> &mut Self {
        self.namespace = namespace;
        self
    }

    pub(crate) fn get(&mut self, token: &str, path: &str) -> Answered {
        self.ask("GET", Some(token), path, &Value::Null)
    }

    #[allow(clippy::needless_pass_by_value, reason = "bodies are written in place")]
    pub(crate) fn put(&mut self, token: &str, path: &str, body: Value) -> Answered {
        self.ask("PUT", Some(token), path, &body)
    }

    /// A write with the root token that must succeed.
    pub(crate) fn done(&mut self, path: &str, body: Value) -> Value {
        let (status, answer) = self.put(ROOT, path, body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    pub(crate) fn login(&mut self, namespace: &str, name: &str) -> Answered {
        let jwt = self
            .keys
            .mint(namespace, name, &[], Duration::from_secs(3600));
        self.ask(
            "PUT",
            None,
            "auth/kubernetes/login",
            &json!({ "role": "api-service", "jwt": jwt }),
        )
    }

    /// The token of a login that must succeed.
    pub(crate) fn logged_in(&mut self) -> String {
        let (status, answer) = self.login("production", "api-service-sa");
        assert_eq!(status, 200, "{answer}");
        answer["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn advance(&mut self, seconds: u64) -> Timestamp {
        self.now += Duration::from_secs(seconds);
        self.now
    }
}

/// The first message of a refusal.
pub(crate) fn message(answered: &Answered) -> &str {
    answered.1["errors"][0].as_str().unwrap_or_default()
}
