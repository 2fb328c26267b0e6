//! Commands wait their turn here: one runs at a time, a failure is tried again by itself.
//!
//! There is one task a distinct command. It runs once for all requests that came since its last run
//! began, so a command that several files share runs once for a change of them all. A failing command
//! holds up no other: it waits for its next try without holding the turn.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use vault_engine::RetryPolicy;

use super::{CommandError, CommandSpec};
use crate::random;
use crate::status::CommandStatus;

/// Tries of one command before it is given up, until the file changes again.
const RETRY: RetryPolicy = RetryPolicy::new(Duration::from_secs(1), Duration::from_secs(30), 3);

/// All commands of an agent. Dropping it ends them.
pub(crate) struct Commands {
    retry: RetryPolicy,
    environment: Arc<[(String, String)]>,
    turn: Arc<Semaphore>,
    workers: HashMap<CommandSpec, Progress>,
    tasks: JoinSet<()>,
    done: (mpsc::Sender<Done>, mpsc::Receiver<Done>),
}

struct Progress {
    wanted: watch::Sender<u64>,
    finished: u64,
    tries: watch::Receiver<Tries>,
}

/// How a command went so far.
#[derive(Default)]
struct Tries {
    runs: u64,
    failures: u64,
    /// Why the last one failed.
    failure: Option<String>,
}

impl Tries {
    fn count(&mut self, result: &Result<(), CommandError>) {
        self.runs += 1;
        self.failures += u64::from(result.is_err());
        self.failure = result.as_ref().err().map(ToString::to_string);
    }
}

struct Done {
    command: CommandSpec,
    run: u64,
}

impl Commands {
    /// No commands yet; those to come get `environment` besides the agent's own.
    pub(crate) fn new(environment: Vec<(String, String)>) -> Self {
        Self::with_retry(environment, RETRY)
    }

    fn with_retry(environment: Vec<(String, String)>, retry: RetryPolicy) -> Self {
        Self {
            retry,
            environment: environment.into(),
            turn: Arc::new(Semaphore::new(1)),
            workers: HashMap::new(),
            tasks: JoinSet::new(),
            done: mpsc::channel(16),
        }
    }

    /// Has a command run once more, soon.
    pub(crate) fn trigger(&mut self, command: &CommandSpec) {
        if let Some(progress) = self.workers.get(command) {
            progress.wanted.send_modify(|run| *run += 1);
            return;
        }
        let (wanted, requests) = watch::channel(1);
        let (report, tries) = watch::channel(Tries::default());
        let worker = Worker {
            command: command.clone(),
            retry: self.retry,
            environment: Arc::clone(&self.environment),
            turn: Arc::clone(&self.turn),
            requests,
            tries: report,
            done: self.done.0.clone(),
        };
        self.tasks.spawn(worker.run());
        let progress = Progress {
            wanted,
            finished: 0,
            tries,
        };
        self.workers.insert(command.clone(), progress);
    }

    /// Waits until a command has ended, for good or after its last try. Pending where none runs.
    pub(crate) async fn finished(&mut self) {
        if let Some(done) = self.done.1.recv().await
            && let Some(progress) = self.workers.get_mut(&done.command)
        {
            progress.finished = done.run;
        }
    }

    /// Whether all that was triggered has ended.
    pub(crate) fn is_idle(&self) -> bool {
        self.workers
            .values()
            .all(|progress| progress.finished == *progress.wanted.borrow())
    }

    /// How each command went so far, by its name.
    pub(crate) fn statuses(&self) -> Vec<CommandStatus> {
        let workers = self.workers.iter();
        let mut all: Vec<CommandStatus> = workers
            .map(|(command, progress)| {
                let tries = progress.tries.borrow();
                CommandStatus {
                    command: command.name(),
                    runs: tries.runs,
                    failures: tries.failures,
                    error: tries.failure.clone(),
                }
            })
            .collect();
        all.sort_by(|a, b| a.command.cmp(&b.command));
        all
    }
}

