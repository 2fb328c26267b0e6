//! Files that hold secrets: written whole, never through a symbolic link, never readable by others
//! before they are complete.
//!
//! The application shares the volume and may rename, link and delete in it at any time. So a path is
//! walked once, directory by directory, without following links; all that follows happens through the
//! descriptor of the parent directory:
//!
//! ```text
//! open parent ─▶ same content? ─▶ leave it (mode and owner are still put right)
//!                     └─ no ─▶ temporary file 0600 ─▶ content ─▶ owner, mode ─▶ fsync ─▶ rename ─▶ fsync parent
//! ```
//!
//! The calls block; the files live in memory volumes, where none of them waits for a disk.
//!
//! ```
//! use secret_files::{Target, Written};
//!
//! let directory = tempfile::tempdir()?;
//! let target = Target::new(directory.path().join("password"));
//! assert_eq!(target.write(b"s3cr3t")?, Written::Replaced);
//! assert_eq!(target.write(b"s3cr3t")?, Written::Unchanged);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod directory;
pub mod names;
mod target;

pub use target::{FileError, Target, Written, remove};
