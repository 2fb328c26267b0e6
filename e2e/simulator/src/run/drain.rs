//! What the agent's driver does with the outputs of its engine.

use std::collections::BTreeSet;

use vault_engine::{Answer, Call, CallId, Note, Output, Reading, SecretId};
use vault_wire::Response;

use super::{Asked, Due, Run};
use crate::books::{Shown, Violation, name};
use crate::scenario::{Kind, Millis, SECOND};

/// Vault is back, and this is who was served.
pub(super) struct Back {
    at: Millis,
    /// The process found it away for longer than an interval, so that all reads are overdue.
    was_long: bool,
    patient: BTreeSet<String>,
}

#[derive(Default)]
struct Batch {
    is_back: bool,
    has_read: bool,
}

/// The database user in an answer.
pub(super) fn user(response: &Response) -> Option<String> {
    field(response, "/username")
}

fn field(response: &Response, pointer: &str) -> Option<String> {
    let data: serde_json::Value = response.data.as_ref()?.parse().ok()?;
    let value = data.pointer(pointer)?;
    Some(
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
    )
}

fn shown(kind: Kind, response: Option<&Response>) -> Shown {
    let shown = response.and_then(|response| {
        Some(match kind {
            Kind::Kv2 => Shown::Value(raw(response, "/data/value")?),
            Kind::Kv1 => Shown::Value(raw(response, "/value")?),
            Kind::Static { .. } => Shown::Value(field(response, "/password")?),
            Kind::Dynamic { .. } | Kind::ZeroLease => Shown::User(user(response)?),
            Kind::Pki { .. } => {
                let end: u64 = field(response, "/expiration")?.parse().ok()?;
                let start = u64::try_from(crate::vault::wall(0).as_second()).ok()?;
                Shown::Until(end.saturating_sub(start) * SECOND)
            }
            Kind::List | Kind::Write => Shown::Lasting,
        })
    });
    shown.unwrap_or(Shown::Lasting)
}

/// A value as the truth has it.
fn raw(response: &Response, pointer: &str) -> Option<String> {
    let data: serde_json::Value = response.data.as_ref()?.parse().ok()?;
    Some(data.pointer(pointer)?.to_string())
}

