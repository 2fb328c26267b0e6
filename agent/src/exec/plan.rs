//! When the program is started, asked to end, killed: decisions without process or clock.
//!
//! ```text
//! Waiting ─complete─▶ Running ─values differ, 2 s quiet─▶ Stopping ─gone─▶ Running
//!                        │                                    └─30 s─▶ kill
//!                        ├─ends by itself─▶ the agent ends
//!                        └─agent asked to leave─▶ Stopping ─gone─▶ the agent ends
//! ```

use std::time::Duration;

use tokio::time::Instant;

/// Values that change together, such as a name and its password, come within this time.
pub(super) const QUIET: Duration = Duration::from_secs(2);
/// Time that a program has to end when it is asked to.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What a change of a value does to the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// It is started again with the new values.
    #[default]
    Always,
    /// It is left alone.
    Never,
}

/// Where the program is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Not all values are there.
    Waiting,
    /// It runs. Values that differ from its own are acted upon at that time.
    Running { change_at: Option<Instant> },
    /// It was asked to end.
    Stopping {
        /// `None` once it was killed.
        kill_at: Option<Instant>,
        restart: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// There are values, and they are not those of the program.
    Different,
    /// The values are those of the program, perhaps again.
    Same,
    /// The time of [`Plan::due`] has come.
    Due,
    /// The program has ended.
    Gone,
    /// The agent was asked to leave.
    Leave,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    Start,
    AskToEnd,
    Kill,
    /// The program keeps its old values.
    Keep,
    /// The agent ends.
    End,
}

impl Plan {
    /// When [`Event::Due`] is expected.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Waiting => None,
            Self::Running { change_at } => *change_at,
            Self::Stopping { kill_at, .. } => *kill_at,
        }
    }

    pub(super) fn step(self, event: Event, restart: Restart, now: Instant) -> (Self, Action) {
        use Action::{AskToEnd, End, Keep, Kill, Nothing, Start};
        let running = Self::Running { change_at: None };
        let stopping = |restart| Self::Stopping {
            kill_at: Some(now + PATIENCE),
            restart,
        };
        match (self, event) {
            (Self::Waiting, Event::Different)
            | (Self::Stopping { restart: true, .. }, Event::Gone) => (running, Start),
            (Self::Waiting, Event::Leave)
            | (Self::Running { .. } | Self::Stopping { restart: false, .. }, Event::Gone) => {
                (self, End)
            }
            (Self::Running { .. }, Event::Different) => {
                let change_at = Some(now + QUIET);
                (Self::Running { change_at }, Nothing)
            }
            (Self::Running { .. }, Event::Same) => (running, Nothing),
            (Self::Running { change_at: Some(_) }, Event::Due) => match restart {
                Restart::Always => (stopping(true), AskToEnd),
                Restart::Never => (running, Keep),
            },
            (Self::Running { .. }, Event::Leave) => (stopping(false), AskToEnd),
            (Self::Stopping { kill_at, .. }, Event::Leave) => {
                let restart = false;
                (Self::Stopping { kill_at, restart }, Nothing)
            }
            (
                Self::Stopping {
                    kill_at: Some(_),
                    restart,
                },
                Event::Due,
            ) => {
                let kill_at = None;
                (Self::Stopping { kill_at, restart }, Kill)
            }
            (plan, _) => (plan, Nothing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_running() -> Plan {
        Plan::Running { change_at: None }
    }

    #[test]
    fn the_program_starts_as_soon_as_all_values_are_there() {
        let now = Instant::now();
        let (plan, action) = Plan::Waiting.step(Event::Different, Restart::Always, now);
        assert_eq!((plan, action), (mk_running(), Action::Start));
        let (_, action) = Plan::Waiting.step(Event::Leave, Restart::Always, now);
        assert_eq!(action, Action::End);
    }

    #[test]
    fn changes_are_collected_and_one_that_is_taken_back_is_none() {
        let start = Instant::now();
        let step = |plan: Plan, event, now| plan.step(event, Restart::Always, now).0;
        let plan = step(mk_running(), Event::Different, start);
        assert_eq!(plan.due(), Some(start + QUIET));
        let later = start + Duration::from_secs(1);
        let plan = step(plan, Event::Different, later);
        assert_eq!(plan.due(), Some(later + QUIET));
        assert_eq!(step(plan, Event::Same, later), mk_running());
        let (plan, action) = plan.step(Event::Due, Restart::Always, later + QUIET);
        assert_eq!(action, Action::AskToEnd);
        assert_eq!(plan.due(), Some(later + QUIET + PATIENCE));
        assert_eq!(
            plan.step(Event::Gone, Restart::Always, later),
            (mk_running(), Action::Start)
        );
    }

    #[test]
    fn a_program_that_is_to_be_left_alone_is_told_nothing() {
        let now = Instant::now();
        let (plan, _) = mk_running().step(Event::Different, Restart::Never, now);
        let outcome = plan.step(Event::Due, Restart::Never, now + QUIET);
        assert_eq!(outcome, (mk_running(), Action::Keep));
    }

    #[test]
    fn a_program_that_does_not_end_in_time_is_killed_once() {
        let now = Instant::now();
        let (plan, action) = mk_running().step(Event::Leave, Restart::Always, now);
        assert_eq!(action, Action::AskToEnd);
        let (plan, action) = plan.step(Event::Due, Restart::Always, now + PATIENCE);
        assert_eq!((plan.due(), action), (None, Action::Kill));
        let (_, action) = plan.step(Event::Due, Restart::Always, now + PATIENCE);
        assert_eq!(action, Action::Nothing);
        let (_, action) = plan.step(Event::Gone, Restart::Always, now);
        assert_eq!(action, Action::End);
    }

    #[test]
    fn an_order_to_leave_during_a_restart_is_the_end() {
        let now = Instant::now();
        let stopping = Plan::Stopping {
            kill_at: Some(now),
            restart: true,
        };
        let (plan, action) = stopping.step(Event::Leave, Restart::Always, now);
        assert_eq!(action, Action::Nothing);
        let (_, action) = plan.step(Event::Gone, Restart::Always, now);
        assert_eq!(action, Action::End);
        let (_, action) = mk_running().step(Event::Gone, Restart::Always, now);
        assert_eq!(action, Action::End);
    }
}
