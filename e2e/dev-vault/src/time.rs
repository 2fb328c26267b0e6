//! Real sockets on tokio's paused clock.
//!
//! A paused clock runs ahead to the next timer whenever all tasks wait, also when they wait for a
//! socket, so deadlines would pass before a local server can answer. [`hold`] stops that: from then
//! on time moves only by `tokio::time::advance`. Tests then go in steps: advance, then wait for
//! what must follow with [`DevVault::wait_for_requests`](crate::DevVault::wait_for_requests).

use std::sync::mpsc;
use std::time::Duration;

/// Keeps a paused clock from moving by itself until it is dropped.
#[derive(Debug)]
pub struct Held {
    _release: mpsc::Sender<()>,
}

/// Holds the clock of the current runtime. tokio does not advance a paused clock while a blocking
/// task runs; this is one that waits for the guard to be dropped.
pub fn hold() -> Held {
    let (release, released) = mpsc::channel::<()>();
    drop(tokio::task::spawn_blocking(move || released.recv()));
    Held { _release: release }
}

/// Ends after `limit` of real time, whatever tokio's clock says: the bound of a wait in a test.
pub(crate) async fn real_time_limit(limit: Duration) {
    // Dropping this future drops the sender, which ends the blocking task.
    let (_cancel, cancelled) = mpsc::channel::<()>();
    let _ended = tokio::task::spawn_blocking(move || cancelled.recv_timeout(limit)).await;
}
