//! `vault-agent status`: asks the agent that runs beside, over its socket.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::Snapshot;

/// The agent answers from memory.
const DEADLINE: Duration = Duration::from_secs(5);

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
    /// Something else answers.
    #[error("what answers at {} is no agent of this version", path.display())]
    Answer {
        /// The socket.
        path: PathBuf,
    },
}

/// What the agent at `socket` says.
pub fn ask(socket: &Path) -> Result<Snapshot, StatusError> {
    let answer = exchange(socket).map_err(|source| StatusError::Connect {
        path: socket.to_owned(),
        source,
    })?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    body.and_then(|body| serde_json::from_str(body).ok())
        .ok_or_else(|| StatusError::Answer {
            path: socket.to_owned(),
        })
}

/// One request in the oldest form: the answer ends with the connection.
fn exchange(socket: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    stream.write_all(b"GET /agent/v1/status HTTP/1.0\r\nHost: agent\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
