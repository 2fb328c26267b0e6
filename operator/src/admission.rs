//! Admission: objects that make no sense are refused before they are stored.
//!
//! ```text
//! API server ─▶ handler: limits, deadlines, body ─▶ review ─▶ secret_sync::validate
//! ```
//!
//! The reconciler asks the same functions, so an object that was stored without admission gets the
//! same message in its status.

mod handler;
mod review;

pub(crate) use handler::{limits, router};
