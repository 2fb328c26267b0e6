//! A run: virtual time, what is due, and who is told.

mod drain;
mod happen;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use vault_engine::{Answer, Bug, Instant, Now};

use crate::agent::{Agent, Left};
use crate::books::{Asked, Books, Requests, Violation};
use crate::dice::Dice;
use crate::scenario::{HOUR, MINUTE, Millis, SECOND, Scenario};
use crate::trace::Trace;
use crate::vault::{Vault, system_time};

/// After SIGTERM a process is ended by force.
const GRACE: Millis = 150 * SECOND;
/// What is out of date is looked for at least this often.
const TICK: Millis = 5 * MINUTE;
/// More steps than this at one moment, and the engine never rests.
const MOST_STEPS: u32 = 20_000;

/// How a run went.
#[derive(Debug)]
pub struct Outcome {
    /// Requests that the agent made.
    pub requests: u64,
    /// Steps that were checked.
    pub steps: u64,
    /// A number that follows from all that happened.
    pub trace: u64,
    /// What broke a rule, and when.
    pub violation: Option<(Millis, Violation)>,
    /// What happened, if that was asked for.
    pub lines: Vec<String>,
}

pub(crate) enum Due {
    Arrival {
        asked: Box<Asked>,
        is_lost: bool,
    },
    Answer {
        asked: Box<Asked>,
        answer: Box<Answer>,
    },
    Happening(usize),
    Over(Over),
    Start {
        keeps_state: bool,
    },
    Kill {
        process: u64,
    },
    /// A secret that was not wanted for a while is wanted again.
    Wanted(usize),
    Tick,
}

/// What comes to an end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Over {
    Outage(u64),
    Fault(usize),
    PolicyOff(usize),
    RoleOff,
    WallClock,
    Sleep,
}

pub(crate) struct Run<'s> {
    scenario: &'s Scenario,
    bug: Option<Bug>,
    now: Millis,
    due: BTreeMap<(Millis, u64), Due>,
    last_due: u64,
    dice: Dice,
    vault: Vault,
    outages: u64,
    /// Since when a process has known that Vault is away; the one before, if it still is.
    away_since: Option<Millis>,
    /// Secrets that the configuration does without.
    unwanted: BTreeSet<usize>,
    /// The agent gets nothing before this time.
    asleep_until: Millis,
    /// How long the monotonic clock has stood still.
    slept: Millis,
    /// How wrong the wall clock is, in seconds.
    skew: i64,
    process: u64,
    agent: Option<Agent>,
    left: Left,
    inherited: Left,
    books: Books,
    requests: Requests,
    trace: Trace,
    steps: u64,
    steps_now: u32,
    is_ending: bool,
    back: Option<drain::Back>,
}

/// Runs a scenario to its end, or to the first rule that is broken.
pub(crate) fn run(scenario: &Scenario, bug: Option<Bug>, has_lines: bool) -> Outcome {
    let mut run = Run::new(scenario, bug, has_lines);
    let violation = run.play().err();
    if let Some(violation) = &violation {
        let (rule, seen) = (violation.rule, &violation.seen);
        run.trace
            .add(run.now, format_args!("BROKEN: {rule}: {seen}"));
    }
    Outcome {
        requests: run.requests.all,
        steps: run.steps,
        trace: run.trace.hash(),
        violation: violation.map(|violation| (run.now, violation)),
        lines: run.trace.into_lines(),
    }
}

impl<'s> Run<'s> {
    fn new(scenario: &'s Scenario, bug: Option<Bug>, has_lines: bool) -> Self {
        let mut run = Self {
            scenario,
            bug,
            now: 0,
            due: BTreeMap::new(),
            last_due: 0,
            dice: Dice::new(scenario.seed),
            vault: Vault::new(scenario),
            outages: 0,
            away_since: None,
            unwanted: BTreeSet::new(),
            asleep_until: 0,
            slept: 0,
            skew: 0,
            process: 0,
            agent: None,
            left: Left::default(),
            inherited: Left::default(),
            books: Books::new(scenario),
            requests: Requests::new(scenario),
            trace: Trace::new(has_lines),
            steps: 0,
            steps_now: 0,
            is_ending: false,
            back: None,
        };
        run.plan(0, Due::Start { keeps_state: false });
        run.plan(TICK, Due::Tick);
        for (index, (at, _)) in scenario.events.iter().enumerate() {
            run.plan(*at, Due::Happening(index));
        }
        for (number, kind) in &scenario.wants {
            let truth = run.vault.truth(0, *number, *kind);
            run.books.set_truth(*number, truth);
        }
        run
    }

