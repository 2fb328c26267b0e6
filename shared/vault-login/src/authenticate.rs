//! What can log in.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use vault_client::Client;
use vault_wire::Granted;

use crate::{LoginError, Method};

/// A login under way.
pub type LoggingIn<'a> = Pin<Box<dyn Future<Output = Result<Granted, LoginError>> + Send + 'a>>;

/// A way to log in: a [`Method`] of a configuration, or one whose credentials come from elsewhere.
pub trait Authenticate: Send {
    /// Logs in once; with `wrap_ttl`, the token stays wrapped.
    fn log_in<'a>(&'a mut self, client: &'a Client, wrap_ttl: Option<Duration>) -> LoggingIn<'a>;
}

impl Authenticate for Method {
    fn log_in<'a>(&'a mut self, client: &'a Client, wrap_ttl: Option<Duration>) -> LoggingIn<'a> {
        Box::pin(self.login(client, wrap_ttl))
    }
}
