//! Leases: secrets that end, at the latest with the token that asked for them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::by_name::{ByName, sorted};
use crate::deadlines::{Deadline, Deadlines};
use crate::ids::Ids;

/// A lease.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    token: Arc<str>,
    /// The credential that it stands for, for those who want to know whether it still works.
    subject: Arc<str>,
    issued: Timestamp,
    ttl: Duration,
    end: Deadline,
    latest: Timestamp,
    last_renewal: Option<Timestamp>,
    renewals: u32,
}

/// A lease, as tests see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaseView {
    /// Its name.
    pub id: String,
    /// The credential that it stands for: a database user, for example.
    pub subject: String,
    /// When it was given.
    pub issued: Timestamp,
    /// When it ends unless it is renewed.
    pub expires: Timestamp,
    /// How often it was renewed.
    pub renewals: u32,
}

/// All leases, by name.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    by_id: ByName<Lease>,
    by_token: ByName<BTreeSet<Arc<str>>>,
    by_subject: ByName<Arc<str>>,
    ends: Deadlines,
}

/// What a new lease shall be.
pub(crate) struct NewLease<'a> {
    /// Of the secret that it is for.
    pub(crate) path: &'a str,
    pub(crate) token: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) ttl: Duration,
    pub(crate) max_ttl: Duration,
}

/// What is granted: until when, and how long that is.
pub(crate) struct Granted {
    pub(crate) id: String,
    pub(crate) duration: Duration,
}

impl Leases {
    /// Gives a lease.
    pub(crate) fn grant(&mut self, new: &NewLease<'_>, now: Timestamp, ids: &mut Ids) -> Granted {
        let id = format!("{}/{}", new.path, ids.letters(24));
        let duration = new.ttl.min(new.max_ttl);
        let name: Arc<str> = id.as_str().into();
        let lease = Lease {
            token: new.token.into(),
            subject: new.subject.into(),
            issued: now,
            ttl: new.ttl,
            end: self.ends.add(now + duration, &name),
            latest: now + new.max_ttl,
            last_renewal: None,
            renewals: 0,
        };
        let of_token = self.by_token.entry(Arc::clone(&lease.token)).or_default();
        of_token.insert(Arc::clone(&name));
        self.by_subject
            .insert(Arc::clone(&lease.subject), Arc::clone(&name));
        self.by_id.insert(name, lease);
        Granted { id, duration }
    }

    /// Renews within the lease's limit; gives the new duration, and a warning when it is less than
    /// asked.
    pub(crate) fn renew(
        &mut self,
        id: &str,
        increment: Option<Duration>,
        now: Timestamp,
    ) -> Result<(Duration, Vec<String>), Refusal> {
        let lease = self
            .by_id
            .get_mut(id)
            .ok_or_else(|| Refusal::bad_request("lease not found"))?;
        let wanted = increment
            .filter(|increment| !increment.is_zero())
            .unwrap_or(lease.ttl);
        let (expires, warnings) = extend(now, wanted, Some(lease.latest));
        self.ends.postpone(&mut lease.end, expires);
        lease.last_renewal = Some(now);
        lease.renewals += 1;
        Ok((between(now, expires), warnings))
    }

    pub(crate) fn lookup(&self, id: &str, now: Timestamp) -> Result<Value, Refusal> {
        let lease = self
            .by_id
            .get(id)
            .ok_or_else(|| Refusal::bad_request("invalid lease"))?;
        Ok(json!({
            "id": id,
            "issue_time": lease.issued.to_string(),
            "expire_time": lease.end.at.to_string(),
            "last_renewal": lease.last_renewal.map(|time| time.to_string()),
            "renewable": true,
            "ttl": between(now, lease.end.at).as_secs(),
        }))
    }

    /// Ends the leases whose name begins so. Gives how many.
    pub(crate) fn revoke_prefix(&mut self, prefix: &str) -> usize {
        let due: Vec<Arc<str>> = self
            .by_id
            .keys()
            .filter(|id| id.starts_with(prefix))
            .cloned()
            .collect();
        for id in &due {
            self.revoke(id);
        }
        due.len()
    }

    pub(crate) fn revoke(&mut self, id: &str) {
        let Some((id, lease)) = self.by_id.remove_entry(id) else {
            return;
        };
        self.ends.remove(lease.end);
        self.by_subject.remove(&lease.subject);
        if let Some(others) = self.by_token.get_mut(&lease.token) {
            others.remove(&id);
            if others.is_empty() {
                self.by_token.remove(&lease.token);
            }
        }
    }

    /// Ends what a token has asked for.
    pub(crate) fn revoke_of_token(&mut self, token: &str) {
        for id in self.by_token.remove(token).unwrap_or_default() {
            self.revoke(&id);
        }
    }

    /// Ends those whose time has come.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while let Some(id) = self.ends.take_due(now) {
            self.revoke(&id);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether the lease of a credential lives.
    pub(crate) fn has_subject(&self, subject: &str) -> bool {
        self.by_subject.contains_key(subject)
    }

    /// Names one level below `prefix`, folders with a slash.
    pub(crate) fn list(&self, prefix: &str) -> Vec<String> {
        crate::kv::children(self.by_id.keys().map(|id| &**id), prefix)
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = LeaseView> {
        sorted(&self.by_id)
            .into_iter()
            .map(|(id, lease)| LeaseView {
                id: id.to_string(),
                subject: lease.subject.to_string(),
                issued: lease.issued,
                expires: lease.end.at,
                renewals: lease.renewals,
            })
    }
}

/// The new end after a renewal that asks for `wanted`, and Vault's remark when the limit cuts it.
pub(crate) fn extend(
    now: Timestamp,
    wanted: Duration,
    latest: Option<Timestamp>,
) -> (Timestamp, Vec<String>) {
    let expires = now + wanted;
    match latest {
        Some(latest) if latest < expires => {
            let warning = format!(
                "TTL of {wanted:?} exceeds what is left until max_ttl; capped at {:?}",
                between(now, latest)
            );
            (latest, vec![warning])
        }
        _ => (expires, Vec::new()),
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
