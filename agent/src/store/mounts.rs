//! Which engine a path belongs to: asked once a mount, not once a secret.
//!
//! Only answers are remembered. A policy that hides the mount, or a server that fails, is asked again
//! with the next read, so that a wrong guess never sticks.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::debug;
use vault_client::Session;
use vault_wire::kv::Mount;

use super::fetch::FetchError;

/// The mounts that are known.
pub(super) struct Mounts {
    /// Held for a look or an insertion only, never across a wait.
    state: Mutex<State>,
    /// One question at a time: a hundred secrets of one mount wait for one answer.
    asking: Semaphore,
}

#[derive(Default)]
struct State {
    known: Vec<Arc<Mount>>,
    failure: Option<(Instant, Arc<str>)>,
}

/// What is known about the engine behind a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Its mount.
    Known(Arc<Mount>),
    /// Vault would not say: the path is used as it is.
    Unknown,
}

impl Default for Mounts {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            asking: Semaphore::new(1),
        }
    }
}

impl Mounts {
    /// The engine behind `path`. What Vault answers when it is asked, `note` hears.
    pub(super) async fn engine(
        &self,
        vault: &Session<'_>,
        namespace: &str,
        path: &str,
        note: impl Fn(&Result<Mount, vault_wire::Error>),
    ) -> Result<Engine, FetchError> {
        if let Some(mount) = self.known(path, namespace) {
            return Ok(Engine::Known(mount));
        }
        let asked_at = Instant::now();
        let _turn = self.asking.acquire().await;
        if let Some(mount) = self.known(path, namespace) {
            return Ok(Engine::Known(mount));
        }
        // Who waited while Vault failed another shares its failure instead of waiting for an own one.
        if let Some(reason) = self.failure_since(asked_at) {
            return Err(FetchError::Mount { reason });
        }
        let asked = vault.mount(path).await;
        note(&asked);
        match asked {
            Ok(mount) => {
                let mount = Arc::new(mount);
                self.state().known.push(Arc::clone(&mount));
                Ok(Engine::Known(mount))
            }
            Err(error) if error.is_retryable() => {
                self.state().failure = Some((Instant::now(), error.to_string().into()));
                Err(error.into())
            }
            Err(error) => {
                debug!(target: "agent", %error, "cannot tell the engine of {path}, using the path as it is");
                Ok(Engine::Unknown)
            }
        }
    }

    /// Takes in what an earlier process was told.
    pub(super) fn learn(&self, mount: Arc<Mount>) -> Engine {
        let mut state = self.state();
        if !state.known.contains(&mount) {
            state.known.push(Arc::clone(&mount));
        }
        Engine::Known(mount)
    }

    /// The mount of `path`, if Vault has named it.
    pub(super) fn known(&self, path: &str, namespace: &str) -> Option<Arc<Mount>> {
        let state = self.state();
        let found = state
            .known
            .iter()
            .find(|mount| covers(&mount.path, path, namespace));
        found.cloned()
    }

    fn failure_since(&self, since: Instant) -> Option<Arc<str>> {
        let state = self.state();
        let (at, reason) = state.failure.as_ref()?;
        (*at >= since).then(|| Arc::clone(reason))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // The lists are whole after each change, so a panic elsewhere does no harm to them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a path lies in a mount. Vault names mounts with their namespace, users write paths
/// without it.
fn covers(mount: &str, path: &str, namespace: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let inside = |mount: &str| {
        let mount = mount.trim_matches('/');
        !mount.is_empty()
            && path
                .strip_prefix(mount)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let below_namespace = match namespace.trim_matches('/') {
        "" => None,
        namespace => mount.strip_prefix(namespace),
    };
    inside(mount) || below_namespace.is_some_and(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_covers_what_lies_in_it_and_nothing_beside_it() {
        assert!(covers("secret/", "secret/app", ""));
        assert!(covers("secret/", "secret/app?version=2", ""));
        assert!(covers("secret/", "secret", ""));
        assert!(covers("team/kv/", "team/kv/app", ""));
        assert!(!covers("secret/", "secrets/app", ""));
        assert!(!covers("secret/", "other/secret/app", ""));
        assert!(!covers("", "secret/app", ""));
    }

    #[test]
    fn a_namespace_in_the_name_of_the_mount_is_not_part_of_the_path() {
        assert!(covers("ns1/secret/", "secret/app", "ns1"));
        assert!(covers("ns1/secret/", "secret/app", "ns1/"));
        assert!(!covers("ns1/secret/", "secret/app", ""));
        assert!(!covers("ns12/secret/", "2/secret/app", ""));
    }
}
