//! A walk along a path, one name at a time. The kernel follows no link on the way: each one is read
//! here, and followed only if the rule of the walk trusts it.
//!
//! ```text
//! /var/run/app/token      / ─▶ var ─▶ run is a link ─▶ trusted? ─▶ / ─▶ run ─▶ app ─▶ token
//! ```
//!
//! Every step starts from the descriptor of the directory before it, and `..` goes back along these
//! descriptors. So nobody can swap a part of the path between the check and the use.

mod mount;

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use mount::MountId;

/// Most links on the way to one file, as in `path_resolution(7)`.
pub(crate) const MOST_LINKS: u32 = 40;

/// Which links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Towards a file to be written: links that root owns, in directories that only root can write
    /// in, such as `/var/run`.
    Destination,
    /// Towards a file to be read: links that only root or this process can have made lead anywhere,
    /// all others only to their own mount. Volumes of Kubernetes are made of such links, in
    /// directories that everybody can write in. In a volume that others can write in, the owner of a
    /// link shows nothing: an application may have the user of this process.
    Source,
}

/// The walk did not arrive.
#[derive(Debug)]
pub(crate) enum Stop {
    /// This link is not followed.
    Link(PathBuf),
    /// A part of the way is neither a directory nor a link to one.
    NotADirectory(PathBuf),
    /// The system refused.
    System(Errno),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::System(errno)
    }
}

/// Tells files apart: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

impl Identity {
    #[allow(
        clippy::useless_conversion,
        reason = "the width of both depends on the system"
    )]
    pub(crate) fn of(stat: &Stat) -> Self {
        Self(stat.st_dev.into(), stat.st_ino.into())
    }

    /// Whether one can be a file in the other.
    pub(crate) fn shares_device_with(self, other: Self) -> bool {
        self.0 == other.0
    }
}

/// The directories from the root to where the walk is.
pub(crate) struct Walk {
    rule: Rule,
    places: Vec<Place>,
    to_do: Vec<Step>,
    links: u32,
}

struct Place {
    directory: OwnedFd,
    path: PathBuf,
}

enum Step {
    Root,
    Up,
    Enter(OsString),
    /// What a link leads to has been reached; it has to be in the link's own mount.
    Arrive {
        link: PathBuf,
        mount: MountId,
    },
}

/// A file, device, socket or pipe at the end of a walk, not opened yet.
pub(crate) struct Node {
    /// Its name in the last directory of the walk.
    pub(crate) name: OsString,
    pub(crate) stat: Stat,
}

impl Walk {
    pub(crate) fn new(rule: Rule) -> Result<Self, Stop> {
        let path = PathBuf::from("/");
        let directory = open(CWD, path.as_os_str(), OFlags::DIRECTORY)?;
        Ok(Self {
            rule,
            places: vec![Place { directory, path }],
            to_do: Vec::new(),
            links: 0,
        })
    }

