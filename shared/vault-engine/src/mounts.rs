//! Which secrets engine a path belongs to: asked once a mount, not once a secret.
//!
//! Only answers are remembered. A policy that hides the mount, or a server that fails, is asked again
//! with the next read, so that a wrong guess never sticks. One look-up at a time: a hundred secrets of
//! one mount wait for one answer.

use std::sync::Arc;

use vault_wire::kv::Mount;

use crate::want::SecretId;

/// The mounts that are known, and the secrets that wait for one.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    namespace: String,
    known: Vec<Arc<Mount>>,
    asking: Option<SecretId>,
    waiting: Vec<SecretId>,
}

impl Mounts {
    pub(crate) fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The mount of `path`, if Vault has named it.
    pub(crate) fn known(&self, path: &str) -> Option<&Arc<Mount>> {
        let mut known = self.known.iter();
        known.find(|mount| covers(&mount.path, path, &self.namespace))
    }

    /// Remembers a mount.
    pub(crate) fn learn(&mut self, mount: Mount) -> Arc<Mount> {
        if let Some(known) = self.known.iter().find(|known| ***known == mount) {
            return Arc::clone(known);
        }
        let mount = Arc::new(mount);
        self.known.push(Arc::clone(&mount));
        mount
    }

    /// Whether `secret` is to look up its mount now. If another does so, it waits for that answer.
    pub(crate) fn ask(&mut self, secret: SecretId) -> bool {
        let is_first = self.asking.is_none();
        if is_first {
            self.asking = Some(secret);
        } else {
            self.waiting.push(secret);
        }
        is_first
    }

    /// The look-up of `secret` is over: those who waited for it.
    pub(crate) fn answered(&mut self, secret: SecretId) -> Vec<SecretId> {
        if self.asking != Some(secret) {
            return Vec::new();
        }
        self.asking = None;
        std::mem::take(&mut self.waiting)
    }

    /// The secret waits no longer.
    pub(crate) fn forget(&mut self, secret: SecretId) {
        self.waiting.retain(|waiting| *waiting != secret);
    }
}

/// The first segment of a path, which stands for its mount while Vault has not named that.
pub(crate) fn first_segment(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.split(['/', '?']).next().unwrap_or_default()
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

    #[test]
    fn one_secret_asks_and_the_others_wait_for_its_answer() {
        let mut mounts = Mounts::new("");
        let [a, b, c] = [1, 2, 3].map(SecretId::new);
        assert!(mounts.ask(a));
        assert!(!mounts.ask(b) && !mounts.ask(c));
        mounts.forget(c);
        assert_eq!(mounts.answered(b), [], "not the one who asked");
        assert_eq!(mounts.answered(a), [b]);
        assert!(mounts.ask(b));
    }

    #[test]
    fn a_first_segment_stands_for_a_mount() {
        assert_eq!(first_segment("/secret/data/a"), "secret");
        assert_eq!(first_segment("secret?list=true"), "secret");
        assert_eq!(first_segment(""), "");
    }

    #[test]
    fn mounts_keep_the_namespace_that_paths_are_relative_to() {
        assert_eq!(Mounts::new("team/a").namespace(), "team/a");
    }
}
