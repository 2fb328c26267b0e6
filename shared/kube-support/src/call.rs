//! One call of the API server: its deadline, and what went wrong in words for the log.

use std::future::Future;
use std::time::Duration;

use thiserror::Error;

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// A call that failed. Bodies are never in it: they may be Secrets.
#[derive(Debug, Error)]
pub enum CallError {
    /// The service account may not do this, or is not known.
    #[error("not allowed to {doing}: {message}")]
    Forbidden {
        /// What was tried.
        doing: String,
        /// The answer.
        message: String,
    },
    /// The object is not there.
    #[error("cannot {doing}: it does not exist")]
    NotFound {
        /// What was tried.
        doing: String,
    },
    /// Someone else was faster: read again.
    #[error("cannot {doing}: it was changed meanwhile")]
    Conflict {
        /// What was tried.
        doing: String,
    },
    /// Any other answer that is no success.
    #[error("cannot {doing}: {message}")]
    Refused {
        /// What was tried.
        doing: String,
        /// The answer.
        message: String,
    },
    /// No answer in time.
    #[error("cannot {doing}: no answer from the API server within {} s", DEADLINE.as_secs())]
    Deadline {
        /// What was tried.
        doing: String,
    },
    /// An answer of another kind than was asked for.
    #[error("cannot {doing}: the API server's answer cannot be read")]
    Unreadable {
        /// What was tried.
        doing: String,
    },
    /// The API server was not reached.
    #[error("cannot {doing}: {source}")]
    Transport {
        /// What was tried.
        doing: String,
        /// Why not.
        source: Box<kube::Error>,
    },
}

impl CallError {
    fn new(doing: &str, error: kube::Error) -> Self {
        let doing = doing.to_owned();
        match error {
            kube::Error::Api(status) => match status.code {
                401 | 403 => Self::Forbidden {
                    doing,
                    message: status.message,
                },
                404 => Self::NotFound { doing },
                409 => Self::Conflict { doing },
                _ => Self::Refused {
                    doing,
                    message: status.message,
                },
            },
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => Self::Unreadable { doing },
            source => Self::Transport {
                doing,
                source: Box::new(source),
            },
        }
    }
}

/// Makes a call. `doing` is what the log says after "cannot".
pub async fn call<T>(
    doing: &str,
    future: impl Future<Output = kube::Result<T>>,
) -> Result<T, CallError> {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(CallError::new(doing, error)),
        Err(_) => Err(CallError::Deadline {
            doing: doing.to_owned(),
        }),
    }
}

/// As [`call`], where it is no failure that something is not there.
pub async fn call_opt<T>(
    doing: &str,
    future: impl Future<Output = kube::Result<T>>,
) -> Result<Option<T>, CallError> {
    match call(doing, future).await {
        Ok(answer) => Ok(Some(answer)),
        Err(CallError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
