//! The processes that a container sees, from `/proc` (proc(5)).

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::process::Pid;

/// The longest part of a command line that is read: its first word is wanted.
const COMMAND_LINE: u64 = 4096;

/// What is known of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: Pid,
    /// Its effective user.
    pub(super) user: u32,
    parent: i32,
    /// The first 15 bytes of the program's name, as the kernel keeps it.
    name: String,
    /// The first word of the command line, which a program may write anew.
    word: String,
    /// The program; not readable for processes of others.
    program: Option<PathBuf>,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name.escape_debug(), self.id)
    }
}

impl Process {
    /// `None` if it has ended, or lives in a namespace below.
    fn read(folder: &Path, id: Pid) -> Option<Self> {
        let status = std::fs::read(folder.join("status")).ok()?;
        let status = String::from_utf8_lossy(&status);
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.map_or("", |line| line.trim_start_matches(':').trim())
        };
        let numbers = |name| field(name).split_whitespace();
        let is_zombie = field("State").starts_with('Z');
        if is_zombie || numbers("NSpid").count() > 1 {
            return None;
        }
        Some(Self {
            id,
            user: numbers("Uid").nth(1)?.parse().ok()?,
            parent: field("PPid").parse().ok()?,
            name: field("Name").to_owned(),
            word: first_word(&folder.join("cmdline")).unwrap_or_default(),
            program: std::fs::read_link(folder.join("exe")).ok(),
        })
    }

    /// Whether the process with this id has the name now.
    pub(super) fn is_still_called(&self, wanted: &str, proc: &Path) -> bool {
        let folder = proc.join(self.id.as_raw_nonzero().to_string());
        Self::read(&folder, self.id).is_some_and(|now| now.is_called(wanted))
    }

    fn is_called(&self, wanted: &str) -> bool {
        // As `nginx: master process` is written by the program itself.
        let word = self.word.split([' ', ':']).next().unwrap_or_default();
        let program = self.program.as_deref();
        if wanted.contains('/') {
            return word == wanted || program == Some(Path::new(wanted));
        }
        let last = |path: &Path| path.file_name().is_some_and(|name| name == wanted);
        self.name == wanted || last(Path::new(word)) || program.is_some_and(last)
    }
}

fn first_word(file: &Path) -> io::Result<String> {
    let mut line = Vec::new();
    std::fs::File::open(file)?
        .take(COMMAND_LINE)
        .read_to_end(&mut line)?;
    let word = line.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(word).into_owned())
}

/// Those of one namespace.
#[derive(Debug)]
pub(super) struct Processes {
    all: Vec<Process>,
    /// The name of this program.
    own_name: String,
}

