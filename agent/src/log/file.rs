//! The log file, and its replacement by size and age.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use secret_files::{Appended, FileError, append_to};

/// Name of the file in a directory that is given for one.
const DEFAULT_NAME: &str = "agent.log";
/// Age at which the file is replaced where nothing is said.
const DEFAULT_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// When the file is replaced, and what remains of old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Replace the file once it has so many bytes; no limit where zero.
    pub bytes: u64,
    /// Replace the file at this age.
    pub age: Duration,
    /// How many replaced files are kept: 0 keeps all, a negative number none.
    pub max_files: i64,
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            bytes: 0,
            age: DEFAULT_AGE,
            max_files: 0,
        }
    }
}

/// A log file. It is 0600: log lines name paths and roles.
pub struct LogFile<C = fn() -> Timestamp> {
    /// `None` for an output of the agent, such as `/dev/stdout`, which is never replaced.
    path: Option<PathBuf>,
    rotation: Rotation,
    clock: C,
    file: File,
    written: u64,
    opened: Timestamp,
}

impl LogFile {
    /// Opens the file at `path`, or `agent.log` in it where it is a directory or ends with `/`.
    pub fn open(path: &str, rotation: Rotation) -> Result<Self, FileError> {
        Self::with_clock(path, rotation, Timestamp::now)
    }
}

impl<C: Fn() -> Timestamp> LogFile<C> {
    fn with_clock(path: &str, rotation: Rotation, clock: C) -> Result<Self, FileError> {
        let mut file_path = PathBuf::from(path);
        if path.ends_with('/') || file_path.is_dir() {
            file_path.push(DEFAULT_NAME);
        }
        let Appended { file, path } = append_to(&file_path)?;
        Ok(Self {
            written: file.metadata().map_or(0, |found| found.len()),
            opened: clock(),
            path,
            rotation,
            clock,
            file,
        })
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let age = Duration::try_from(now.duration_since(self.opened)).unwrap_or_default();
        let is_full = self.rotation.bytes > 0 && self.written >= self.rotation.bytes;
        self.written > 0 && (is_full || age >= self.rotation.age)
    }

    /// `agent.log` becomes `agent-<nanoseconds since 1970>.log`.
    fn rotate(&mut self, now: Timestamp) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let name = format!("{}{}{}", stem(path), now.as_nanosecond(), ending(path));
        std::fs::rename(path, path.with_file_name(name))?;
        self.file = append_to(path).map_err(io::Error::other)?.file;
        self.written = 0;
        self.opened = now;
        self.remove_old(path)
    }

    fn remove_old(&self, path: &Path) -> io::Result<()> {
        let keep = match usize::try_from(self.rotation.max_files) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(_) => 0,
        };
        let (stem, ending) = (stem(path), ending(path));
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut old: Vec<(i128, PathBuf)> = std::fs::read_dir(directory)?
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let name = path.file_name()?.to_str()?;
                let time = name.strip_prefix(&stem)?.strip_suffix(&ending)?;
                Some((time.parse().ok()?, path))
            })
            .collect();
        old.sort();
        let too_many = old.len().saturating_sub(keep);
        for (_, path) in old.drain(..too_many) {
            std::fs::remove_file(path)?;
        }
        Ok(())
    }
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    format!("{}-", stem.to_string_lossy())
}

fn ending(path: &Path) -> String {
    let ending = path.extension();
    ending.map_or_else(String::new, |ending| {
        format!(".{}", ending.to_string_lossy())
    })
}

impl<C: Fn() -> Timestamp> Write for LogFile<C> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now = (self.clock)();
        if self.is_due(now) {
            // A file that cannot be replaced is better than a line that is lost.
            let _ = self.rotate(now);
        }
        let count = self.file.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes to two places; what one of them refuses does not keep the other from it.
pub struct Tee<A, B>(pub A, pub B);

impl<A: Write, B: Write> Write for Tee<A, B> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let first = self.0.write_all(bytes);
        self.1.write_all(bytes)?;
        first?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        self.1.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::os::unix::fs::PermissionsExt;
    use std::rc::Rc;

    use super::*;

    struct Place {
        directory: tempfile::TempDir,
        seconds: Rc<Cell<i64>>,
    }

    impl Place {
        fn new() -> Self {
            Self {
                directory: tempfile::tempdir().unwrap(),
                seconds: Rc::new(Cell::new(1)),
            }
        }

        fn log(&self, rotation: Rotation) -> LogFile<impl Fn() -> Timestamp> {
            let seconds = Rc::clone(&self.seconds);
            let clock = move || Timestamp::from_second(seconds.get()).unwrap();
            let path = self.directory.path().to_str().unwrap();
            LogFile::with_clock(path, rotation, clock).unwrap()
        }

        /// Writes one line a second.
        fn write(&self, log: &mut impl Write, lines: &[&str]) {
            for line in lines {
                self.seconds.set(self.seconds.get() + 1);
                log.write_all(line.as_bytes()).unwrap();
            }
        }

        /// Names with texts, by name.
        fn files(&self) -> Vec<(String, String)> {
            let entries = std::fs::read_dir(self.directory.path()).unwrap();
            let mut files: Vec<_> = entries
                .map(|entry| {
                    let entry = entry.unwrap();
                    let text = std::fs::read_to_string(entry.path()).unwrap();
                    (entry.file_name().into_string().unwrap(), text)
                })
                .collect();
            files.sort();
            files
        }

        fn texts(&self) -> Vec<String> {
            self.files().into_iter().map(|(_, text)| text).collect()
        }
    }

    #[test]
    fn a_directory_gets_a_file_that_its_owner_alone_reads_and_that_is_continued() {
        let place = Place::new();
        place.write(&mut place.log(Rotation::default()), &["a\n"]);
        place.write(&mut place.log(Rotation::default()), &["b\n"]);
        assert_eq!(place.files(), [("agent.log".into(), "a\nb\n".into())]);
        let path = place.directory.path().join("agent.log");
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_full_file_is_replaced_and_named_by_its_time() {
        let place = Place::new();
        let mut log = place.log(Rotation {
            bytes: 4,
            ..Rotation::default()
        });
        place.write(&mut log, &["aa", "bb", "cc", "dd", "ee"]);
        let expected = [
            ("agent-4000000000.log", "aabb"),
            ("agent-6000000000.log", "ccdd"),
            ("agent.log", "ee"),
        ];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(place.files(), expected);
    }

    #[test]
    fn an_old_file_is_replaced_after_a_day_unless_told_otherwise() {
        let place = Place::new();
        let mut log = place.log(Rotation::default());
        place.write(&mut log, &["a", "b"]);
        place.seconds.set(24 * 60 * 60);
        place.write(&mut log, &["c"]);
        assert_eq!(place.texts(), ["ab", "c"]);
    }

    #[test]
    fn as_many_old_files_are_kept_as_asked_for() {
        for (max_files, expected) in [
            (0, vec!["a", "b", "c", "d"]),
            (2, vec!["b", "c", "d"]),
            (-1, vec!["d"]),
        ] {
            let place = Place::new();
            let mut log = place.log(Rotation {
                bytes: 1,
                max_files,
                ..Rotation::default()
            });
            place.write(&mut log, &["a", "b", "c", "d"]);
            assert_eq!(place.texts(), expected, "{max_files}");
        }
    }
}
