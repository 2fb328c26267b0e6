//! What outlives the process: the token and the answers to all requests, in memory volumes that only
//! agent containers mount.
//!
//! ```text
//! init container ─▶ token, secrets ─▶ directory ─▶ sidecar: neither logs in nor reads again
//!                                         ▲  └────▶ the same sidecar after a restart
//!                                         └─ kept up to date with each new token and answer
//! ```
//!
//! Each thing is a file of its own, 0600 in a directory 0700, with a version and a hash in its first
//! line. The name of a secret's file is a hash of the request and of the configuration it was made
//! with, so what another configuration left is not found. What does not fit is never used: it is
//! removed, with one line in the log. Nothing here can stop the agent.

mod entry;
mod request;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use secret_files::FileError;
use sha2::{Digest, Sha256};
use templating::Request;
use tracing::{debug, warn};
use vault_wire::Token;
use vault_wire::kv::Mount;
use zeroize::Zeroizing;

use crate::config::Settings;
use crate::home::Claim;
use entry::Entry;

/// Name of the directory with the files, below a directory of a volume.
const DIRECTORY: &str = ".vault-agent";
const TOKEN: &str = "token";
/// By what the one agent that runs has the directory to itself.
const LOCK: &str = "lock";

/// What was kept, or nothing where there is no volume for it.
#[derive(Debug)]
pub(crate) struct State {
    directory: Option<PathBuf>,
    _claim: Option<Claim>,
    /// What all files have to agree on: server and login.
    origin: String,
    /// A volume that refuses writes is complained of once.
    complained: Mutex<bool>,
}

/// The answer to a request, as it came.
pub(crate) struct Kept {
    /// The answer's body; for a list, its names as JSON.
    pub body: Zeroizing<String>,
    /// When it came.
    pub since: SystemTime,
    /// The path that was asked, as rewritten for its engine.
    pub path: String,
    /// The engine it came from, where it is known.
    pub mount: Option<Mount>,
    /// It lives only as long as the token that asked for it.
    pub is_leased: bool,
}

/// Where state is kept, or was kept by agents before.
pub(crate) fn directories(settings: &Settings) -> Vec<PathBuf> {
    let parents = settings.state.iter();
    parents.map(|parent| parent.join(DIRECTORY)).collect()
}

impl State {
    /// The state in the first of the directories that is there.
    pub(crate) fn open(settings: &Settings) -> Self {
        let directory = settings.state.iter().find(|path| path.is_dir());
        let directory = directory.and_then(|parent| {
            let path = parent.join(DIRECTORY);
            match secret_files::private_directory(&path) {
                Ok(()) => claimed(path),
                Err(error @ FileError::NotOurs { .. }) => {
                    warn!(target: "agent", %error, "cannot keep state for the next agent");
                    None
                }
                Err(error) => {
                    debug!(target: "agent", %error, "cannot keep state in {}", path.display());
                    None
                }
            }
        });
        let (directory, claim) = directory.unzip();
        Self {
            directory,
            _claim: claim.flatten(),
            origin: origin(settings),
            complained: Mutex::new(false),
        }
    }

    /// No state at all.
    pub(crate) fn none() -> Self {
        Self {
            directory: None,
            _claim: None,
            origin: String::new(),
            complained: Mutex::new(false),
        }
    }

