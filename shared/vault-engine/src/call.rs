//! What the engine asks its driver to do, and what comes back.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use vault_wire::kv::Mount;
use vault_wire::{Auth, Error, Granted, Lease, LeaseId, Response, Token, TokenInfo};

use crate::want::{Fields, SecretId};

/// Names a call until its answer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One request. Each is answered exactly once, with [`Engine::answer`](crate::Engine::answer).
#[derive(Clone, Debug)]
pub enum Call {
    /// Log in as configured. Answer: [`Answer::LoggedIn`].
    LogIn,
    /// `auth/token/lookup-self`. Answer: [`Answer::TokenInfo`].
    LookUpToken {
        /// The token in question.
        token: Token,
    },
    /// `auth/token/renew-self`. Answer: [`Answer::TokenRenewed`].
    RenewToken {
        /// The token.
        token: Token,
    },
    /// What an earlier process left for a secret. Answer: [`Answer::Recalled`]; no request to Vault.
    Recall {
        /// The secret.
        secret: SecretId,
        /// The token of the current login: an answer with a lease of another token is worth nothing.
        token: Token,
    },
    /// `sys/internal/ui/mounts/{path}`. Answer: [`Answer::Mount`].
    FindMount {
        /// Whose policies count.
        token: Token,
        /// The path in question.
        path: Arc<str>,
    },
    /// `GET {path}`: a secret, or the metadata of one. Answer: [`Answer::Secret`].
    Read {
        /// Whose policies count.
        token: Token,
        /// The API path.
        path: Arc<str>,
    },
    /// `GET {path}?list=true`. Answer: [`Answer::Secret`].
    List {
        /// Whose policies count.
        token: Token,
        /// The API path.
        path: Arc<str>,
    },
    /// `PUT {path}`. Answer: [`Answer::Secret`].
    Write {
        /// Whose policies count.
        token: Token,
        /// The API path.
        path: Arc<str>,
        /// The fields of the body.
        data: Fields,
        /// The fields lie below `data` in the body, as KV version 2 wants them.
        is_kv_v2: bool,
    },
    /// `sys/leases/renew`. Answer: [`Answer::LeaseRenewed`].
    RenewLease {
        /// Whose policies count.
        token: Token,
        /// The lease.
        lease: LeaseId,
    },
    /// `sys/leases/revoke`. Answer: [`Answer::Revoked`].
    RevokeLease {
        /// Whose policies count.
        token: Token,
        /// The lease.
        lease: LeaseId,
    },
    /// `auth/token/revoke-self`. Answer: [`Answer::Revoked`].
    RevokeToken {
        /// The token.
        token: Token,
    },
}

/// What came of a [`Call`].
#[derive(Debug)]
pub enum Answer {
    /// Of [`Call::LogIn`].
    LoggedIn(Result<Granted, LoginFailure>),
    /// Of [`Call::LookUpToken`].
    TokenInfo(Result<TokenInfo, Error>),
    /// Of [`Call::RenewToken`].
    TokenRenewed(Result<Auth, Error>),
    /// Of [`Call::Recall`]; `None` if nothing was left.
    Recalled(Option<Recalled>),
    /// Of [`Call::FindMount`].
    Mount(Result<Mount, Error>),
    /// Of [`Call::Read`], [`Call::List`] and [`Call::Write`]; `None` if there is nothing.
    Secret(Result<Option<Response>, Error>),
    /// Of [`Call::RenewLease`].
    LeaseRenewed(Result<Lease, Error>),
    /// Of [`Call::RevokeLease`] and [`Call::RevokeToken`].
    Revoked(Result<(), Error>),
}

/// Why a login failed, as far as the engine decides on it. The driver keeps the message.
#[derive(Debug)]
pub struct LoginFailure {
    /// Vault understood the login and denied it.
    pub is_refusal: bool,
    /// What Vault answered; `None` if the login failed before Vault was asked.
    pub error: Option<Arc<Error>>,
}

/// What an earlier process left for a secret.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// The answer; `None` for a write that was answered with nothing.
    pub response: Response,
    /// When it came.
    pub since: SystemTime,
    /// The API path that was asked.
    pub path: Arc<str>,
    /// The mount that the path lies in, if it is known.
    pub mount: Option<Mount>,
}

impl Recalled {
    /// How old it is; zero if it is of the future, as after the clock was set back.
    pub(crate) fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.since).unwrap_or_default()
    }
}

impl Answer {
    /// What Vault answered, if that is an error. A login that failed before Vault was asked says
    /// nothing about Vault.
    pub(crate) fn failure(&self) -> Option<&Error> {
        match self {
            Self::LoggedIn(Err(failure)) => failure.error.as_deref(),
            Self::TokenInfo(Err(error))
            | Self::TokenRenewed(Err(error))
            | Self::Mount(Err(error))
            | Self::Secret(Err(error))
            | Self::LeaseRenewed(Err(error))
            | Self::Revoked(Err(error)) => Some(error),
            _ => None,
        }
    }

    /// Whether Vault was asked at all.
    pub(crate) fn is_of_vault(&self) -> bool {
        match self {
            Self::Recalled(_) => false,
            Self::LoggedIn(Err(failure)) => failure.error.is_some(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use vault_wire::{JsonText, RequestLine};

    use super::*;

    fn mk_recalled(since: u64) -> Recalled {
        Recalled {
            response: Response::from_body(JsonText::new("{}".to_owned())).unwrap(),
            since: UNIX_EPOCH + Duration::from_secs(since),
            path: "a/b".into(),
            mount: None,
        }
    }

    #[test]
    fn a_call_shows_its_number() {
        assert_eq!(CallId(7).to_string(), "7");
    }

    #[test]
    fn what_was_left_ages_by_the_wall_clock_and_is_new_if_the_clock_was_set_back() {
        let age = |since, now| mk_recalled(since).age(UNIX_EPOCH + Duration::from_secs(now));
        assert_eq!(age(100, 130), Duration::from_secs(30));
        assert_eq!(age(100, 90), Duration::ZERO);
    }

    #[test]
    fn only_what_vault_was_asked_tells_anything_about_vault() {
        let login = |error| {
            Answer::LoggedIn(Err(LoginFailure {
                is_refusal: false,
                error,
            }))
        };
        let timeout = Error::Timeout {
            request: RequestLine::new("PUT", "http://vault/v1/x"),
            after: Duration::from_secs(60),
        };
        assert!(!Answer::Recalled(Some(mk_recalled(0))).is_of_vault());
        assert!(!login(None).is_of_vault(), "no file, no login");
        assert!(login(Some(Arc::new(timeout))).is_of_vault());
        assert!(Answer::Revoked(Ok(())).is_of_vault());
    }
}
