//! What the agent's client makes of requests and replies.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use vault_engine::{Answer, Call, LoginFailure};
use vault_model::{Operation, Request, ServiceAccountToken};
use vault_wire::{Error, Granted, JsonText, LeaseId, RequestLine, Sent, Token};

use super::{Vault, wall};
use crate::scenario::{Absence, Kind, Millis};

/// How long the service account's token of a login is good.
const JWT: Duration = Duration::from_secs(60);

/// What comes over the wire.
struct Reply {
    status: u16,
    /// In seconds.
    retry_after: Option<u64>,
    body: String,
}

impl Vault {
    /// Handles a request that has reached Vault.
    pub(crate) fn handle(&mut self, at: Millis, call: &Call) -> Answer {
        let request = match call {
            Call::LogIn => {
                let jwt = ServiceAccountToken {
                    namespace: "production",
                    name: "app",
                    audiences: &[],
                    issued: wall(at),
                    ttl: JWT,
                };
                let body = json!({ "role": "app", "jwt": jwt.unsigned() });
                Request::write("auth/kubernetes/login", &body)
            }
            Call::LookUpToken { token } => {
                Request::read("auth/token/lookup-self").with_token(token.expose())
            }
            Call::RenewToken { token } => {
                Request::write("auth/token/renew-self", &json!({})).with_token(token.expose())
            }
            Call::FindMount { token, path } => {
                let path = format!("sys/internal/ui/mounts/{path}");
                Request::read(&path).with_token(token.expose())
            }
            Call::Read { token, path } => Request::read(path).with_token(token.expose()),
            Call::List { token, path } => Request::list(path).with_token(token.expose()),
            Call::Write {
                token,
                path,
                data,
                is_kv_v2,
            } => {
                let body = if *is_kv_v2 {
                    json!({ "data": data.as_map() })
                } else {
                    json!(data.as_map())
                };
                Request::write(path, &body).with_token(token.expose())
            }
            Call::RenewLease { token, lease } => {
                let body = json!({ "lease_id": lease.as_str() });
                Request::write("sys/leases/renew", &body).with_token(token.expose())
            }
            Call::RevokeLease { token, lease } => {
                let body = json!({ "lease_id": lease.as_str() });
                Request::write("sys/leases/revoke", &body).with_token(token.expose())
            }
            Call::RevokeToken { token } => {
                Request::write("auth/token/revoke-self", &json!({})).with_token(token.expose())
            }
            Call::Recall { .. } => return Answer::Recalled(None),
        };
        let reply = self.reply(at, &request, call);
        read(call, line(&request), reply)
    }

    fn reply(&mut self, at: Millis, request: &Request, call: &Call) -> Reply {
        let failed = |status, errors: &[&str], retry_after: Option<u64>| Reply {
            status,
            retry_after,
            body: json!({ "errors": errors }).to_string(),
        };
        match self.absence {
            Some(Absence::Sealed) => return failed(503, &["Vault is sealed"], None),
            Some(Absence::Standby) => return failed(473, &[], None),
            Some(Absence::Status(status)) => {
                let retry_after = (status == 429).then_some(20);
                return failed(status, &[], retry_after);
            }
            Some(Absence::Refused | Absence::Silent) | None => {}
        }
        let is_mount = matches!(call, Call::FindMount { .. });
        let number = number(&request.path).filter(|_| !is_mount);
        let is_of = |want: usize| number == Some(want);
        if let Some(fault) = self.faults.iter().find(|fault| is_of(fault.want)) {
            return match fault.status {
                404 => failed(404, &[], None),
                403 => failed(403, &["permission denied"], fault.retry_after),
                status => failed(status, &["forced"], fault.retry_after),
            };
        }
        let zero = self.wants.iter().find(|(_, kind)| *kind == Kind::ZeroLease);
        let is_zero = zero.is_some_and(|(number, _)| is_of(*number));
        let (status, body) = if is_zero {
            let mut reply = self.model.answer(wall(at), request);
            if let Some(body) = &mut reply.body
                && body.get("lease_duration").is_some()
            {
                body["lease_duration"] = json!(0);
            }
            let body = reply.body.map(|body| body.to_string());
            (reply.status, body.unwrap_or_default())
        } else {
            self.model.answer_text(wall(at), request)
        };
        Reply {
            status,
            retry_after: None,
            body,
        }
    }
}