struct Worker {
    command: CommandSpec,
    retry: RetryPolicy,
    environment: Arc<[(String, String)]>,
    turn: Arc<Semaphore>,
    requests: watch::Receiver<u64>,
    tries: watch::Sender<Tries>,
    done: mpsc::Sender<Done>,
}

impl Worker {
    async fn run(mut self) {
        // The first request is there already.
        self.requests.mark_changed();
        while self.requests.changed().await.is_ok() {
            let run = self.run_until_done().await;
            let done = Done {
                command: self.command.clone(),
                run,
            };
            if self.done.send(done).await.is_err() {
                return;
            }
        }
    }

    async fn run_until_done(&mut self) -> u64 {
        let mut failures = 0;
        loop {
            let turn = self.turn.acquire().await;
            let run = *self.requests.borrow_and_update();
            let name = self.command.name();
            info!(target: "agent", "(runner) executing command {name:?}");
            let result = self.command.run(&self.environment).await;
            drop(turn);
            self.tries.send_modify(|tries| tries.count(&result));
            let Err(failure) = result else {
                return run;
            };
            failures += 1;
            if self.retry.is_exhausted(failures) {
                error!(target: "agent", error = %failure, "(runner) command failed, giving up until the file changes");
                return run;
            }
            let pause = self.retry.backoff.jittered(failures, random::jitter());
            warn!(target: "agent", error = %failure, retry_in = ?pause, "(runner) command failed");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // A newer file makes the count start afresh.
                changed = self.requests.changed() => match changed {
                    Ok(()) => {
                        self.requests.mark_changed();
                        failures = 0;
                    }
                    Err(_) => return run,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::agent_config::Command as Written;

    use super::*;

    fn mk_command(words: &[&str]) -> CommandSpec {
        let words = words.iter().map(ToString::to_string).collect();
        let limit = Duration::from_secs(30);
        CommandSpec::new(&Written::Words(words), limit)
            .unwrap()
            .unwrap()
    }

    /// Real processes do not go with paused time: short waits instead.
    const QUICK: RetryPolicy =
        RetryPolicy::new(Duration::from_millis(5), Duration::from_millis(10), 4);

    async fn settle(commands: &mut Commands) {
        while !commands.is_idle() {
            commands.finished().await;
        }
    }

    #[tokio::test]
    async fn a_command_runs_once_for_all_requests_before_its_run() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let line = format!("echo run >> {}", log.display());
        let command = mk_command(&["sh", "-c", &line]);
        let mut commands = Commands::new(Vec::new());
        commands.trigger(&command);
        commands.trigger(&command);
        settle(&mut commands).await;
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "run\n");
        commands.trigger(&command);
        assert!(!commands.is_idle());
        settle(&mut commands).await;
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "run\nrun\n");
        let counts = |status: &CommandStatus| (status.runs, status.failures);
        assert_eq!(counts(&commands.statuses()[0]), (2, 0));
    }

    #[tokio::test]
    async fn a_failing_command_is_tried_again_and_then_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let line = format!("echo run >> {}; exit 7", log.display());
        let mut commands = Commands::with_retry(Vec::new(), QUICK);
        commands.trigger(&mk_command(&["sh", "-c", &line]));
        settle(&mut commands).await;
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "run\n".repeat(4));
        let statuses = commands.statuses();
        let error = statuses[0].error.as_deref().unwrap_or_default();
        assert!(error.contains("exit status: 7"), "{statuses:?}");
        assert_eq!((statuses[0].runs, statuses[0].failures), (4, 4));
    }

    #[tokio::test]
    async fn a_failing_command_does_not_hold_up_another() {
        let mut commands = Commands::with_retry(vec![("MARK".into(), "x".into())], QUICK);
        commands.trigger(&mk_command(&["false", ""]));
        let good = mk_command(&["sh", "-c", "test \"$MARK\" = x"]);
        commands.trigger(&good);
        commands.finished().await;
        assert_eq!(commands.workers[&good].finished, 1);
        settle(&mut commands).await;
        let statuses = commands.statuses();
        let failed: Vec<bool> = statuses.iter().map(|it| it.error.is_some()).collect();
        assert_eq!(failed, [true, false], "{statuses:?}");
    }
}