    fn plan(&mut self, at: Millis, due: Due) {
        self.last_due += 1;
        self.due.insert((at, self.last_due), due);
    }

    /// This moment, as the agent's machine tells it.
    fn clock(&self) -> Now {
        let mono = self.now.saturating_sub(self.slept);
        let wall = system_time(self.now);
        let skew = Duration::from_secs(self.skew.unsigned_abs());
        Now {
            mono: Instant::new(Duration::from_millis(mono)),
            wall: if self.skew < 0 {
                wall - skew
            } else {
                wall + skew
            },
        }
    }

    fn mono(&self) -> Duration {
        self.clock().mono.since_origin()
    }

    /// When the engine wants to be woken, by the clock of the world.
    fn wake_at(&self) -> Option<Millis> {
        let at = self.agent.as_ref()?.engine.poll_timeout()?;
        let millis = at.since_origin().as_nanos().div_ceil(1_000_000);
        let at = u64::try_from(millis).unwrap_or(u64::MAX);
        Some(at.saturating_add(self.slept).max(self.asleep_until))
    }

    fn play(&mut self) -> Result<(), Violation> {
        loop {
            let next = self.due.first_key_value().map(|((at, _), _)| *at);
            let wake = self.wake_at();
            let at = match (next, wake) {
                (Some(next), Some(wake)) => next.min(wake),
                (Some(at), None) | (None, Some(at)) => at,
                (None, None) => return Ok(()),
            };
            let at = at.max(self.now);
            if self.is_ending && self.agent.is_none() {
                return Ok(());
            }
            if at > self.scenario.length && !self.is_ending {
                self.end();
                self.stop(true)?;
                continue;
            }
            if at > self.scenario.length + HOUR + self.asleep_until {
                return Err(Violation {
                    rule: "every run ends",
                    seen: "the agent has not ended an hour after SIGTERM".into(),
                });
            }
            self.steps_now = if at == self.now {
                self.steps_now + 1
            } else {
                0
            };
            if self.steps_now > MOST_STEPS {
                return Err(Violation {
                    rule: "the engine comes to rest",
                    seen: format!("{MOST_STEPS} steps at one moment"),
                });
            }
            self.now = at;
            self.steps += 1;
            if next.is_some_and(|next| next <= at) {
                if let Some(((_, _), due)) = self.due.pop_first() {
                    self.meet(due)?;
                }
            } else {
                let now = self.clock();
                if let Some(agent) = &mut self.agent {
                    agent.engine.wake(now);
                }
                self.drain()?;
            }
            self.books.check(self.now, &mut self.vault)?;
        }
    }

    /// The last day is over: nothing new happens, and the agent gets a SIGTERM.
    fn end(&mut self) {
        self.is_ending = true;
        self.now = self.scenario.length.max(self.asleep_until);
        self.due.retain(|_, due| {
            matches!(
                due,
                Due::Arrival { .. } | Due::Answer { .. } | Due::Kill { .. } | Due::Over(_)
            )
        });
    }

    fn meet(&mut self, due: Due) -> Result<(), Violation> {
        let is_for_agent = !matches!(due, Due::Arrival { .. } | Due::Over(_) | Due::Tick);
        if is_for_agent && self.now < self.asleep_until {
            self.plan(self.asleep_until, due);
            return Ok(());
        }
        match due {
            Due::Arrival { asked, is_lost } => {
                self.arrive(asked, is_lost);
                Ok(())
            }
            Due::Answer { asked, answer } if asked.process == self.process => {
                self.answer(&asked, *answer)
            }
            Due::Happening(index) => self.happen(index),
            Due::Over(over) => {
                self.over(over);
                Ok(())
            }
            Due::Start { keeps_state } => self.start(keeps_state),
            Due::Wanted(want) => self.want_again(want),
            Due::Kill { process } if process == self.process => self.kill(),
            Due::Answer { .. } | Due::Kill { .. } => Ok(()),
            Due::Tick => {
                self.plan(self.now + TICK, Due::Tick);
                Ok(())
            }
        }
    }
}
