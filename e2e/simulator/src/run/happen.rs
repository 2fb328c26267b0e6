//! What happens to Vault, the machine and the process.

use super::{Due, GRACE, Over, Run};
use crate::agent::{Agent, Left};
use crate::books::{Trouble, Violation};
use crate::scenario::{Exit, Happening, MINUTE, Millis, SECOND};
use crate::vault::PathFault;

impl Run<'_> {
    pub(super) fn happen(&mut self, index: usize) -> Result<(), Violation> {
        let Some((_, happening)) = self.scenario.events.get(index).copied() else {
            return Ok(());
        };
        self.trace.add(self.now, format_args!("{happening:?}"));
        let now = self.now;
        match happening {
            Happening::Outage(absence, lasts) => {
                self.outages += 1;
                if self.vault.absence.replace(absence).is_none() {
                    self.books.begin(now, Trouble::Outage);
                }
                self.plan(now + lasts, Due::Over(Over::Outage(self.outages)));
            }
            Happening::PathFault {
                want,
                status,
                retry_after,
                lasts,
            } => {
                self.vault.faults.push(PathFault {
                    want,
                    status,
                    retry_after,
                });
                self.books.begin(now, Trouble::Fault(want));
                self.plan(now + lasts, Due::Over(Over::Fault(want)));
            }
            Happening::Change(want) => {
                self.vault.change(now, want);
                self.tell_truth(want);
                // Nobody tells the agent of a rotation by hand.
                self.books
                    .disturb(now + self.books.horizon(want), Some(want));
            }
            Happening::RevokeLeases(want) => {
                self.vault.revoke_leases(want);
                self.books
                    .disturb(now + self.books.horizon(want), Some(want));
            }
            Happening::RevokeTokens => {
                self.vault.revoke_tokens();
                self.books.disturb_to_next_request(now);
            }
            Happening::PolicyOff(want, lasts) => {
                self.vault.set_allowed(now, want, false);
                self.books.begin(now, Trouble::Policy(want));
                self.plan(now + lasts, Due::Over(Over::PolicyOff(want)));
            }
            Happening::RoleOff(lasts) => {
                self.vault.set_role(now, self.scenario, false);
                self.books.begin(now, Trouble::Role);
                self.plan(now + lasts, Due::Over(Over::RoleOff));
            }
            Happening::WallClock(skew, lasts) => {
                self.skew = skew;
                self.plan(now + lasts, Due::Over(Over::WallClock));
                self.books.disturb(now + lasts, None);
            }
            Happening::Sleep(lasts) => {
                if self.agent.is_some() {
                    self.books.begin(now, Trouble::Sleep);
                    self.slept += lasts;
                    self.asleep_until = now + lasts;
                    self.plan(now + lasts, Due::Over(Over::Sleep));
                }
            }
            Happening::NewCredentials
            | Happening::Crash { .. }
            | Happening::Stop { .. }
            | Happening::Reload(_)
            | Happening::Unwant(..) => return self.happen_to_process(happening),
        }
        Ok(())
    }

    fn happen_to_process(&mut self, happening: Happening) -> Result<(), Violation> {
        let now = self.now;
        match happening {
            Happening::NewCredentials => {
                self.requests.may_log_in();
                let clock = self.clock();
                if let Some(agent) = &mut self.agent
                    && agent.leaving.is_none()
                {
                    agent.logins.give_reason();
                    agent.engine.credentials_changed(clock);
                }
                return self.drain();
            }
            Happening::Crash { keeps_state, down } if self.agent.is_some() => {
                self.end_process();
                self.plan(now + down, Due::Start { keeps_state });
            }
            Happening::Stop { exit, down } => {
                let leaves = self.agent.as_ref().is_some_and(|it| it.leaving.is_none());
                if leaves && exit == Exit::Leaves {
                    self.end_process();
                    self.plan(now + down, Due::Start { keeps_state: true });
                } else if leaves {
                    self.plan(now + GRACE + down, Due::Start { keeps_state: false });
                    return self.stop(exit == Exit::Revokes);
                }
            }
            Happening::Unwant(want, lasts) => return self.unwant(want, lasts),
            Happening::Reload(want) => {
                let clock = self.clock();
                let scenario = self.scenario;
                if let Some(agent) = &mut self.agent
                    && agent.leaving.is_none()
                {
                    agent.reload(scenario, want, clock);
                    self.forget_requests(want);
                    self.books.disturb(now, Some(want));
                }
                return self.drain();
            }
            _ => {}
        }
        Ok(())
    }

    /// A secret was released: what is wanted anew begins anew.
    fn forget_requests(&mut self, want: usize) {
        for name in ["app", "list", "out"] {
            self.requests.released(&format!("{name}{want}"));
        }
    }

    fn unwant(&mut self, want: usize, lasts: Millis) -> Result<(), Violation> {
        if !self.unwanted.insert(want) {
            return Ok(());
        }
        self.plan(self.now + lasts, Due::Wanted(want));
        self.books.unwant(want);
        self.left.secrets.remove(&want);
        let clock = self.clock();
        if let Some(agent) = self.agent.as_mut().filter(|it| it.leaving.is_none()) {
            agent.release(want, clock);
        }
        self.drain()
    }

    /// A secret is wanted again.
    pub(super) fn want_again(&mut self, want: usize) -> Result<(), Violation> {
        self.unwanted.remove(&want);
        self.forget_requests(want);
        let kind = self.scenario.kind(want);
        self.books.want(self.now, want, kind);
        let clock = self.clock();
        if let (Some(kind), Some(agent)) = (kind, &mut self.agent)
            && agent.leaving.is_none()
        {
            agent.want(want, kind, clock);
        }
        self.drain()
    }

    fn tell_truth(&mut self, want: usize) {
        if let Some(kind) = self.scenario.kind(want) {
            let truth = self.vault.truth(self.now, want, kind);
            self.books.set_truth(want, truth);
        }
    }

    pub(super) fn over(&mut self, over: Over) {
        let now = self.now;
        self.trace.add(now, format_args!("over: {over:?}"));
        match over {
            // Another outage began meanwhile, which lasts.
            Over::Outage(number) if number != self.outages => {}
            Over::Outage(_) => {
                self.vault.absence = None;
                self.books.finish(now, Trouble::Outage);
            }
            Over::Fault(want) => {
                let index = self.vault.faults.iter().position(|it| it.want == want);
                if let Some(index) = index {
                    self.vault.faults.remove(index);
                }
                self.books.finish(now, Trouble::Fault(want));
            }
            Over::PolicyOff(want) => {
                self.vault.set_allowed(now, want, true);
                self.books.finish(now, Trouble::Policy(want));
            }
            Over::RoleOff => {
                self.vault.set_role(now, self.scenario, true);
                self.books.finish(now, Trouble::Role);
            }
            Over::WallClock => {
                self.skew = 0;
                self.books.disturb(now, None);
            }
            Over::Sleep => {
                self.books.finish(now, Trouble::Sleep);
                self.books.runs_since(now);
                self.books.disturb_to_horizons(now);
                // The token may have ended while the agent's clock stood still.
                self.books.disturb_to_next_request(now);
            }
        }
    }

    pub(super) fn start(&mut self, keeps_state: bool) -> Result<(), Violation> {
        if self.agent.is_some() {
            return Ok(());
        }
        if !keeps_state {
            self.left = Left::default();
        }
        self.away_since = None;
        self.trace
            .add(self.now, format_args!("start, with state: {keeps_state}"));
        self.process += 1;
        self.requests.forget();
        self.books.forget_status();
        self.books.runs_since(self.now);
        self.books.finish(self.now, Trouble::Down);
        if self.skew != 0 {
            self.books.disturb_to_horizons(self.now);
        }
        self.inherited.secrets = self.left.secrets.clone();
        let kept = self.left.token.clone();
        let clock = self.clock();
        let mut agent = Agent::new(self.scenario, self.process, self.bug, kept.as_ref());
        for (want, kind) in &self.scenario.wants {
            if !self.unwanted.contains(want) {
                agent.want(*want, *kind, clock);
            }
        }
        agent.engine.start(kept);
        self.agent = Some(agent);
        self.drain()
    }

    /// The process is gone, and with it all that it waited for.
    pub(super) fn end_process(&mut self) {
        self.agent = None;
        self.process += 1;
        self.back = None;
        self.books.begin(self.now, Trouble::Down);
    }

    /// SIGTERM, with something to revoke.
    pub(super) fn stop(&mut self, with_token: bool) -> Result<(), Violation> {
        let clock = self.clock();
        let now = self.now;
        if let Some(agent) = &mut self.agent {
            self.trace.add(now, format_args!("SIGTERM"));
            agent.leave(now, clock, with_token);
            let process = self.process;
            self.plan(now + GRACE, Due::Kill { process });
        }
        self.drain()
    }

    /// The engine says that it is done.
    pub(super) fn left(&mut self, all: bool) -> Result<(), Violation> {
        let Some(agent) = &mut self.agent else {
            return Ok(());
        };
        let alive = agent.alive(self.now, &mut self.vault);
        let is_named = !all && agent.was_named;
        self.trace.add(self.now, format_args!("left, all: {all}"));
        if !alive.is_empty() && !is_named {
            return Err(Violation {
                rule: "at exit, what is held is revoked or named",
                seen: alive.join(", "),
            });
        }
        self.leave_nothing();
        Ok(())
    }

    fn leave_nothing(&mut self) {
        self.end_process();
        self.left = Left::default();
    }

    /// The time for leaving is over.
    pub(super) fn kill(&mut self) -> Result<(), Violation> {
        let since: Millis = self
            .agent
            .as_ref()
            .and_then(|agent| agent.leaving)
            .unwrap_or_default();
        self.leave_nothing();
        if self.asleep_until + MINUTE < since && self.now - since >= GRACE + SECOND {
            return Err(Violation {
                rule: "every run ends",
                seen: "SIGTERM, and no end".into(),
            });
        }
        Ok(())
    }
}
