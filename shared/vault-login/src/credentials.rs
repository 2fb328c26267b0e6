//! The files that a login was made with, and whether they have changed since.
//!
//! A look is one `stat` a file, every few seconds: it costs less than the loop around a notification,
//! and sees the links of projected volumes and files on any file system.

use std::path::PathBuf;
use std::time::Duration;

use secret_files::Stamp;
use tokio::time::Instant;

use crate::Method;

/// Time between looks where nothing is said.
const PERIOD: Duration = Duration::from_secs(5);
/// No shorter, whatever is said: an idle process should sleep.
const SHORTEST_PERIOD: Duration = Duration::from_secs(1);

/// The files, as they were at the last login.
pub struct Credentials {
    files: Vec<(PathBuf, Option<Stamp>)>,
    period: Duration,
    next_look: Instant,
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
        let files = files.into_iter().map(|path| (path, None)).collect();
        Self {
            files,
            period,
            next_look: Instant::now() + period,
        }
    }

    /// A login is about to read the files. Called before that, so that no change falls in between.
    pub fn mark(&mut self) {
        for (path, seen) in &mut self.files {
            // One that was removed after it was read, and comes back, is another.
            if let Ok(stamp) = Stamp::of(path) {
                *seen = Some(stamp);
            }
        }
        self.next_look = Instant::now() + self.period;
    }

    /// Pending until a file is there that was not there at the last login. May be dropped and called
    /// again without a loss.
    pub async fn changed(&mut self) {
        if self.files.is_empty() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep_until(self.next_look).await;
            self.next_look = Instant::now() + self.period;
            let is_new = |(path, seen): &(PathBuf, Option<Stamp>)| {
                Stamp::of(path).is_ok_and(|stamp| Some(stamp) != *seen)
            };
            if self.files.iter().any(is_new) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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
