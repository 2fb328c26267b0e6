//! The files that a login was made with, and whether they have changed since.
//!
//! A look is one `stat` a file, every few seconds: it costs less than the loop around a notification,
//! and sees the links of projected volumes and files on any file system.

use std::path::PathBuf;
use std::time::Duration;

use watched_files::{Pace, Stamps};

use crate::Method;

/// Time between looks where nothing is said.
const PERIOD: Duration = Duration::from_secs(5);
/// No shorter, whatever is said: an idle process should sleep.
const SHORTEST_PERIOD: Duration = Duration::from_secs(1);

/// The files, as they were at the last login.
pub struct Credentials {
    files: Stamps,
    pace: Pace,
}

impl Credentials {
    /// The files of the method whose change is a reason to log in again.
    pub fn of_method(method: &Method) -> Self {
        let period = method.read_period();
        Self::of(
            method.credential_files(),
            period.map_or(PERIOD, |period| period.max(SHORTEST_PERIOD)),
        )
    }

    /// No files, which never change.
    pub fn none() -> Self {
        Self::of(Vec::new(), PERIOD)
    }

    fn of(files: Vec<PathBuf>, period: Duration) -> Self {
        Self {
            files: Stamps::unseen(files),
            pace: Pace::every(period),
        }
    }

    /// A login is about to read the files. Called before that, so that no change falls in between.
    pub fn mark(&mut self) {
        self.files.see();
        self.pace.looked();
    }

    /// Pending until a file is there that was not there at the last login. May be dropped and called
    /// again without a loss.
    pub async fn changed(&mut self) {
        if self.files.is_empty() {
            return std::future::pending().await;
        }
        loop {
            self.pace.due().await;
            if self.files.have_successor() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_removed_file_is_no_change_and_its_successor_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt");
        let put = |text: &str| {
            std::fs::File::create(&path)
                .unwrap()
                .write_all(text.as_bytes())
        };
        put("one").unwrap();
        let mut credentials = Credentials::of(vec![path.clone()], PERIOD);
        credentials.mark();
        std::fs::remove_file(&path).unwrap();
        let waited = tokio::time::timeout(Duration::from_secs(60), credentials.changed());
        assert!(waited.await.is_err(), "gone is not changed");
        put("another").unwrap();
        let since = Instant::now();
        credentials.changed().await;
        assert!(since.elapsed() <= PERIOD);
        credentials.mark();
        let waited = tokio::time::timeout(Duration::from_secs(60), credentials.changed());
        assert!(waited.await.is_err(), "marked is seen");
    }
}
