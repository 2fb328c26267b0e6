//! Exec mode: the agent as the supervisor of one program, whose environment holds the secrets.
//!
//! ```text
//! renderer ─ values ─▶ Supervisor ─ plan ─▶ start, ask to end, kill
//!                          ▲ └─ signals that are not the agent's own are passed on
//!                          └─ SIGCHLD: the program and its orphans are waited for
//! ```
//!
//! The values are in the environment of the program and nowhere else: not in arguments, logs, files,
//! or the agent's own environment.

mod child;
mod plan;
mod signal;
mod values;

use std::sync::Arc;

use rustix::process::Signal;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use crate::command::{CommandError, CommandSpec};
use child::{Child, Exit};
use plan::{Action, Event, PATIENCE, Plan};

pub(crate) use plan::Restart;
pub(crate) use signal::{SignalName, UnknownSignal};
pub(crate) use values::{LatestValues, Values};

/// The program and how it is treated.
#[derive(Clone, Debug)]
pub struct ExecSettings {
    /// The program.
    pub command: CommandSpec,
    /// What a change of a value does to it.
    pub restart: Restart,
    /// Asks it to end.
    pub stop_signal: SignalName,
}

/// The program cannot be run.
#[derive(Debug, Error)]
pub enum ExecError {
    /// It is no program.
    #[error("exec: {0}")]
    Command(#[from] CommandError),
    /// It cannot be started.
    #[error("exec: cannot start {program:?}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The system gives no signals.
    #[error("exec: {0}")]
    System(#[from] std::io::Error),
}

/// The end of the program, and with it of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The code to end with.
    pub code: u8,
    /// The agent was asked to leave.
    pub was_asked: bool,
}

/// Runs one program.
pub(crate) struct Supervisor {
    settings: ExecSettings,
    latest: LatestValues,
    plan: Plan,
    child: Option<Child>,
    /// Those of the child.
    values: Option<Arc<Values>>,
    was_asked: bool,
    ended_children: tokio::signal::unix::Signal,
    passed_on: Vec<(Signal, tokio::signal::unix::Signal)>,
}

impl Supervisor {
    /// Nothing runs yet. From here on, this process waits for all of its children.
    pub(crate) fn new(settings: ExecSettings, latest: LatestValues) -> Result<Self, ExecError> {
        child::adopt_orphans()?;
        // SIGTERM and SIGINT end the agent, SIGHUP is its own too.
        let passed_on = [
            (Signal::QUIT, SignalKind::quit()),
            (Signal::USR1, SignalKind::user_defined1()),
            (Signal::USR2, SignalKind::user_defined2()),
            (Signal::WINCH, SignalKind::window_change()),
            (Signal::ALARM, SignalKind::alarm()),
        ];
        let passed_on = passed_on
            .into_iter()
            .map(|(name, kind)| Ok((name, signal(kind)?)))
            .collect::<std::io::Result<_>>()?;
        Ok(Self {
            settings,
            latest,
            plan: Plan::Waiting,
            child: None,
            values: None,
            was_asked: false,
            ended_children: signal(SignalKind::child())?,
            passed_on,
        })
    }

    /// Starts the program when its values are there and keeps it running, until it ends by itself or
    /// `leave` has asked for the end. What runs when the future is dropped goes on running.
    pub(crate) async fn run(
        &mut self,
        leave: impl Future<Output = ()>,
    ) -> Result<Ended, ExecError> {
        tokio::pin!(leave);
        self.latest.mark_changed();
        loop {
            let due = self.plan.due();
            let event = tokio::select! {
                biased;
                () = &mut leave, if !self.was_asked => {
                    self.was_asked = true;
                    Event::Leave
                }
                _ = self.ended_children.recv() => match self.look_at_children() {
                    Some(event) => event,
                    None => continue,
                },
                signal = received(&mut self.passed_on) => {
                    if let Some(child) = &self.child {
                        child.signal(signal);
                    }
                    continue;
                }
                Ok(()) = self.latest.changed() => match &*self.latest.borrow_and_update() {
                    None => continue,
                    latest if *latest == self.values => Event::Same,
                    _ => Event::Different,
                },
                () = at(due) => Event::Due,
            };
            if let Some(ended) = self.step(event)? {
                return Ok(ended);
            }
        }
    }

    /// Ends a program that runs, whatever the agent ends for.
    pub(crate) async fn stop(&mut self) {
        if self.child.is_some() {
            self.was_asked = false;
            // It is no start that could fail.
            let _ = self.run(std::future::ready(())).await;
        }
    }

    fn step(&mut self, event: Event) -> Result<Option<Ended>, ExecError> {
        let (plan, action) = self.plan.step(event, self.settings.restart, Instant::now());
        self.plan = plan;
        match action {
            Action::Nothing => {}
            Action::Start => self.start()?,
            Action::AskToEnd => {
                let signal = self.settings.stop_signal;
                info!(target: "agent.exec.server", %signal, "stopping process");
                if let Some(child) = &self.child {
                    child.signal(signal.0);
                }
            }
            Action::Kill => {
                warn!(target: "agent.exec.server", "process did not stop in {PATIENCE:?}, killing it");
                if let Some(child) = &self.child {
                    child.kill();
                    if child.exit().is_some() {
                        // Only what it left behind was still there.
                        return self.step(Event::Gone);
                    }
                }
            }
            Action::Keep => {
                info!(target: "agent.exec.server", "secrets changed, but the process is not restarted as configured");
            }
            Action::End => {
                let exit = self.child.take().and_then(|child| child.exit());
                let code = match exit {
                    None => 0,
                    // That is what was asked for.
                    Some(Exit::Signal(_)) if self.was_asked => 0,
                    Some(exit) => exit.code(),
                };
                if exit.is_some() {
                    info!(target: "agent.exec.server", "process exited with {code}");
                }
                return Ok(Some(Ended {
                    code,
                    was_asked: self.was_asked,
                }));
            }
        }
        Ok(None)
    }

    fn start(&mut self) -> Result<(), ExecError> {
        let values = self.latest.borrow_and_update().clone().unwrap_or_default();
        info!(target: "agent.exec.server", program = self.settings.command.name(), "starting process");
        let child = Child::start(&self.settings.command, &values)?;
        info!(target: "agent.exec.server", pid = child.id(), "process started");
        self.child = Some(child);
        self.values = Some(values);
        Ok(())
    }

    /// One that ends by itself has ended when its first process has; one that is stopped has to
    /// leave nothing behind that could stand in the way of the next.
    fn look_at_children(&mut self) -> Option<Event> {
        Child::reap(&mut self.child);
        let child = self.child.as_ref()?;
        child.exit()?;
        let waits_for_all = matches!(
            self.plan,
            Plan::Stopping {
                kill_at: Some(_),
                ..
            }
        );
        if waits_for_all {
            child.end_rest();
        }
        (!waits_for_all || child.is_gone()).then_some(Event::Gone)
    }
}

/// An agent that ends at once leaves no program behind.
impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Some(child) = self.child.as_ref().filter(|child| !child.is_gone()) {
            child.kill();
        }
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// The next signal of these.
async fn received(signals: &mut [(Signal, tokio::signal::unix::Signal)]) -> Signal {
    std::future::poll_fn(|context| {
        for (name, stream) in &mut *signals {
            if let std::task::Poll::Ready(Some(())) = stream.poll_recv(context) {
                return std::task::Poll::Ready(*name);
            }
        }
        std::task::Poll::Pending
    })
    .await
}
