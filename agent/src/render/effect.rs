//! The further files of a template: `writeToFile`.

use templating::FileWrite;

use crate::placed::{Content, Placed};
use secret_files::{FileError, Target, Written, names};

/// What messages call a file whose path may be a secret.
pub(super) const NAMELESS: &str = "a file that is named by a value of the template";

/// Removes what an agent before left unfinished beside the file.
pub(super) fn tidy(write: &FileWrite) {
    secret_files::tidy(write.path.as_ref());
}

/// The file as it is now.
pub(super) fn placed(write: &FileWrite) -> Placed {
    if write.append {
        Placed::appended(&write.path)
    } else {
        let target = target(write).unwrap_or_else(|_| Target::new(&write.path));
        Placed::whole(&target, Content::of(&write.content))
    }
}

/// An error without path, user and group, any of which may be a secret.
pub(super) fn nameless(error: &FileError) -> String {
    let reason = match error {
        FileError::Io { action, source, .. } => format!("cannot {action}: {source}"),
        FileError::Owner { .. } => "its user or group is unknown".to_owned(),
        FileError::ParentMissing { .. } => "parent directory is missing".to_owned(),
        FileError::Link { .. } => {
            "a symbolic link on the way is not followed; use the path that it leads to".to_owned()
        }
        FileError::TooLong { .. } => "it is too long to be appended to".to_owned(),
        FileError::NoName { .. } | FileError::NotADirectory { .. } => {
            "it has no such path".to_owned()
        }
        FileError::NotAFile { .. } | FileError::NotOurs { .. } => {
            "there is something else in its place".to_owned()
        }
    };
    format!("{NAMELESS}: {reason}")
}

/// Makes the file as the template wants it; one that is so already is not touched.
pub(super) fn apply(write: &FileWrite) -> Result<Written, FileError> {
    let target = target(write)?;
    if write.append {
        target.append(&write.content)
    } else {
        target.write(&write.content)
    }
}

fn target(write: &FileWrite) -> Result<Target, FileError> {
    let unknown = |source| FileError::Owner {
        path: write.path.clone().into(),
        source,
    };
    Ok(Target {
        mode: Some(write.mode),
        uid: names::user(&write.user).map_err(unknown)?,
        gid: names::group(&write.group).map_err(unknown)?,
        ..Target::new(&write.path)
    })
}
