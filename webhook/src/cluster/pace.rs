//! The pace of those who keep something right: at once on a hint, soon after a failure, and now
//! and then in any case.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tracing::{info, warn};

use super::registrar::Registrar;
use process::cut;

/// How often is looked where all is well: hints may get lost, and time passes for certificates.
const CALM: Duration = Duration::from_secs(60);
/// How soon is looked again where someone else has to act first.
const WAITING: Duration = Duration::from_secs(2);
/// The longest pause after failures; they double from one second.
const LONGEST: Duration = Duration::from_secs(30);

/// Something that is looked at again and again.
pub trait Task: Send {
    type Error: std::error::Error;

    /// Looks once, and writes where this replica leads. Says whether all is as it should be.
    fn look(&mut self, leads: bool) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// Looks for ever, and tells `ready` when all is as it should be for the first time. It never
/// takes that back: a replica that serves goes on serving.
pub async fn keep(
    mut task: impl Task,
    registrar: Registrar,
    mut leads: watch::Receiver<bool>,
    ready: watch::Sender<bool>,
) {
    let hint = Notify::new();
    let mut hints = std::pin::pin!(registrar.hints(&hint));
    let mut failures = 0;
    let mut problem = None;
    // Who has no rivals has nobody to tell of a change either.
    let mut electing = true;
    loop {
        let leading = *leads.borrow_and_update();
        let look = task.look(leading);
        // The watch goes on while a look waits for its answers.
        let outcome = tokio::select! {
            outcome = look => outcome,
            () = &mut hints => continue,
        };
        let pause = match outcome {
            Ok(right) => {
                failures = 0;
                if problem.take().is_some() {
                    info!("API server works again");
                }
                if right && !ready.send_replace(true) {
                    info!(name = registrar.name(), "Certificate and caBundle agree");
                }
                if right { CALM } else { WAITING }
            }
            Err(error) => {
                let words = error.to_string();
                if problem.as_ref() != Some(&words) {
                    warn!(problem = &*cut(&words), "Cannot look after the certificate");
                    problem = Some(words);
                }
                failures += 1;
                back_off(failures)
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = hint.notified() => {}
            changed = leads.changed(), if electing => electing = changed.is_ok(),
            () = &mut hints => {}
        }
    }
}

fn back_off(failures: u32) -> Duration {
    Duration::from_secs(1)
        .saturating_mul(1 << failures.saturating_sub(1).min(5))
        .min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let seconds: Vec<_> = (1..=7).map(|it| back_off(it).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(back_off(u32::MAX), LONGEST);
    }
}