impl Processes {
    /// Those in `proc`, for the process `own`.
    pub(super) fn read(proc: &Path, own: Pid) -> io::Result<Self> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(proc)? {
            let entry = entry?;
            let id = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            if let Some(id) = id.and_then(Pid::from_raw) {
                all.extend(Process::read(&entry.path(), id));
            }
        }
        all.sort_by_key(|process| process.id.as_raw_nonzero());
        let itself = all.iter().find(|process| process.id == own);
        let own_name = itself.map_or_else(String::new, |process| process.name.clone());
        Ok(Self { all, own_name })
    }

    /// Those of this name but the children of others.
    pub(super) fn called(&self, wanted: &str) -> Vec<&Process> {
        let mut found = self.others();
        found.retain(|process| process.is_called(wanted));
        let ids: Vec<i32> = found
            .iter()
            .map(|process| process.id.as_raw_nonzero().get())
            .collect();
        found.retain(|process| !ids.contains(&process.parent));
        found
    }

    /// All but agents and the first process of the namespace.
    pub(super) fn others(&self) -> Vec<&Process> {
        let all = self.all.iter();
        all.filter(|process| process.id != Pid::INIT && process.name != self.own_name)
            .collect()
    }

    /// The namespace is that of the pod: its first process is not an agent.
    pub(super) fn is_shared(&self) -> bool {
        let first = self.all.iter().find(|process| process.id == Pid::INIT);
        first.is_some_and(|process| process.name != self.own_name)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::TempDir;

    use super::*;

    const AGENT: (i32, i32, &str, &str) = (30, 20, "vault-agent", "/vault-agent\0signal");

    /// A `/proc` with these: id, parent, name and command line.
    fn mk_proc(processes: &[(i32, i32, &str, &str)]) -> TempDir {
        let proc = tempfile::tempdir().unwrap();
        for (id, parent, name, line) in processes {
            let status = format!(
                "Name:\t{name}\nState:\tS (sleeping)\nPid:\t{id}\nPPid:\t{parent}\n\
                 Uid:\t0\t100\t0\t0\nNSpid:\t{id}\n"
            );
            put(&proc, *id, &status, line);
        }
        proc
    }

    fn put(proc: &TempDir, id: i32, status: &str, line: &str) {
        let folder = proc.path().join(id.to_string());
        std::fs::create_dir(&folder).unwrap();
        for (name, text) in [("status", status), ("cmdline", line)] {
            let mut file = std::fs::File::create(folder.join(name)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
    }

    fn read(proc: &TempDir) -> Processes {
        Processes::read(proc.path(), Pid::from_raw(AGENT.0).unwrap()).unwrap()
    }

    fn ids(found: &[&Process]) -> Vec<i32> {
        let ids = found
            .iter()
            .map(|process| process.id.as_raw_nonzero().get());
        ids.collect()
    }

    #[test]
    fn a_process_is_found_by_each_of_its_names() {
        let proc = mk_proc(&[
            (1, 0, "pause", "/pause"),
            (7, 0, "nginx", "nginx: master process nginx -g daemon off;"),
            (8, 7, "nginx", "nginx: worker process"),
            (9, 0, "a-rather-long-n", "/opt/a-rather-long-name\0--serve"),
            (20, 0, "vault-agent", "/vault-agent"),
            AGENT,
        ]);
        std::os::unix::fs::symlink("/usr/bin/python3.12", proc.path().join("9/exe")).unwrap();
        let processes = read(&proc);
        assert_eq!(
            ids(&processes.called("nginx")),
            [7],
            "its workers are told by it"
        );
        for name in [
            "a-rather-long-name",
            "a-rather-long-n",
            "/opt/a-rather-long-name",
            "python3.12",
            "/usr/bin/python3.12",
        ] {
            assert_eq!(ids(&processes.called(name)), [9], "{name}");
        }
        assert_eq!(ids(&processes.called("rather")), [0; 0]);
        assert_eq!(processes.others()[0].to_string(), "nginx (7)");
        assert_eq!(processes.others()[0].user, 100);
    }

    #[test]
    fn neither_agents_nor_the_first_process_nor_those_below_are_ever_found() {
        let proc = mk_proc(&[
            (1, 0, "app", "/app"),
            (20, 0, "vault-agent", "/vault-agent"),
            AGENT,
        ]);
        let below = "Name:\tapp\nState:\tS\nPPid:\t1\nUid:\t0\t0\t0\t0\nNSpid:\t40\t1\n";
        put(&proc, 40, below, "/app");
        let dead = "Name:\tapp\nState:\tZ (zombie)\nPPid:\t1\nUid:\t0\t0\t0\t0\nNSpid:\t41\n";
        put(&proc, 41, dead, "");
        let processes = read(&proc);
        assert_eq!(ids(&processes.called("app")), [0; 0]);
        assert_eq!(ids(&processes.called("vault-agent")), [0; 0]);
        assert_eq!(ids(&processes.others()), [0; 0]);
        assert!(processes.is_shared());
        assert!(!read(&mk_proc(&[(1, 0, "vault-agent", "/vault-agent"), AGENT])).is_shared());
    }
}
