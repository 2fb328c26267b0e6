//! Files that hold secrets, in directories that others can write to.
//!
//! An application shares the volume and may rename, link and delete in it at any time. So a path is
//! walked once, name by name, and links are followed only where a rule trusts them (`walk.rs`); all
//! that comes after happens through the descriptor of the last directory.
//!
//! What we write ([`Target`]) is written whole, and never readable by others before it is complete:
//!
//! ```text
//! open parent ─▶ same content? ─▶ leave it (mode and owner are still put right)
//!                     └─ no ─▶ temporary file 0600 ─▶ content ─▶ owner, mode ─▶ fsync ─▶ rename ─▶ fsync parent
//! ```
//!
//! What others have written ([`read`], [`Reader`]) is read only if it is a regular file of limited
//! size, which lies in the volume that it was looked for in, and is none of our own secrets.
//!
//! The calls block for as long as a disk does, and never for another program.
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

mod append;
mod descriptor;
mod directory;
pub mod limit;
pub mod names;
mod private;
mod read;
mod stamp;
mod target;
mod walk;

pub use append::{Appended, append_to};
pub use private::private_directory;
pub use read::{Opened, ReadError, Reader, read, read_descriptor, read_text};
pub use stamp::Stamp;
pub use target::{FileError, Target, Written, remove, tidy};
