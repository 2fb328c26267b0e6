//! The signals that end an agent, and those that it answers.

use std::io;

use tokio::signal::unix::{self, SignalKind};
use tokio::sync::{mpsc, oneshot};
use tracing::info;

use crate::exit::Failure;

/// Work that the first SIGTERM or SIGINT asks to stop, by the future that it is given, and the second
/// one drops. Each SIGHUP is an order to read the configuration again.
///
/// # Errors
///
/// Those of the work; a second signal; signals that cannot be caught.
pub(crate) async fn stopping<F>(
    order: mpsc::Sender<()>,
    work: impl FnOnce(Stop) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let (stop, stopped) = oneshot::channel();
    let second_signal = listen(order, stop)?;
    let work = work(Box::pin(async {
        let _ = stopped.await;
    }));
    tokio::select! {
        biased;
        end = Box::pin(work) => end,
        () = second_signal => Err(Failure::SecondSignal),
    }
}

/// Ends when the work is asked to stop.
pub(crate) type Stop = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// Ends with the second signal. SIGUSR1 is what asks Vault Agent for its metrics, which a
/// listener serves here.
fn listen(
    order: mpsc::Sender<()>,
    stop: oneshot::Sender<()>,
) -> Result<impl Future<Output = ()>, io::Error> {
    let mut stop = Some(stop);
    let mut terminate = unix::signal(SignalKind::terminate())?;
    let mut interrupt = unix::signal(SignalKind::interrupt())?;
    let mut hangup = unix::signal(SignalKind::hangup())?;
    let mut user = unix::signal(SignalKind::user_defined1())?;
    Ok(async move {
        loop {
            let to_end = async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            };
            tokio::select! {
                () = to_end => match stop.take() {
                    Some(stop) => drop(stop.send(())),
                    None => return,
                },
                _ = user.recv() => {
                    info!(target: "agent", "metrics are at /agent/v1/metrics of a listener");
                }
                // One that waits its turn is as good as two.
                _ = hangup.recv() => drop(order.try_send(())),
            }
        }
    })
}
