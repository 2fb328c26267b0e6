//! The further files of a template: `writeToFile`.

use templating::FileWrite;

use super::placed::Placed;
use secret_files::{FileError, Target, Written, names};

/// Removes what an agent before left unfinished beside the file.
pub(super) fn tidy(write: &FileWrite) {
    secret_files::tidy(write.path.as_ref());
}

/// The file as it is now.
pub(super) fn placed(write: &FileWrite) -> Placed {
    if write.append {
        Placed::appended(&write.path)
    } else {
        Placed::whole(&write.path)
    }
}

/// Makes the file as the template wants it; one that is so already is not touched.
pub(super) fn apply(write: &FileWrite) -> Result<Written, FileError> {
    let unknown = |source| FileError::Owner {
        path: write.path.clone().into(),
        source,
    };
    let target = Target {
        mode: Some(write.mode),
        uid: names::user(&write.user).map_err(unknown)?,
        gid: names::group(&write.group).map_err(unknown)?,
        ..Target::new(&write.path)
    };
    if write.append {
        target.append(&write.content)
    } else {
        target.write(&write.content)
    }
}
