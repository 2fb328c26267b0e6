//! `vault-agent status`: asks the agent that runs beside, over its socket.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::Snapshot;

/// How long `vault-agent status` waits for an answer, which the agent has in memory.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// One request in the oldest form: the answer ends with the connection.
const REQUEST: &[u8] = b"GET /agent/v1/status HTTP/1.0\r\nHost: agent\r\n\r\n";

/// The agent cannot be asked.
#[derive(Debug, Error)]
pub enum StatusError {
    /// Nobody listens.
    #[error("cannot ask the agent at {}: {source}; it listens there while it runs", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The agent is stopped, or too busy to answer.
    #[error("the agent at {} is running but does not answer; its log may show why", path.display())]
    Silent {
        /// The socket.
        path: PathBuf,
    },
    /// Something else answers.
    #[error("what answers at {} is no agent of this version", path.display())]
    Answer {
        /// The socket.
        path: PathBuf,
    },
}

/// What the agent at `socket` reports, if all of its answer comes within `limit`.
pub async fn ask(socket: &Path, limit: Duration) -> Result<Snapshot, StatusError> {
    let path = || socket.to_owned();
    let answer = match timeout(limit, exchange(socket)).await {
        Ok(Ok(answer)) => answer,
        Err(_) => return Err(StatusError::Silent { path: path() }),
        // Others wait for this agent already, more than its socket takes.
        Ok(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {
            return Err(StatusError::Silent { path: path() });
        }
        Ok(Err(source)) => {
            return Err(StatusError::Connect {
                path: path(),
                source,
            });
        }
    };
    let text = std::str::from_utf8(&answer).ok();
    let body = text.and_then(|text| Some(text.split_once("\r\n\r\n")?.1));
    body.and_then(|body| serde_json::from_str(body).ok())
        .ok_or_else(|| StatusError::Answer { path: path() })
}

async fn exchange(socket: &Path) -> io::Result<Vec<u8>> {
    let stream = UnixStream::connect(socket).await?;
    let mut request = REQUEST;
    while !request.is_empty() {
        stream.writable().await?;
        let written = unless_it_would_block(stream.try_write(request))?;
        request = &request[written.unwrap_or(0)..];
    }
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        stream.readable().await?;
        match unless_it_would_block(stream.try_read(&mut part))? {
            Some(0) => return Ok(answer),
            Some(length) => answer.extend_from_slice(&part[..length]),
            None => {}
        }
    }
}

/// Readiness is a hint: `None` asks to wait for it again.
fn unless_it_would_block(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        done => done.map(Some),
    }
}
