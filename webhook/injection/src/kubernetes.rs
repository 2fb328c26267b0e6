//! What the cluster can do, as far as the shape of a pod depends on it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// From this version on, no supported kubelet is too old for native sidecars: a kubelet is at most
/// three minor versions behind its API server.
const SERVER_WITH_KUBELETS: KubernetesVersion = KubernetesVersion::new(1, 32);

/// The first version that has native sidecars turned on.
const NATIVE_SIDECARS: KubernetesVersion = KubernetesVersion::new(1, 29);

/// Major and minor version of an API server or a kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubernetesVersion {
    major: u32,
    minor: u32,
}

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no Kubernetes version such as 1.32")]
pub struct VersionError(String);

impl KubernetesVersion {
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Reads `1.32`, `v1.32.4` and what distributions make of it (`1.32+`, `v1.32.4-gke.100`).
impl FromStr for KubernetesVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unreadable = || VersionError(text.to_owned());
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut number = || {
            let part = parts.next()?;
            let digits = part.find(|c: char| !c.is_ascii_digit());
            part[..digits.unwrap_or(part.len())].parse().ok()
        };
        Ok(Self {
            major: number().ok_or_else(unreadable)?,
            minor: number().ok_or_else(unreadable)?,
        })
    }
}

/// What is known of the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kubernetes {
    /// Version of the API server.
    pub server: Option<KubernetesVersion>,
    /// Version of the oldest kubelet, where nodes may be listed.
    pub oldest_kubelet: Option<KubernetesVersion>,
}

impl Kubernetes {
    /// Whether native sidecars surely run on every node. What is not known is not sure.
    pub fn runs_native_sidecars(self) -> bool {
        let every_kubelet = self.oldest_kubelet.is_some_and(|it| it >= NATIVE_SIDECARS);
        self.server.is_some_and(|it| it >= SERVER_WITH_KUBELETS)
            || every_kubelet && !self.drops_native_sidecars()
    }

    /// Whether native sidecars may run on every node, as far as is known.
    pub fn may_run_native_sidecars(self) -> bool {
        !self.drops_native_sidecars() && self.oldest_kubelet.is_none_or(|it| it >= NATIVE_SIDECARS)
    }

    /// Whether the API server surely drops what makes an init container a native sidecar, so that
    /// the pod would wait for its end for ever.
    pub fn drops_native_sidecars(self) -> bool {
        self.server.is_some_and(|it| it < NATIVE_SIDECARS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk(server: Option<&str>, kubelet: Option<&str>) -> Kubernetes {
        let version = |text: &str| text.parse().unwrap();
        Kubernetes {
            server: server.map(version),
            oldest_kubelet: kubelet.map(version),
        }
    }

    #[test]
    fn versions_are_read_as_clusters_write_them() {
        for text in ["1.32", "v1.32.4", "1.32+", "v1.32.4-gke.1", "v1.32.0+k3s1"] {
            assert_eq!(text.parse(), Ok(KubernetesVersion::new(1, 32)), "{text}");
        }
        for text in ["", "1", "v", "one.two", "1.x"] {
            assert!(text.parse::<KubernetesVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn native_sidecars_are_sure_only_where_every_kubelet_has_them() {
        for (server, kubelet, runs) in [
            (None, None, false),
            (Some("1.31"), None, false),
            (Some("1.32"), None, true),
            (Some("1.30"), Some("1.29"), true),
            (Some("1.30"), Some("1.28"), false),
            (Some("1.28"), Some("1.29"), false),
            (None, Some("1.30"), true),
        ] {
            let kubernetes = mk(server, kubelet);
            assert_eq!(kubernetes.runs_native_sidecars(), runs, "{kubernetes:?}");
        }
        assert!(mk(Some("1.28"), None).drops_native_sidecars());
        assert!(!mk(None, None).drops_native_sidecars());
    }
}
