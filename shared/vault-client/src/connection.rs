//! The way to Vault: the address in use, and the certificates as they are on disk now.
//!
//! ```text
//! client() ─▶ request ─▶ note(outcome) ─┬─ answered: stay
//!                                       └─ nobody there, sealed: next address of the list
//! ```
//!
//! Certificates are rotated on disk while the agent runs. A client holds what it read, so another one
//! is made when a file has changed; what cannot be read leaves the client that there is.

use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use vault_wire::Error;

use crate::client::Client;
use crate::config::{ClientConfig, ConfigError, addresses};
use watched_files::{Pace, Stamps};

/// Requests to Vault by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCounts {
    /// Answered.
    pub success: u64,
    /// 403.
    pub denied: u64,
    /// 429.
    pub rate_limited: u64,
    /// No answer, or 5xx.
    pub unavailable: u64,
    /// Any other refusal.
    pub refused: u64,
}

/// One server, or several of one cluster. Clones share which one is in use.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    servers: Vec<ClientConfig>,
    current: Mutex<Current>,
    counts: Mutex<RequestCounts>,
}

struct Current {
    index: usize,
    client: Client,
    /// When the client was made.
    files: Stamps,
    /// Of the looks at the files while all is well.
    pace: Pace,
}

impl Connection {
    /// A connection to the first of the addresses, which are separated by commas.
    pub fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        let mut servers: Vec<ClientConfig> = addresses(&config.address)
            .map(|address| ClientConfig {
                address: address.to_owned(),
                ..config.clone()
            })
            .collect();
        if servers.is_empty() {
            // The client says what is wrong with it.
            servers.push(config.clone());
        }
        // A mistake in any address shows at the start.
        for server in &servers[1..] {
            Client::new(server)?;
        }
        let current = Current {
            index: 0,
            files: stamps(&servers[0]),
            client: Client::new(&servers[0])?,
            pace: Pace::default(),
        };
        Ok(Self(Arc::new(Inner {
            servers,
            current: Mutex::new(current),
            counts: Mutex::default(),
        })))
    }

    /// The address in use.
    pub fn address(&self) -> String {
        self.current().client.address().to_string()
    }

    /// The client to use for the next request.
    pub fn client(&self) -> Client {
        let mut current = self.current();
        if current.pace.is_due() {
            self.look(&mut current);
        }
        current.client.clone()
    }

    /// The client with the certificates of this moment, for requests that are rare.
    pub fn fresh_client(&self) -> Client {
        let mut current = self.current();
        self.look(&mut current);
        current.client.clone()
    }

    /// Takes note of how a request with `client` went.
    pub fn note<T>(&self, client: &Client, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.count().success += 1,
            Err(error) => self.note_failure(client, error),
        }
    }

    /// Takes note of a request with `client` that failed.
    pub fn note_failure(&self, client: &Client, error: &Error) {
        self.note_refusal(error);
        if !does_not_serve(error) {
            return;
        }
        let mut current = self.current();
        if current.client.address() != client.address() {
            // Another request has seen it before.
            return;
        }
        let servers = &self.0.servers;
        if servers.len() == 1 {
            self.look(&mut current);
            return;
        }
        self.turn_to_next(&mut current);
    }

    /// Counts a failure from which nothing follows for the connection.
    pub fn note_refusal(&self, error: &Error) {
        let mut counts = self.count();
        match error.status() {
            Some(403) => counts.denied += 1,
            Some(429) => counts.rate_limited += 1,
            Some(status) if status < 500 => counts.refused += 1,
            _ => counts.unavailable += 1,
        }
    }

    fn turn_to_next(&self, current: &mut Current) {
        let servers = &self.0.servers;
        let next = (current.index + 1) % servers.len();
        let files = stamps(&servers[next]);
        match Client::new(&servers[next]) {
            Ok(client) => {
                info!(target: "vault.client", "{} does not serve, trying {}", current.client.address(), client.address());
                current.client = client;
                current.files = files;
                current.pace.looked();
            }
            Err(error) => warn!(target: "vault.client", %error, "cannot use the next address"),
        }
        current.index = next;
    }

    /// How the requests so far ended.
    pub fn counts(&self) -> RequestCounts {
        *self.count()
    }

    fn count(&self) -> MutexGuard<'_, RequestCounts> {
        self.0.counts.lock().expect("the lock must not be poisoned")
    }

    /// Makes another client if its files have changed.
    fn look(&self, current: &mut Current) {
        current.pace.looked();
        let server = &self.0.servers[current.index];
        let files = stamps(server);
        if files == current.files {
            return;
        }
        match Client::new(server) {
            Ok(client) => {
                info!(target: "vault.client", "certificates changed on disk, reconnecting");
                current.client = client;
                current.files = files;
            }
            // Half a rotation: the next look sees the other half.
            Err(error) => {
                warn!(target: "vault.client", %error, "certificates changed on disk, but cannot be used");
            }
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.0
            .current
            .lock()
            .expect("the lock must not be poisoned")
    }
}

/// Whether another address may do better: the server is away, or what stands in front of it has none.
fn does_not_serve(error: &Error) -> bool {
    error.is_away() || matches!(error.status(), Some(502 | 504))
}

fn stamps(config: &ClientConfig) -> Stamps {
    let files = [
        &config.ca_cert,
        &config.ca_path,
        &config.client_cert,
        &config.client_key,
    ];
    Stamps::of(files.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_error(status: u16) -> Result<(), Error> {
        // A request line can only be made by a request.
        let client = Client::new(&ClientConfig::new("http://127.0.0.1:1")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        match runtime.block_on(client.health()).unwrap_err() {
            Error::Transport { request, .. } if status != 0 => Err(Error::Api {
                request,
                status,
                errors: Vec::new(),
                retry_after: None,
            }),
            error => Err(error),
        }
    }

    #[test]
    fn the_next_address_is_tried_where_a_server_does_not_serve() {
        let config = ClientConfig::new("http://one:8200, http://two:8200,http://three:8200");
        let connection = Connection::new(&config).unwrap();
        let host = || {
            let client = connection.client();
            let host = client.address().trim_start_matches("http://");
            host.split(':').next().unwrap().to_owned()
        };
        let first = connection.client();
        connection.note(&first, &mk_error(403));
        connection.note(&first, &mk_error(500));
        assert_eq!(host(), "one", "one path that fails is no reason to go");
        connection.note(&first, &mk_error(503));
        assert_eq!(host(), "two");
        connection.note(&first, &mk_error(503));
        assert_eq!(
            host(),
            "two",
            "what failed at the first says nothing about the second"
        );
        connection.note(&connection.client(), &mk_error(0));
        connection.note(&connection.client(), &mk_error(502));
        assert_eq!(host(), "one");
    }

    #[test]
    fn a_mistake_in_any_address_shows_at_once() {
        assert!(Connection::new(&ClientConfig::new("http://one:8200,two")).is_err());
        assert!(Connection::new(&ClientConfig::new("")).is_err());
    }
}