impl Run<'_> {
    pub(super) fn drain(&mut self) -> Result<(), Violation> {
        let mut batch = Batch::default();
        while let Some(output) = self
            .agent
            .as_mut()
            .and_then(|agent| agent.engine.poll_output())
        {
            self.take(output, &mut batch)?;
        }
        Ok(())
    }

    fn take(&mut self, output: Output, batch: &mut Batch) -> Result<(), Violation> {
        let Some(agent) = &mut self.agent else {
            return Ok(());
        };
        match output {
            Output::Call(id, Call::Recall { secret, token }) => {
                let recalled = agent.wants.get(&secret).and_then(|want| {
                    let (asked_with, recalled) = self.inherited.secrets.remove(want)?;
                    let is_good = recalled.response.lease.is_none() || asked_with == token.expose();
                    is_good.then_some(recalled)
                });
                let now = self.clock();
                if let Some(agent) = &mut self.agent {
                    agent.engine.answer(now, id, Answer::Recalled(recalled));
                }
            }
            Output::Call(id, call) => return self.call(id, call, batch),
            Output::Reading(id, reading) => return self.render(id, *reading),
            Output::Forget(id) => {
                if let Some(want) = agent.wants.get(&id) {
                    self.left.secrets.remove(want);
                }
            }
            Output::Recovered(id) => {
                if let Some(want) = agent.wants.get(&id) {
                    self.books.set_failing(*want, false);
                }
            }
            Output::Failed(id, failure) => {
                if let Some(want) = agent.wants.get(&id) {
                    self.books.set_failing(*want, true);
                    let attempt = failure.attempt;
                    self.trace
                        .add(self.now, format_args!("secret {want} failing, {attempt}"));
                }
            }
            Output::LoggedIn(_) => {
                self.books.is_login_failing = false;
                self.books.runs_since(self.now);
            }
            Output::LoginFailed { .. } => self.books.is_login_failing = true,
            Output::GaveUp(reason) => {
                self.trace
                    .add(self.now, format_args!("gave up: {reason:?}"));
                self.end_process();
                self.plan(self.now + 10 * SECOND, Due::Start { keeps_state: true });
            }
            Output::KeepToken(token) => self.left.token = Some(token),
            Output::ForgetToken => self.left.token = None,
            Output::Left { all } => return self.left(all),
            Output::Note(note) => self.note(&note, batch),
            Output::Unchanged(..) | Output::Wrapped(_) | Output::TokenLife(_) => {}
        }
        Ok(())
    }

    fn call(&mut self, id: CallId, call: Call, batch: &mut Batch) -> Result<(), Violation> {
        let asked = Asked {
            process: self.process,
            id,
            name: name(&call),
            call,
        };
        let what = asked.name.as_str();
        self.trace.add(self.now, format_args!("{what}"));
        let may_wait = what.starts_with("read secret/metadata/app")
            || what.starts_with("read plain/")
            || what.starts_with("list ");
        let is_patient = may_wait && self.has_value(what);
        if batch.is_back {
            batch.has_read |= is_patient;
            if batch.has_read && matches!(asked.call, Call::RenewLease { .. }) {
                return Err(Violation {
                    rule: "after an outage, what ends goes first",
                    seen: format!("{what} comes after a read that could wait"),
                });
            }
        }
        if let Some(back) = &mut self.back
            && back.was_long
            && is_patient
        {
            if self.now - back.at > self.scenario.interval / 50 {
                self.back = None;
            } else {
                back.patient.insert(what.to_owned());
                let at_once = back.patient.len();
                if at_once >= 4 {
                    return Err(Violation {
                        rule: "after an outage, overdue reads are spread over an interval",
                        seen: format!("{at_once} in its first fiftieth"),
                    });
                }
            }
        }
        self.send(asked)
    }

    /// Whether the process has a value of the secret that a call is about.
    fn has_value(&self, call: &str) -> bool {
        let name = call.trim_end_matches(|it: char| it.is_ascii_digit());
        let number = call[name.len()..].parse().ok();
        let agent = self.agent.as_ref();
        agent
            .zip(number)
            .is_some_and(|(agent, number)| agent.shown.contains(&number))
    }

    fn render(&mut self, id: SecretId, reading: Reading) -> Result<(), Violation> {
        let Some(agent) = &mut self.agent else {
            return Ok(());
        };
        let Some(want) = agent.wants.get(&id).copied() else {
            return Ok(());
        };
        let Some(kind) = self.scenario.kind(want) else {
            return Ok(());
        };
        agent.shown.insert(want);
        let response = reading.response.as_ref();
        let lease = response.and_then(|response| response.lease.as_ref());
        if let Some(lease) = lease {
            if let Some(user) = response.and_then(user) {
                agent.users.insert(lease.id.as_str().to_owned(), user);
            }
            let is_held = agent
                .engine
                .held_leases()
                .any(|(_, held, _)| *held == lease.id);
            if !is_held {
                return Err(Violation {
                    rule: "a lease is held before its file is written",
                    seen: format!("secret {want}, {}", lease.id),
                });
            }
        }
        let from = if reading.is_recalled {
            "recalled"
        } else {
            "new"
        };
        self.trace
            .add(self.now, format_args!("secret {want} is shown, {from}"));
        self.books.show(want, shown(kind, response));
        match reading.response {
            Some(response) if !reading.is_past_its_time => {
                let recalled = vault_engine::Recalled {
                    response,
                    since: reading.since,
                    path: reading.path,
                    mount: reading.mount.map(|mount| (*mount).clone()),
                };
                let token = reading.token.expose().to_owned();
                self.left.secrets.insert(want, (token, recalled));
            }
            _ => {
                self.left.secrets.remove(&want);
            }
        }
        Ok(())
    }

    fn note(&mut self, note: &Note, batch: &mut Batch) {
        let wall = self.clock().wall;
        let Some(agent) = &mut self.agent else {
            return;
        };
        match note {
            Note::LeaseRenewed { secret, .. } => {
                let want = agent.wants.get(secret);
                if let Some((_, kept)) = want.and_then(|want| self.left.secrets.get_mut(want)) {
                    kept.since = wall;
                }
            }
            Note::TokenRevoked { error: Some(_), .. }
            | Note::LeaseRevoked { error: Some(_), .. } => {
                agent.was_named = true;
            }
            Note::TokenInvalid | Note::NewCredentials => agent.logins.give_reason(),
            Note::BreakerOpened(_) => {
                self.away_since.get_or_insert(self.now);
                self.back = None;
                self.trace.add(self.now, format_args!("Vault is away"));
            }
            Note::BreakerClosed => {
                batch.is_back = true;
                // Overdue reads take their turn within an interval, and are in no doubt until then.
                self.books.runs_since(self.now + self.scenario.interval);
                let away = self.now - self.away_since.take().unwrap_or(self.now);
                self.back = Some(Back {
                    at: self.now,
                    was_long: away > self.scenario.interval,
                    patient: BTreeSet::new(),
                });
                self.trace.add(self.now, format_args!("Vault is back"));
            }
            _ => {}
        }
    }
}
