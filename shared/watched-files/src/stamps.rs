//! Files as they were at one look, told apart without being read.

use std::path::PathBuf;

use secret_files::Stamp;

/// Files with their stamps, none for a file that was not there. Two are equal if nothing has happened
/// to the files in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps(Vec<(PathBuf, Option<Stamp>)>);

impl Stamps {
    /// These files as they are now. To be made before the files are read: what changes in between is
    /// seen at the next look.
    pub fn of<P: Into<PathBuf>>(files: impl IntoIterator<Item = P>) -> Self {
        let files = files.into_iter().map(|path| {
            let path = path.into();
            let stamp = Stamp::of(&path).ok();
            (path, stamp)
        });
        Self(files.collect())
    }

    /// Files that nobody has seen yet: the first that is there is another one.
    pub fn unseen<P: Into<PathBuf>>(files: impl IntoIterator<Item = P>) -> Self {
        Self(files.into_iter().map(|path| (path.into(), None)).collect())
    }

    /// The same files as they are now.
    #[must_use]
    pub fn now(&self) -> Self {
        Self::of(self.0.iter().map(|(path, _)| path))
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the files is another by now. One that is gone is not: there is nothing to read.
    pub fn have_successor(&self) -> bool {
        let now = self.now();
        let mut pairs = self.0.iter().zip(&now.0);
        pairs.any(|((_, seen), (_, now))| now.is_some() && now != seen)
    }

    /// Takes the files as they are now for seen. One that is gone, and comes back later, is another.
    pub fn see(&mut self) {
        for (path, seen) in &mut self.0 {
            *seen = Stamp::of(path).ok().or(*seen);
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "files of these tests hold no secrets"
)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_comes_changes_and_goes_is_seen_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let mut seen = Stamps::of([&file]);
        let steps: [&dyn Fn(); 3] = [
            &|| fs::write(&file, "one").unwrap(),
            &|| fs::write(&file, "another").unwrap(),
            &|| fs::remove_file(&file).unwrap(),
        ];
        for (number, step) in steps.iter().enumerate() {
            assert_eq!(seen.now(), seen, "before step {number}");
            step();
            assert_ne!(seen.now(), seen, "step {number}");
            seen = seen.now();
        }
    }

    #[test]
    fn a_file_that_is_gone_has_no_successor_and_the_next_one_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let mut seen = Stamps::unseen([&file]);
        assert!(!seen.have_successor());
        fs::write(&file, "one").unwrap();
        assert!(seen.have_successor());
        seen.see();
        assert!(!seen.have_successor());
        fs::remove_file(&file).unwrap();
        seen.see();
        assert!(!seen.have_successor());
        fs::write(&file, "another").unwrap();
        assert!(seen.have_successor());
    }
}
