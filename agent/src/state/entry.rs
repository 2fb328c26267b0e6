//! One file of the state: a line that proves the rest, a line of facts, and the body as it came.

use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{CWD, FileType, Mode, OFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use vault_wire::kv::Mount;
use zeroize::Zeroizing;

use super::hex;
use secret_files::{FileError, Target};

/// First words of the file, with the version of its form.
const MAGIC: &str = "vault-agent-state 1";
/// As large as Vault's largest answers.
const LIMIT: u64 = 33 * 1024 * 1024;

pub(super) struct Entry {
    pub(super) origin: String,
    pub(super) since: SystemTime,
    pub(super) path: String,
    pub(super) mount: Option<Mount>,
    /// Hash of the token that a lease belongs to.
    pub(super) token: Option<String>,
    pub(super) body: Zeroizing<String>,
}

/// A file that cannot be used.
#[derive(Debug, Error)]
pub(super) enum EntryError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is not a file of ours that only we can read")]
    NotOurs,
    #[error("it is of another version of the agent")]
    Version,
    #[error("it is damaged")]
    Damaged,
    #[error("it is from the future")]
    Future,
}

#[derive(Serialize, Deserialize)]
struct Facts {
    origin: String,
    since: u64,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mount: Option<MountFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct MountFacts {
    path: String,
    kind: String,
    version: Option<String>,
}

pub(super) fn write(path: &Path, entry: &Entry) -> Result<(), FileError> {
    let since = entry.since.duration_since(UNIX_EPOCH).unwrap_or_default();
    let facts = Facts {
        origin: entry.origin.clone(),
        since: since.as_secs(),
        path: entry.path.clone(),
        mount: entry.mount.as_ref().map(|mount| MountFacts {
            path: mount.path.clone(),
            kind: mount.kind.clone(),
            version: mount.version.clone(),
        }),
        token: entry.token.clone(),
    };
    let facts = serde_json::to_string(&facts).expect("plain facts must serialise");
    let hash = digest(facts.as_bytes(), entry.body.as_bytes());
    let size = MAGIC.len() + hash.len() + facts.len() + entry.body.len() + 4;
    let mut text = Zeroizing::new(Vec::with_capacity(size));
    for part in [MAGIC, " ", &hash, "\n", &facts, "\n", &entry.body] {
        text.extend_from_slice(part.as_bytes());
    }
    let target = Target {
        mode: Some(0o600),
        create_directories: false,
        ..Target::new(path)
    };
    target.write(&text).map(|_| ())
}

/// `None` where there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Entry>, EntryError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
        Ok(file) => file,
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(io::Error::from(error).into()),
    };
    let stat = rustix::fs::fstat(&file).map_err(io::Error::from)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile
        || stat.st_uid != rustix::process::geteuid().as_raw()
        || stat.st_mode & 0o077 != 0
    {
        return Err(EntryError::NotOurs);
    }
    let size = usize::try_from(stat.st_size).unwrap_or(0);
    let mut text = Zeroizing::new(String::with_capacity(size + 1));
    std::fs::File::from(file)
        .take(LIMIT)
        .read_to_string(&mut text)?;
    parse(&text).map(Some)
}

pub(super) fn parse(text: &str) -> Result<Entry, EntryError> {
    let rest = text.strip_prefix(MAGIC).ok_or(EntryError::Version)?;
    let mut lines = rest.splitn(3, '\n');
    let (Some(hash), Some(facts), Some(body)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(EntryError::Damaged);
    };
    if hash.trim_start() != digest(facts.as_bytes(), body.as_bytes()) {
        return Err(EntryError::Damaged);
    }
    let facts: Facts = serde_json::from_str(facts).map_err(|_| EntryError::Damaged)?;
    // A clock that was set back would keep a secret longer than it lives.
    let latest = SystemTime::now() + Duration::from_secs(60);
    let since = UNIX_EPOCH.checked_add(Duration::from_secs(facts.since));
    let since = since
        .filter(|since| *since <= latest)
        .ok_or(EntryError::Future)?;
    Ok(Entry {
        origin: facts.origin,
        since,
        path: facts.path,
        mount: facts.mount.map(|mount| Mount {
            path: mount.path,
            kind: mount.kind,
            version: mount.version,
        }),
        token: facts.token,
        body: Zeroizing::new(body.to_owned()),
    })
}

fn digest(facts: &[u8], body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(facts);
    hash.update([0]);
    hash.update(body);
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_text(facts: &str, body: &str) -> String {
        let hash = digest(facts.as_bytes(), body.as_bytes());
        format!("{MAGIC} {hash}\n{facts}\n{body}")
    }

    #[test]
    fn a_time_that_no_clock_can_show_is_in_the_future() {
        for since in [99_999_999_999, u64::MAX] {
            let text = mk_text(&format!(r#"{{"origin":"","since":{since},"path":""}}"#), "");
            assert!(matches!(parse(&text), Err(EntryError::Future)), "{since}");
        }
    }

    #[test]
    fn the_corpus_of_the_fuzz_target_is_read_or_refused() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/state");
        let mut read = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let seed = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let (facts, body) = seed.split_once('\n').unwrap();
            read += usize::from(parse(&mk_text(facts, body)).is_ok());
        }
        assert!(read >= 3, "the seeds are kept states, mostly: {read}");
    }
}
