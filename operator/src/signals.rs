//! The signals that end the process.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

/// Ends with the first signal that asks the process to stop. From here on signals do not end it by
/// themselves.
pub(crate) fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
