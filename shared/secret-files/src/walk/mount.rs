//! The mount that a file was reached through. Volumes that lie on one disk have one device, so only
//! this tells them apart.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{AtFlags, StatVfsMountFlags, StatxFlags};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MountId(u64);

impl MountId {
    /// `None` if the system does not show it: no two files are known to be of one mount then.
    pub(super) fn of(file: &OwnedFd) -> Option<Self> {
        Self::from_statx(file).or_else(|| Self::from_proc(file))
    }

    /// Linux 5.8 and newer.
    fn from_statx(file: &OwnedFd) -> Option<Self> {
        let flags = AtFlags::EMPTY_PATH;
        let found = rustix::fs::statx(file, "", flags, StatxFlags::MNT_ID).ok()?;
        let is_known = found.stx_mask & StatxFlags::MNT_ID.bits() != 0;
        is_known.then_some(Self(found.stx_mnt_id))
    }

    /// All others, see `proc_pid_fdinfo(5)`.
    fn from_proc(file: &OwnedFd) -> Option<Self> {
        let path = format!("/proc/self/fdinfo/{}", file.as_fd().as_raw_fd());
        let facts = std::fs::read_to_string(path).ok()?;
        let id = facts
            .lines()
            .find_map(|line| line.strip_prefix("mnt_id:"))?;
        id.trim().parse().ok().map(Self)
    }
}

/// Whether this mount takes no writes. Of a volume that is mounted twice, the other mount may.
pub(super) fn is_read_only(file: &OwnedFd) -> bool {
    rustix::fs::fstatvfs(file).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_ask_have_one_answer_and_mounts_differ() {
        let [root, proc] = ["/", "/proc"].map(|path| {
            let file = OwnedFd::from(std::fs::File::open(path).unwrap());
            if let Some(id) = MountId::from_statx(&file) {
                assert_eq!(MountId::from_proc(&file), Some(id), "{path}");
            }
            MountId::of(&file).unwrap()
        });
        assert_ne!(root, proc);
    }
}