/// The number of the secret that a path names: `secret/data/app7`.
fn number(path: &str) -> Option<usize> {
    path.rsplit('/').find_map(|part| {
        let digits = part.trim_start_matches(|it: char| it.is_ascii_lowercase());
        (digits.len() < part.len()).then(|| digits.parse().ok())?
    })
}

fn line(request: &Request) -> RequestLine {
    let method = match request.operation {
        Operation::List => "GET",
        other => other.method(),
    };
    RequestLine::new(method, &format!("http://vault/v1/{}", request.path))
}

/// An answer that never came.
pub(crate) fn unanswered(call: &Call, is_timeout: bool) -> Answer {
    let request = RequestLine::new("GET", "http://vault/v1/");
    let error = if is_timeout {
        Error::Timeout {
            request,
            after: Duration::from_secs(60),
        }
    } else {
        Error::Transport {
            request,
            hint: "connection refused".into(),
            source: "connection refused".into(),
        }
    };
    failed(call, error)
}

fn failed(call: &Call, error: Error) -> Answer {
    match call {
        Call::LogIn => Answer::LoggedIn(Err(login_failure(error))),
        Call::LookUpToken { .. } => Answer::TokenInfo(Err(error)),
        Call::RenewToken { .. } => Answer::TokenRenewed(Err(error)),
        Call::Recall { .. } => Answer::Recalled(None),
        Call::FindMount { .. } => Answer::Mount(Err(error)),
        Call::Read { .. } | Call::List { .. } | Call::Write { .. } => Answer::Secret(Err(error)),
        Call::RenewLease { .. } => Answer::LeaseRenewed(Err(error)),
        Call::RevokeLease { .. } | Call::RevokeToken { .. } => Answer::Revoked(Err(error)),
    }
}

fn login_failure(error: Error) -> LoginFailure {
    LoginFailure {
        is_refusal: matches!(error.status(), Some(400 | 403)),
        error: Some(Arc::new(error)),
    }
}

/// What the client makes of a reply.
fn read(call: &Call, request: RequestLine, reply: Reply) -> Answer {
    // As a header, because that is where it is bounded.
    let header = reply.retry_after.map(|seconds| seconds.to_string());
    let retry_after = header.and_then(|text| vault_wire::retry_after(&text, wall(0)));
    let reply = vault_wire::Reply {
        status: reply.status,
        retry_after,
        request,
        sent: Sent {
            token: None,
            body: None,
            plain_keys: &[],
        },
        body: JsonText::new(reply.body),
        is_cut: false,
    };
    match call {
        Call::LogIn => {
            Answer::LoggedIn(reply.into_auth().map(Granted::Token).map_err(login_failure))
        }
        Call::LookUpToken { .. } => Answer::TokenInfo(reply.into_token_info()),
        Call::RenewToken { .. } => Answer::TokenRenewed(reply.into_auth()),
        Call::Recall { .. } => Answer::Recalled(None),
        Call::FindMount { .. } => Answer::Mount(reply.into_mount()),
        Call::Read { .. } | Call::List { .. } | Call::Write { .. } => {
            Answer::Secret(reply.into_secret())
        }
        Call::RenewLease { lease, .. } => Answer::LeaseRenewed(reply.into_lease(lease)),
        Call::RevokeLease { .. } | Call::RevokeToken { .. } => {
            Answer::Revoked(reply.fail_unless_success())
        }
    }
}

/// A lease and a token by name, for those who keep books.
pub(crate) fn token_of(call: &Call) -> Option<&Token> {
    match call {
        Call::LogIn => None,
        Call::LookUpToken { token }
        | Call::RenewToken { token }
        | Call::Recall { token, .. }
        | Call::FindMount { token, .. }
        | Call::Read { token, .. }
        | Call::List { token, .. }
        | Call::Write { token, .. }
        | Call::RenewLease { token, .. }
        | Call::RevokeLease { token, .. }
        | Call::RevokeToken { token } => Some(token),
    }
}

/// The lease that a call is about.
pub(crate) fn lease_of(call: &Call) -> Option<&LeaseId> {
    match call {
        Call::RenewLease { lease, .. } | Call::RevokeLease { lease, .. } => Some(lease),
        _ => None,
    }
}
