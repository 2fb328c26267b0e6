//! What the agent's client makes of requests and replies.

use std::sync::Arc;
use std::time::Duration;

use vault_engine::{Answer, Call, LoginFailure};
use vault_model::{Operation, Reply, Request};
use vault_wire::{Error, Granted, JsonText, LeaseId, RequestLine, Sent, Token};

use super::wall;

pub(super) fn line(request: &Request) -> RequestLine {
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
pub(super) fn read(call: &Call, request: RequestLine, reply: Reply) -> Answer {
    let retry_after = reply.retry_after.as_deref();
    let text = reply.body.map(|body| body.to_string()).unwrap_or_default();
    let reply = vault_wire::Reply {
        status: reply.status,
        retry_after: retry_after.and_then(|text| vault_wire::retry_after(text, wall(0))),
        request,
        sent: Sent {
            token: None,
            body: None,
            plain_keys: &[],
        },
        body: JsonText::new(text),
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
