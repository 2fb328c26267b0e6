//! When a file has changed: the one way in which the programs see it.
//!
//! A file is told from what it was by its [`Stamps`], which costs one `stat`, or by its [`Contents`],
//! where a file that was only touched is no change. When to compare:
//!
//! | who | with | how |
//! |---|---|---|
//! | waits for a change that is rare | [`Watch`] | at once on a hint of the kernel, and every [`PERIOD`] |
//! | waits for one that is due soon | [`Pace`] | at a period of seconds, without hints |
//! | is about to use the files | [`Pace`] | at the use, once a period at most |
//!
//! Hints are not for everybody. All pods of one user share the kernel's limit of 128 inotify
//! instances on a node, each instance costs a thread, and a network volume gives none. So a program
//! has one [`Watch`] for its configuration or its certificate, and what many pods do every few
//! seconds is a look.
//!
//! ```
//! use watched_files::Stamps;
//!
//! let directory = tempfile::tempdir()?;
//! let file = directory.path().join("ca.crt");
//! let before = Stamps::of([&file]);
//! assert!(before.now() == before, "it is still missing");
//! # #[allow(clippy::disallowed_methods)]
//! std::fs::write(&file, "-----BEGIN CERTIFICATE-----")?;
//! assert!(before.now() != before);
//! # Ok::<(), std::io::Error>(())
//! ```
#![deny(missing_docs)]

mod contents;
mod pace;
mod stamps;
mod watch;

pub use contents::Contents;
pub use pace::{PERIOD, Pace};
pub use stamps::Stamps;
pub use watch::{Watch, directory};