    /// Whether anything is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.directory.is_some()
    }

    /// The token of an earlier process. Vault has to say whether it still lives.
    pub(crate) fn token(&self) -> Option<Token> {
        let entry = self.read(TOKEN)?;
        match Token::new(&entry.body) {
            Ok(token) => Some(token),
            Err(error) => {
                self.reject(TOKEN, &error);
                None
            }
        }
    }

    /// Keeps the token for the next process.
    pub(crate) fn keep_token(&self, token: &Token) {
        let entry = Entry {
            origin: self.origin.clone(),
            since: SystemTime::now(),
            path: String::new(),
            mount: None,
            token: None,
            body: Zeroizing::new(token.expose().to_owned()),
        };
        self.write(TOKEN, &entry);
    }

    /// The kept token is of no use any more.
    pub(crate) fn forget_token(&self) {
        self.remove(TOKEN);
    }

    /// The answer to a request. One with a lease only where `token` is the one that asked for it.
    pub(crate) fn secret(&self, request: &Request, token: &Token) -> Option<Kept> {
        let name = self.name(request)?;
        let entry = self.read(&name)?;
        let is_leased = entry.token.is_some();
        if entry.token.is_some_and(|owner| owner != token_hash(token)) {
            // Its lease ends with another token, which says nothing about the state as a whole.
            self.remove(&name);
            return None;
        }
        Some(Kept {
            body: entry.body,
            since: entry.since,
            path: entry.path,
            mount: entry.mount,
            is_leased,
        })
    }

    /// Keeps the answer to a request.
    pub(crate) fn keep_secret(&self, request: &Request, token: &Token, kept: Kept) {
        let Some(name) = self.name(request) else {
            return;
        };
        let entry = Entry {
            origin: self.origin.clone(),
            since: kept.since,
            path: kept.path,
            mount: kept.mount,
            token: kept.is_leased.then(|| token_hash(token)),
            body: kept.body,
        };
        self.write(&name, &entry);
    }

    /// Nobody asks for this any more, or its value is gone.
    pub(crate) fn forget_secret(&self, request: &Request) {
        if let Some(name) = self.name(request) {
            self.remove(&name);
        }
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        let Some(directory) = &self.directory else {
            return;
        };
        if let Err(error) = std::fs::remove_dir_all(directory)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            warn!(target: "agent", %error, "cannot remove the kept state");
        }
    }

    fn name(&self, request: &Request) -> Option<String> {
        self.directory.as_ref()?;
        let text = request::canonical(request)?;
        let mut hash = Sha256::new();
        hash.update(&self.origin);
        hash.update(&*text);
        Some(hex(&hash.finalize()))
    }

    fn read(&self, name: &str) -> Option<Entry> {
        let path = self.directory.as_deref()?.join(name);
        match entry::read(&path) {
            Ok(Some(entry)) if entry.origin == self.origin => Some(entry),
            Ok(Some(_)) => {
                self.reject(name, &"it is of another configuration");
                None
            }
            Ok(None) => None,
            Err(error) => {
                self.reject(name, &error);
                None
            }
        }
    }

    fn reject(&self, name: &str, why: &dyn std::fmt::Display) {
        warn!(target: "agent", "kept state does not fit and is ignored: {why}");
        self.remove(name);
    }

    fn write(&self, name: &str, entry: &Entry) {
        let Some(directory) = &self.directory else {
            return;
        };
        if let Err(error) = entry::write(&directory.join(name), entry) {
            let mut complained = self
                .complained
                .lock()
                .expect("the lock must not be poisoned");
            if !std::mem::replace(&mut *complained, true) {
                warn!(target: "agent", %error, "cannot keep state for the next agent");
            }
        }
    }

    fn remove(&self, name: &str) {
        if let Some(directory) = &self.directory {
            remove(&directory.join(name));
        }
    }
}

/// A directory that no other agent uses: two would take each other's token and remove what they do not
/// know.
fn claimed(directory: PathBuf) -> Option<(PathBuf, Option<Claim>)> {
    match Claim::take(&directory.join(LOCK)) {
        Ok(claim) => {
            secret_files::tidy(&directory.join(TOKEN));
            Some((directory, claim))
        }
        Err(in_use) => {
            warn!(
                target: "agent",
                "{in_use}: this agent keeps neither token nor secrets for its next start; give it a HOME \
                 or a cache {{ persist }} of its own"
            );
            None
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = secret_files::remove(path) {
        debug!(target: "agent", %error, "cannot remove kept state");
    }
}

/// Server, namespaces and login: a token of one is nothing to another.
fn origin(settings: &Settings) -> String {
    let vault = &settings.vault;
    let login = settings.login.as_ref();
    let identity = login.map(|login| login.method.identity());
    let namespace = login.and_then(|login| login.namespace.as_deref());
    let mut hash = Sha256::new();
    for part in [
        vault.address.as_str(),
        vault.namespace.as_deref().unwrap_or_default(),
        identity.as_deref().unwrap_or_default(),
        namespace.unwrap_or_default(),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    hex(&hash.finalize())
}

fn token_hash(token: &Token) -> String {
    hex(&Sha256::digest(token.expose()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String must succeed");
    }
    text
}

#[cfg(test)]
mod tests;
