//! The agent's home: where its marker, its socket and its state are.
//!
//! In a pod it is a volume at a known place. Elsewhere that place is not there, and `$HOME` is used.
//! Several agents of one user have one home then: the one that claims it has the marker and the socket.

mod claim;
mod own_file;

use std::io;
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;

use contract::names::{AGENT_HOME, READY_MARKER, STATUS_SOCKET};

use crate::environment::Environment;
pub(crate) use claim::Claim;
pub(crate) use own_file::OwnFile;

/// The file by which an agent claims its home.
pub(crate) const LOCK: &str = ".vault-agent.lock";

/// The directory.
pub(crate) fn directory(environment: &Environment) -> PathBuf {
    either(Path::new(AGENT_HOME), environment)
}

/// The file that says that all is rendered.
pub(crate) fn ready_marker(environment: &Environment) -> PathBuf {
    moved(READY_MARKER, environment)
}

/// The socket of `vault-agent status`.
pub(crate) fn status_socket(environment: &Environment) -> PathBuf {
    moved(STATUS_SOCKET, environment)
}

/// Whether an agent listens at this status socket. One that was killed has left it without a listener.
pub(crate) async fn is_in_use(status_socket: &Path) -> bool {
    match UnixStream::connect(status_socket).await {
        Ok(_) => true,
        // The listener is there and busy.
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

/// A file of the pod's home, in the home that there is.
fn moved(file: &str, environment: &Environment) -> PathBuf {
    let below = Path::new(file).strip_prefix(AGENT_HOME);
    directory(environment).join(below.expect("a file of the home must lie in it"))
}

fn either(of_pod: &Path, environment: &Environment) -> PathBuf {
    let home = environment.get("HOME").filter(|home| !home.is_empty());
    match home {
        Some(home) if !of_pod.is_dir() => home.into(),
        _ => of_pod.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_environment(home: &str) -> Environment {
        [("HOME".to_owned(), home.to_owned())].into_iter().collect()
    }

    #[test]
    fn the_home_of_a_pod_goes_before_the_variable_and_without_both_it_is_that_of_a_pod() {
        let pod = tempfile::tempdir().unwrap();
        let gone = pod.path().join("gone");
        assert_eq!(either(pod.path(), &mk_environment("/root")), pod.path());
        assert_eq!(either(&gone, &mk_environment("/root")), Path::new("/root"));
        assert_eq!(either(&gone, &mk_environment("")), gone);
        assert_eq!(either(&gone, &Environment::default()), gone);
    }

    #[tokio::test]
    async fn a_home_is_in_use_as_long_as_somebody_listens() {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join(".status.sock");
        assert!(!is_in_use(&socket).await);
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        assert!(is_in_use(&socket).await);
        drop(listener);
        assert!(socket.exists() && !is_in_use(&socket).await);
    }

    #[test]
    fn the_files_of_a_home_keep_their_names() {
        let environment = mk_environment("/root");
        let home = directory(&environment);
        assert_eq!(ready_marker(&environment), home.join(".ready"));
        assert_eq!(status_socket(&environment), home.join(".status.sock"));
    }
}