    /// Goes to `path`. Returns what is there unless it is a directory, which is the last of the walk
    /// then. With `create`, directories that are missing are made with mode 0755.
    pub(crate) fn go(&mut self, path: &Path, create: bool) -> Result<Option<Node>, Stop> {
        let path = std::path::absolute(path)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::INVAL))?;
        self.plan(&path);
        while let Some(step) = self.to_do.pop() {
            match step {
                Step::Root => self.places.truncate(1),
                Step::Up if self.places.len() > 1 => drop(self.places.pop()),
                Step::Up => {}
                Step::Arrive { link, mount } => arrived(self.directory(), link, mount)?,
                Step::Enter(name) => {
                    if let Some(node) = self.enter(name, create)? {
                        return Ok(Some(node));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The last directory.
    pub(crate) fn directory(&self) -> &OwnedFd {
        &self.here().directory
    }

    /// Whether the way leads through this directory.
    pub(crate) fn is_below(&self, directory: Identity) -> bool {
        let is_it = |place: &Place| {
            rustix::fs::fstat(&place.directory).is_ok_and(|stat| Identity::of(&stat) == directory)
        };
        self.places.iter().any(is_it)
    }

    fn here(&self) -> &Place {
        self.places.last().expect("the root must stay")
    }

    /// Whether the last directory is in the mount of `/`, which is not a volume, or nobody else can write
    /// in any directory of its mount on the way, the first of which is root's.
    fn is_in_safe_mount(&self) -> bool {
        let Some(mount) = MountId::of(self.directory()) else {
            return false;
        };
        let is_in_mount = |place: &&Place| MountId::of(&place.directory) == Some(mount);
        let of_mount: Vec<&Place> = self.places.iter().rev().take_while(is_in_mount).collect();
        if of_mount.len() == self.places.len() {
            return true;
        }
        let is_only_for = |users: &[u32], place: &Place| {
            rustix::fs::fstat(&place.directory).is_ok_and(|stat| is_written_only_by(users, &stat))
        };
        let own = own_user();
        of_mount.iter().all(|place| is_only_for(&[0, own], place))
            && of_mount.last().is_some_and(|top| is_only_for(&[0], top))
    }

    fn plan(&mut self, path: &Path) {
        for part in path.components().rev() {
            self.to_do.push(match part {
                Component::RootDir => Step::Root,
                Component::ParentDir => Step::Up,
                Component::Normal(name) => Step::Enter(name.to_owned()),
                Component::CurDir | Component::Prefix(_) => continue,
            });
        }
    }

    fn enter(&mut self, name: OsString, create: bool) -> Result<Option<Node>, Stop> {
        let here = self.here();
        let path = here.path.join(&name);
        let node = match open(&here.directory, &name, OFlags::empty()) {
            Err(Errno::NOENT) if create => {
                match rustix::fs::mkdirat(&here.directory, &name, Mode::from_raw_mode(0o755)) {
                    // Another program may have been faster.
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(errno.into()),
                }
                open(&here.directory, &name, OFlags::empty())?
            }
            node => node?,
        };
        let stat = rustix::fs::fstat(&node)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                self.places.push(Place {
                    directory: node,
                    path,
                });
                Ok(None)
            }
            FileType::Symlink => self.follow(&node, &stat, path).map(|()| None),
            _ => {
                while let Some(step) = self.to_do.pop() {
                    let Step::Arrive { link, mount } = step else {
                        return Err(Stop::NotADirectory(path));
                    };
                    arrived(&node, link, mount)?;
                }
                Ok(Some(Node { name, stat }))
            }
        }
    }

    fn follow(&mut self, node: &OwnedFd, stat: &Stat, link: PathBuf) -> Result<(), Stop> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP.into());
        }
        let directory = self.directory();
        let parent = rustix::fs::fstat(directory)?;
        match self.rule {
            Rule::Destination if is_only_for(&[0], stat, &parent) => {}
            Rule::Destination => return Err(Stop::Link(link)),
            Rule::Source if mount::is_read_only(directory) => {}
            Rule::Source
                if is_only_for(&[0, own_user()], stat, &parent) && self.is_in_safe_mount() => {}
            Rule::Source => {
                let Some(mount) = MountId::of(directory) else {
                    return Err(Stop::Link(link));
                };
                self.to_do.push(Step::Arrive { link, mount });
            }
        }
        let target = rustix::fs::readlinkat(node, "", Vec::new())?;
        let target = OsString::from_vec(target.into_bytes());
        self.plan(Path::new(&target));
        Ok(())
    }
}

/// The user that this process is.
pub(crate) fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether nobody but these users can have made what is in the directory.
pub(crate) fn is_only_for(users: &[u32], entry: &Stat, directory: &Stat) -> bool {
    users.contains(&entry.st_uid) && is_written_only_by(users, directory)
}

/// Whether nobody but these users can make, rename and remove files in the directory. Access control
/// lists count: what they grant shows in the bits of the group (acl(5)).
pub(crate) fn is_written_only_by(users: &[u32], directory: &Stat) -> bool {
    users.contains(&directory.st_uid) && directory.st_mode & 0o022 == 0
}

fn arrived(at: &OwnedFd, link: PathBuf, mount: MountId) -> Result<(), Stop> {
    if MountId::of(at) == Some(mount) {
        Ok(())
    } else {
        Err(Stop::Link(link))
    }
}

/// Finds a name in a directory, whatever it is, without opening it.
fn open(at: impl AsFd, name: &OsStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, name, flags, Mode::empty())
}

#[cfg(test)]
mod tests;
