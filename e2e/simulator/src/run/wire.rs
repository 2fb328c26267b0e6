//! Requests and answers on their way: late, lost, and looked at when they come.

use vault_engine::Answer;
use vault_wire::Granted;

use super::{Asked, Due, Run, drain};
use crate::books::{Violation, error_of};
use crate::scenario::{Absence, Millis, SECOND};
use crate::vault::{token_of, unanswered};

/// Requests that are not answered count as lost after so long, as in the agent's client.
const TIMEOUT: Millis = 60 * SECOND;

impl Run<'_> {
    /// A request is on its way.
    pub(super) fn send(&mut self, asked: Asked) -> Result<(), Violation> {
        let is_disturbed = self.books.is_disturbed(self.now);
        let mono = self.mono();
        self.requests.sent(self.now, mono, is_disturbed, &asked)?;
        let asked = Box::new(asked);
        let latency = if self.dice.once_in(200) {
            self.dice.between(40, 20_000)
        } else {
            self.dice.between(1, 40)
        };
        if self.dice.once_in(500) {
            // It never arrives.
            self.books.disturb(self.now + TIMEOUT, None);
            let answer = Box::new(unanswered(&asked.call, true));
            self.plan(self.now + TIMEOUT, Due::Answer { asked, answer });
            return Ok(());
        }
        let is_lost = self.dice.once_in(500);
        if is_lost || latency > SECOND {
            self.books.disturb(self.now + latency + SECOND, None);
        }
        self.plan(self.now + latency, Due::Arrival { asked, is_lost });
        Ok(())
    }

    pub(super) fn arrive(&mut self, asked: Box<Asked>, is_lost: bool) {
        let call = &asked.call;
        let (wait, answer) = match self.vault.absence {
            Some(Absence::Refused) => (1, unanswered(call, false)),
            Some(Absence::Silent) => (TIMEOUT, unanswered(call, true)),
            _ => {
                let answer = self.vault.handle(self.now, call);
                if is_lost {
                    (SECOND, unanswered(call, false))
                } else {
                    (self.dice.between(1, 20), answer)
                }
            }
        };
        let answer = Box::new(answer);
        self.plan(self.now + wait, Due::Answer { asked, answer });
    }

    pub(super) fn answer(&mut self, asked: &Asked, answer: Answer) -> Result<(), Violation> {
        let Asked { id, call, name, .. } = asked;
        let Some(agent) = &mut self.agent else {
            return Ok(());
        };
        let error = error_of(&answer);
        match error {
            Some(error) => self.trace.add(
                self.now,
                format_args!("  {name} failed: {:?}", error.status()),
            ),
            None => self.trace.add(self.now, format_args!("  {name} answered")),
        }
        let is_transport = error.is_some_and(vault_wire::Error::is_transport);
        let is_away = error.is_some_and(vault_wire::Error::is_away) || is_transport;
        if is_transport {
            self.books.disturb(self.now, None);
        }
        if error.is_some_and(vault_wire::Error::is_permission_denied) {
            agent.logins.denied();
        }
        match &answer {
            Answer::LoggedIn(Ok(Granted::Token(auth))) => {
                let token = &auth.client_token;
                agent.tokens.insert(token.expose().to_owned());
                self.left.since = self.now;
                let is_in_order =
                    agent
                        .logins
                        .granted(self.now, token, self.scenario, &mut self.vault);
                if !is_in_order && !self.books.is_disturbed(self.now) {
                    return Err(Violation {
                        rule: "one login for each life of a token",
                        seen: "another login without a reason".into(),
                    });
                }
            }
            Answer::TokenInfo(Ok(_)) if agent.engine.login().is_none() => {
                if let Some(token) = token_of(call) {
                    agent.logins.kept(self.left.since, token);
                }
            }
            Answer::Secret(Ok(Some(response))) => {
                if let Some(lease) = &response.lease
                    && let Some(user) = drain::user(response)
                {
                    agent.take_lease(&lease.id, user);
                }
            }
            _ => {}
        }
        let mono = self.mono();
        self.requests.answered(mono, asked, &answer);
        let now = self.clock();
        let Some(agent) = &mut self.agent else {
            return Ok(());
        };
        agent.engine.answer(now, *id, answer);
        if !is_away && agent.leaving.is_none() && agent.engine.is_vault_away() {
            return Err(Violation {
                rule: "any answer of Vault ends the wait for it",
                seen: format!("{name} was answered"),
            });
        }
        self.drain()
    }
}
