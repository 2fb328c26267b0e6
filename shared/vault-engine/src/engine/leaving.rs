//! Revoking what the engine holds when it is told to leave.
//!
//! Revoking a token ends its leases too, so one request does for most. If a token cannot be revoked (a
//! batch token, a policy without `revoke-self`) or is not the engine's to revoke, its leases are revoked
//! one by one. The driver sets the deadline: what is left then ends with its TTL.

use std::collections::BTreeMap;
use std::sync::Arc;

use vault_wire::{LeaseId, Token};

use super::{Caller, Engine};
use crate::call::{Answer, Call, CallId};
use crate::output::{Note, Output};
use crate::time::Now;

/// Leases that are revoked at the same time: a thousand at once would only be refused.
const MOST_AT_ONCE: usize = 8;

/// What the engine does on its way out.
pub(super) struct Leaving {
    asked: BTreeMap<CallId, Subject>,
    /// To be revoked, a few at a time: at once, or if the token cannot be.
    leases: Vec<LeaseId>,
    /// The leases are not revoked with their token, but by themselves.
    revokes_leases: bool,
    /// Nothing lives on so far.
    all: bool,
    is_over: bool,
}

enum Subject {
    /// One that is not in use: of a login before, of an earlier process, or of a login too late.
    OtherToken,
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
            leases,
            revokes_leases: !with_token,
            all: true,
            is_over: false,
        };
        if let Some(login) = self.token.login().cloned().filter(|_| with_token) {
            // Tokens of earlier logins hold leases that have not been replaced yet.
            let earlier = login.earlier.iter();
            for (token, _) in earlier.filter(|(_, ends_at)| *ends_at > now.mono) {
                self.revoke_token(token.clone(), Subject::OtherToken, &mut leaving);
            }
            self.revoke_token(login.token.clone(), Subject::Token, &mut leaving);
        }
        if let Some(kept) = self.token.kept().cloned().filter(|_| with_token) {
            self.revoke_token(kept, Subject::OtherToken, &mut leaving);
        }
        self.leaving = Some(leaving);
        self.finish_leaving();
    }

    fn revoke_token(&mut self, token: Token, subject: Subject, leaving: &mut Leaving) {
        let call = self.io.call(Caller::Leaving, Call::RevokeToken { token });
        leaving.asked.insert(call, subject);
    }

    /// A login that was under way brought another token.
    pub(super) fn take_late_token(&mut self, token: Token) {
        let Some(mut leaving) = self.leaving.take() else {
            return;
        };
        if !leaving.revokes_leases {
            self.revoke_token(token, Subject::OtherToken, &mut leaving);
        }
        self.leaving = Some(leaving);
    }

    /// Revokes some of the leases that are left.
    fn revoke_leases(&mut self) {
        let (Some(login), Some(leaving)) = (self.token.login(), &mut self.leaving) else {
            return;
        };
        while leaving.revokes_leases
            && leaving.asked.len() < MOST_AT_ONCE
            && let Some(lease) = leaving.leases.pop()
        {
            let token = login.token.clone();
            let call = Call::RevokeLease {
                token,
                lease: lease.clone(),
            };
            let call = self.io.call(Caller::Leaving, call);
            leaving.asked.insert(call, Subject::Lease(lease));
        }
    }

    /// A read that was under way brought another lease.
    pub(super) fn take_late_lease(&mut self, lease: LeaseId) {
        if let Some(leaving) = &mut self.leaving {
            leaving.leases.push(lease);
        }
    }

    pub(super) fn answer_leaving(&mut self, call: CallId, answer: Answer) {
        let Some(leaving) = &mut self.leaving else {
            return;
        };
        let (Some(subject), Answer::Revoked(outcome)) = (leaving.asked.remove(&call), answer)
        else {
            return;
        };
        let error = outcome.err().map(Arc::new);
        leaving.all &= error.is_none();
        leaving.revokes_leases |= error.is_some() && matches!(subject, Subject::Token);
        self.io.note(match subject {
            Subject::Lease(lease) => Note::LeaseRevoked { lease, error },
            Subject::OtherToken => Note::TokenRevoked {
                is_other: true,
                error,
            },
            Subject::Token => Note::TokenRevoked {
                is_other: false,
                error,
            },
        });
        self.finish_leaving();
    }

    /// Goes on, and reports once that there is nothing more to do.
    pub(super) fn finish_leaving(&mut self) {
        self.revoke_leases();
        let Some(leaving) = &mut self.leaving else {
            return;
        };
        let waits = !leaving.asked.is_empty() || (leaving.revokes_leases && self.reading > 0);
        if !waits && !std::mem::replace(&mut leaving.is_over, true) {
            let all = leaving.all;
            self.io.outputs.push_back(Output::Left { all });
        }
    }
}
