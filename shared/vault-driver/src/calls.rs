//! The engine's calls as requests to Vault.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;
use vault_client::{Client, Connection};
use vault_engine::{Answer, Call, CallId, LoginFailure};
use vault_login::{Authenticate, LoginError};
use vault_wire::{Error, Granted, Response, Token};

use crate::Driver;

/// What came of a call.
pub(super) enum Done {
    Answer(Box<Answer>),
    /// A login, with the method that made it.
    Login(Box<dyn Authenticate>, Result<Granted, LoginError>),
}

impl Driver {
    pub(super) fn call(&mut self, id: CallId, call: Call) {
        match call {
            Call::LogIn => self.log_in(id),
            Call::LookUpToken { .. } if self.engine.login().is_none() => {
                // Its failure is reported, not one of an earlier try.
                self.login_error = None;
                self.spawn(id, self.for_logins.clone(), call);
            }
            Call::LookUpToken { .. } | Call::RenewToken { .. } | Call::RevokeToken { .. } => {
                self.spawn(id, self.for_logins.clone(), call);
            }
            call => self.spawn(id, self.connection.clone(), call),
        }
    }

    fn spawn(&mut self, id: CallId, connection: Connection, call: Call) {
        self.calls
            .spawn(async move { (id, Done::Answer(Box::new(ask(&connection, call).await))) });
    }

    fn log_in(&mut self, id: CallId) {
        // What there is now is not new to the login that reads it.
        self.credentials.mark();
        let Some(mut method) = self.method.take() else {
            // Only a driver that was never started is without one.
            let failure = LoginFailure {
                is_refusal: false,
                error: None,
            };
            let answer = Answer::LoggedIn(Err(failure));
            self.engine.answer(self.clock.now(), id, answer);
            return;
        };
        let (connection, wrap_ttl) = (self.for_logins.clone(), self.wrap_ttl);
        self.calls.spawn(async move {
            // A certificate that was just exchanged is the credential of some logins.
            let client = connection.fresh_client();
            let outcome = method.log_in(&client, wrap_ttl).await;
            match &outcome {
                Ok(_) => connection.note(&client, &Ok(())),
                Err(LoginError::Vault(error) | LoginError::Refused { source: error, .. }) => {
                    connection.note_failure(&client, error);
                }
                Err(_) => {}
            }
            (id, Done::Login(method, outcome))
        });
    }

    pub(super) fn finish(&mut self, done: Result<(CallId, Done), JoinError>) {
        // A call neither panics nor is aborted before its driver.
        let Ok((id, done)) = done else { return };
        let answer = match done {
            Done::Answer(answer) => *answer,
            Done::Login(method, outcome) => {
                self.method = Some(method);
                Answer::LoggedIn(self.logged_in(outcome))
            }
        };
        self.engine.answer(self.clock.now(), id, answer);
    }

    fn logged_in(&mut self, outcome: Result<Granted, LoginError>) -> Result<Granted, LoginFailure> {
        let error = match outcome {
            Ok(granted) => {
                self.login_error = None;
                return Ok(granted);
            }
            Err(error) => error,
        };
        let failure = LoginFailure {
            is_refusal: matches!(error, LoginError::Refused { .. }),
            error: match &error {
                LoginError::Vault(error) | LoginError::Refused { source: error, .. } => {
                    Some(Arc::clone(error))
                }
                _ => None,
            },
        };
        self.login_error = Some(error);
        Err(failure)
    }
}

async fn ask(connection: &Connection, call: Call) -> Answer {
    let client = connection.client();
    match call {
        Call::LookUpToken { token } => {
            let outcome = client.with_token(&token).lookup_self().await;
            Answer::TokenInfo(noted(connection, &client, outcome))
        }
        Call::RenewToken { token } => {
            let outcome = client.with_token(&token).renew_self(Duration::ZERO).await;
            Answer::TokenRenewed(noted(connection, &client, outcome))
        }
        Call::RevokeToken { token } => {
            Answer::Revoked(client.with_token(&token).revoke_self().await)
        }
        Call::FindMount { token, path } => {
            let outcome = client.with_token(&token).mount(&path).await;
            Answer::Mount(noted(connection, &client, outcome))
        }
        Call::Read { token, path } => {
            let outcome = client.with_token(&token).read(&path).await;
            Answer::Secret(noted(connection, &client, outcome))
        }
        Call::List { token, path } => {
            let outcome = client.with_token(&token).list(&path).await;
            Answer::Secret(noted(connection, &client, outcome))
        }
        Call::Write {
            token,
            path,
            data,
            is_kv_v2,
        } => {
            let outcome = write(&client, &token, &path, data.as_map(), is_kv_v2).await;
            Answer::Secret(noted(connection, &client, outcome))
        }
        Call::RenewLease { token, lease } => {
            let session = client.with_token(&token);
            let outcome = session.renew_lease(&lease, Duration::ZERO).await;
            Answer::LeaseRenewed(noted(connection, &client, outcome))
        }
        Call::RevokeLease { token, lease } => {
            Answer::Revoked(client.with_token(&token).revoke_lease(&lease).await)
        }
        // Answered by the driver and its host.
        Call::LogIn | Call::Recall { .. } => Answer::Recalled(None),
    }
}

async fn write(
    client: &Client,
    token: &Token,
    path: &str,
    data: &BTreeMap<String, String>,
    is_kv_v2: bool,
) -> Result<Option<Response>, Error> {
    let session = client.with_token(token);
    if is_kv_v2 {
        session.write(path, &BTreeMap::from([("data", data)])).await
    } else {
        session.write(path, data).await
    }
}

fn noted<T>(
    connection: &Connection,
    client: &Client,
    outcome: Result<T, Error>,
) -> Result<T, Error> {
    connection.note(client, &outcome);
    outcome
}
