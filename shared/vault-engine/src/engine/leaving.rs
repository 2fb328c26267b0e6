//! Revoking what the engine holds when it is told to leave.
//!
//! Revoking a token ends its leases too, so one request does for most. If a token cannot be revoked (a
//! batch token, a policy without `revoke-self`) or is not the engine's to revoke, its leases are revoked
//! one by one. The driver sets the deadline: what is left then ends with its TTL.

use std::collections::BTreeMap;
use std::sync::Arc;

use vault_wire::LeaseId;

use super::{Caller, Engine};
use crate::call::{Answer, Call, CallId};
use crate::output::{Note, Output};
use crate::time::Now;

/// What the engine does on its way out.
pub(super) struct Leaving {
    asked: BTreeMap<CallId, Subject>,
    /// To be revoked one by one if the token cannot be.
    leases: Vec<LeaseId>,
    all: bool,
}

#[derive(Clone)]
enum Subject {
    EarlierToken,
    Token,
    Lease(LeaseId),
}

impl Engine {
    /// Nothing is read or renewed any more. What is held is revoked; the leases alone unless
    /// `with_token`. [`Output::Left`] comes when that is done.
    pub fn leave(&mut self, now: Now, with_token: bool) {
        if self.leaving.is_some() {
            return;
        }
        let mut leases: Vec<LeaseId> = self
            .held_leases()
            .map(|(_, lease, _)| lease.clone())
            .collect();
        leases.sort_unstable();
        leases.dedup();
        let mut leaving = Leaving {
            asked: BTreeMap::new(),
            leases: Vec::new(),
            all: true,
        };
        if let Some(login) = self.token.login().cloned() {
            if with_token {
                // Tokens of earlier logins hold leases that have not been replaced yet.
                let earlier = login.earlier.iter();
                for (token, _) in earlier.filter(|(_, ends_at)| *ends_at > now.mono) {
                    let token = token.clone();
                    let call = Call::RevokeToken { token };
                    let call = self.io.call(Caller::Leaving, call);
                    leaving.asked.insert(call, Subject::EarlierToken);
                }
                let token = login.token.clone();
                let call = self.io.call(Caller::Leaving, Call::RevokeToken { token });
                leaving.asked.insert(call, Subject::Token);
                leaving.leases = leases;
            } else {
                for lease in leases {
                    let token = login.token.clone();
                    let call = Call::RevokeLease {
                        token,
                        lease: lease.clone(),
                    };
                    let call = self.io.call(Caller::Leaving, call);
                    leaving.asked.insert(call, Subject::Lease(lease));
                }
            }
        }
        if leaving.asked.is_empty() {
            self.io.outputs.push_back(Output::Left { all: true });
        }
        self.leaving = Some(leaving);
    }

    pub(super) fn answer_leaving(&mut self, call: CallId, answer: Answer) {
        let Some(leaving) = &mut self.leaving else {
            return;
        };
        let Some(subject) = leaving.asked.remove(&call) else {
            return;
        };
        let Answer::Revoked(outcome) = answer else {
            return;
        };
        let error = outcome.err().map(Arc::new);
        leaving.all &= error.is_none();
        let lease = match &subject {
            Subject::Lease(lease) => Some(lease.clone()),
            Subject::EarlierToken | Subject::Token => None,
        };
        let is_refused = error.is_some() && matches!(subject, Subject::Token);
        self.io.note(Note::Revoked { lease, error });
        if is_refused && let Some(login) = self.token.login() {
            for lease in std::mem::take(&mut leaving.leases) {
                let token = login.token.clone();
                let call = Call::RevokeLease {
                    token,
                    lease: lease.clone(),
                };
                let call = self.io.call(Caller::Leaving, call);
                leaving.asked.insert(call, Subject::Lease(lease));
            }
        }
        if leaving.asked.is_empty() {
            let all = leaving.all;
            self.io.outputs.push_back(Output::Left { all });
        }
    }
}
