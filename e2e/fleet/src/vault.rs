//! A Vault for one pod: it keeps just what decides about its answers.

use std::sync::Arc;
use std::time::Duration;

use vault_engine::{Answer, Call, LoginFailure};
use vault_wire::kv::Mount;
use vault_wire::{Auth, Error, Granted, JsonText, Lease, LeaseId, RequestLine, Response, Token};

use crate::scenario::Trouble;
use crate::{MAX_TTL, Millis, TTL};

const STATIC: &str = r#"{"data":{"data":{"value":"x"},"metadata":{"created_time":"2030-01-01T00:00:00Z","deletion_time":"","destroyed":false,"version":1}}}"#;
const METADATA: &str = r#"{"data":{"current_version":1,"versions":{"1":{"created_time":"2030-01-01T00:00:00Z","deletion_time":"","destroyed":false}}}}"#;
const DYNAMIC: &str = r#"{"data":{"username":"v-app","password":"x"}}"#;

/// See the module.
pub(crate) struct Vault {
    trouble: Trouble,
    tokens: Vec<Grant>,
    leases: Vec<Grant>,
    value: Response,
    metadata: Response,
    credential: Response,
}

/// A token or a lease.
#[derive(Clone, Copy)]
struct Grant {
    since: Millis,
    ends: Millis,
}

impl Grant {
    fn new(at: Millis) -> Self {
        Self {
            since: at,
            ends: at + TTL,
        }
    }

    /// Makes it last longer, but not beyond its maximum; for how long, in whole seconds.
    fn renew(&mut self, at: Millis) -> Duration {
        self.ends = (at + TTL).min(self.since + MAX_TTL);
        Duration::from_secs(self.ends.saturating_sub(at) / 1000)
    }

    fn is_alive(&self, at: Millis, trouble: Trouble) -> bool {
        at < self.ends && !trouble.has_revoked(self.since, at)
    }
}

fn response(body: &str) -> Response {
    let response = Response::from_body(JsonText::new(body.to_owned()));
    response.expect("the answers of the model are Vault's")
}

impl Vault {
    pub(crate) fn new(trouble: Trouble) -> Self {
        Self {
            trouble,
            tokens: Vec::new(),
            leases: Vec::new(),
            value: response(STATIC),
            metadata: response(METADATA),
            credential: response(DYNAMIC),
        }
    }

    /// Another agent asks, which knows no token yet.
    pub(crate) fn begin(&mut self) {
        self.tokens.clear();
        self.leases.clear();
    }

    pub(crate) fn answer(&mut self, at: Millis, call: &Call) -> Answer {
        if let Call::Recall { .. } = call {
            return Answer::Recalled(None);
        }
        if let Err(error) = self.admit(at, call) {
            return failed(call, error);
        }
        match call {
            Call::LogIn => {
                self.tokens.push(Grant::new(at));
                let token = format!("hvs.{}", self.tokens.len() - 1);
                let token = Token::new(&token).expect("the model's tokens are well-formed");
                let auth = auth(token, Duration::from_millis(TTL));
                Answer::LoggedIn(Ok(Granted::Token(auth)))
            }
            Call::RenewToken { token } => {
                let grant = &mut self.tokens[number(token.expose())];
                Answer::TokenRenewed(Ok(auth(token.clone(), grant.renew(at))))
            }
            Call::FindMount { path, .. } => Answer::Mount(Ok(mount(path))),
            Call::Read { path, .. } => Answer::Secret(Ok(Some(self.read(at, path)))),
            Call::RenewLease { lease, .. } => {
                let grant = &mut self.leases[number(lease.as_str())];
                let duration = grant.renew(at);
                Answer::LeaseRenewed(Ok(Lease {
                    id: lease.clone(),
                    duration,
                    renewable: true,
                }))
            }
            Call::LookUpToken { .. }
            | Call::Recall { .. }
            | Call::List { .. }
            | Call::Write { .. }
            | Call::RevokeLease { .. }
            | Call::RevokeToken { .. } => failed(call, status(400, "not in the model")),
        }
    }

    /// Whether a request gets further than Vault's door.
    fn admit(&self, at: Millis, call: &Call) -> Result<(), Error> {
        if self.trouble.is_away(at) {
            return Err(Error::Transport {
                request: line(),
                hint: "connection refused".into(),
                source: "connection refused".into(),
            });
        }
        let (Call::LookUpToken { token }
        | Call::RenewToken { token }
        | Call::FindMount { token, .. }
        | Call::Read { token, .. }
        | Call::RenewLease { token, .. }) = call
        else {
            return Ok(());
        };
        if !self.tokens[number(token.expose())].is_alive(at, self.trouble) {
            return Err(status(403, "permission denied: invalid token"));
        }
        if let Call::RenewLease { lease, .. } = call
            && !self.leases[number(lease.as_str())].is_alive(at, self.trouble)
        {
            return Err(status(400, "lease not found"));
        }
        Ok(())
    }

    fn read(&mut self, at: Millis, path: &str) -> Response {
        if path.starts_with("secret/data/") {
            return self.value.clone();
        }
        if path.starts_with("secret/metadata/") {
            return self.metadata.clone();
        }
        self.leases.push(Grant::new(at));
        let id = LeaseId::new(&format!("{path}/lease.{}", self.leases.len() - 1));
        let duration = Duration::from_millis(TTL);
        Response {
            lease: id.map(|id| Lease {
                id,
                duration,
                renewable: true,
            }),
            lease_duration: duration,
            renewable: true,
            ..self.credential.clone()
        }
    }
}

/// The number behind the dot of a token or a lease.
fn number(name: &str) -> usize {
    let number = name
        .rsplit('.')
        .next()
        .and_then(|number| number.parse().ok());
    number.expect("the model has named it")
}

fn auth(token: Token, duration: Duration) -> Auth {
    Auth {
        client_token: token,
        accessor: String::new(),
        lease_duration: duration,
        renewable: true,
        policies: Vec::new(),
        metadata: std::collections::BTreeMap::new(),
    }
}

fn mount(path: &str) -> Mount {
    if path.starts_with("secret/") {
        Mount {
            path: "secret/".into(),
            kind: "kv".into(),
            version: Some("2".into()),
        }
    } else {
        Mount {
            path: "database/".into(),
            kind: "database".into(),
            version: None,
        }
    }
}

fn line() -> RequestLine {
    RequestLine::new("GET", "http://vault/v1/")
}

fn status(status: u16, message: &str) -> Error {
    Error::Api {
        request: line(),
        status,
        errors: vec![message.to_owned()],
        retry_after: None,
    }
}

fn failed(call: &Call, error: Error) -> Answer {
    match call {
        Call::LogIn => Answer::LoggedIn(Err(LoginFailure {
            is_refusal: error.status().is_some(),
            error: Some(Arc::new(error)),
        })),
        Call::LookUpToken { .. } => Answer::TokenInfo(Err(error)),
        Call::RenewToken { .. } => Answer::TokenRenewed(Err(error)),
        Call::Recall { .. } => Answer::Recalled(None),
        Call::FindMount { .. } => Answer::Mount(Err(error)),
        Call::Read { .. } | Call::List { .. } | Call::Write { .. } => Answer::Secret(Err(error)),
        Call::RenewLease { .. } => Answer::LeaseRenewed(Err(error)),
        Call::RevokeLease { .. } | Call::RevokeToken { .. } => Answer::Revoked(Err(error)),
    }
}
