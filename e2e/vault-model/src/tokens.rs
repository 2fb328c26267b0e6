//! Tokens: who holds which policies, until when, and whose end ends others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::by_name::{ByName, sorted};
use crate::deadlines::{Deadline, Deadlines};
use crate::ids::Ids;

pub(crate) mod api;

/// The longest that anything lives without being asked again: 32 days.
pub(crate) const SYSTEM_MAX_TTL: Duration = Duration::from_secs(2_764_800);

/// A token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) accessor: String,
    pub(crate) display_name: String,
    pub(crate) policies: Vec<String>,
    pub(crate) meta: BTreeMap<String, String>,
    /// Where it was made, and its policies are.
    pub(crate) namespace: Arc<str>,
    path: String,
    parent: Option<Arc<str>>,
    issued: Timestamp,
    /// What a renewal without an increment gives.
    ttl: Duration,
    period: Option<Duration>,
    explicit_max_ttl: Option<Duration>,
    /// What the last login or renewal gave.
    granted: Duration,
    /// `None`: it does not end.
    end: Option<Deadline>,
    latest: Option<Timestamp>,
    renewable: bool,
    batch: bool,
}

/// What a new token shall be.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewToken {
    pub(crate) id: Option<String>,
    pub(crate) display_name: String,
    pub(crate) policies: Vec<String>,
    pub(crate) meta: BTreeMap<String, String>,
    pub(crate) path: String,
    pub(crate) parent: Option<String>,
    /// `None`: as long as the system allows.
    pub(crate) ttl: Option<Duration>,
    pub(crate) max_ttl: Option<Duration>,
    pub(crate) explicit_max_ttl: Option<Duration>,
    pub(crate) period: Option<Duration>,
    pub(crate) not_renewable: bool,
    pub(crate) batch: bool,
}

/// A token, as those see it who watch the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenView {
    /// What it is called in place of its text; empty for a batch token.
    pub accessor: String,
    /// Who it is for.
    pub display_name: String,
    /// What it may do.
    pub policies: Vec<String>,
    /// When it was given.
    pub issued: Timestamp,
    /// When it ends unless it is renewed; `None` for root.
    pub expires: Option<Timestamp>,
}

/// All tokens, by their text.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    by_id: ByName<Token>,
    by_accessor: ByName<Arc<str>>,
    children: ByName<BTreeSet<Arc<str>>>,
    ends: Deadlines,
}

impl Tokens {
    /// The token that does not end and may do everything.
    pub(crate) fn add_root(&mut self, id: &str, now: Timestamp, ids: &mut Ids) {
        let token = Token {
            accessor: ids.letters(24),
            display_name: "root".into(),
            policies: vec!["root".into()],
            meta: BTreeMap::new(),
            namespace: "".into(),
            path: "auth/token/root".into(),
            parent: None,
            issued: now,
            ttl: Duration::ZERO,
            period: None,
            explicit_max_ttl: None,
            granted: Duration::ZERO,
            end: None,
            latest: None,
            renewable: false,
            batch: false,
        };
        self.insert(id, token, None);
    }

    /// Makes a token of a namespace and gives its text.
    pub(crate) fn issue(
        &mut self,
        new: NewToken,
        namespace: Arc<str>,
        now: Timestamp,
        ids: &mut Ids,
    ) -> String {
        let prefix = if new.batch { "hvb" } else { "hvs" };
        let id = new
            .id
            .unwrap_or_else(|| format!("{prefix}.{}", ids.letters(24)));
        // A periodic token has no end but its period, unless an explicit one is given.
        let limits = [new.max_ttl, new.explicit_max_ttl, Some(SYSTEM_MAX_TTL)];
        let max = match new.period {
            Some(_) => new.explicit_max_ttl,
            None => limits
                .into_iter()
                .flatten()
                .filter(|limit| !limit.is_zero())
                .min(),
        };
        let wanted = new
            .period
            .or(new.ttl)
            .filter(|ttl| !ttl.is_zero())
            .unwrap_or(SYSTEM_MAX_TTL);
        let ttl = max.map_or(wanted, |max| wanted.min(max));
        let token = Token {
            accessor: if new.batch {
                String::new()
            } else {
                ids.letters(24)
            },
            display_name: new.display_name,
            policies: new.policies,
            meta: new.meta,
            namespace,
            path: new.path,
            parent: new.parent.map(Into::into),
            issued: now,
            ttl,
            period: new.period,
            explicit_max_ttl: new.explicit_max_ttl,
            granted: ttl,
            end: None,
            latest: max.map(|max| now + max),
            renewable: !new.not_renewable && !new.batch,
            batch: new.batch,
        };
        self.insert(&id, token, Some(now + ttl));
        id
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Token> {
        self.by_id.get(id)
    }

    pub(crate) fn id_of_accessor(&self, accessor: &str) -> Option<String> {
        self.by_accessor.get(accessor).map(ToString::to_string)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = TokenView> {
        sorted(&self.by_id).into_iter().map(|(_, token)| TokenView {
            accessor: token.accessor.clone(),
            display_name: token.display_name.clone(),
            policies: token.policies.clone(),
            issued: token.issued,
            expires: token.end.map(|end| end.at),
        })
    }

    /// The texts of all tokens that do not have the policy `root`.
    pub(crate) fn all_but_root(&self) -> Vec<String> {
        let root = |token: &Token| token.policies.iter().any(|policy| policy == "root");
        sorted(&self.by_id)
            .into_iter()
            .filter(|(_, token)| !root(token))
            .map(|(id, _)| id.to_string())
            .collect()
    }

    /// All accessors of a namespace.
    pub(crate) fn accessors(&self, namespace: &str) -> Vec<String> {
        sorted(&self.by_id)
            .into_iter()
            .filter(|(_, token)| *token.namespace == *namespace)
            .map(|(_, token)| token.accessor.clone())
            .collect()
    }

    /// The texts of all tokens of a namespace.
    pub(crate) fn of_namespace(&self, namespace: &str) -> Vec<String> {
        sorted(&self.by_id)
            .into_iter()
            .filter(|(_, token)| *token.namespace == *namespace)
            .map(|(id, _)| id.to_string())
            .collect()
    }

    fn insert(&mut self, id: &str, mut token: Token, end: Option<Timestamp>) {
        self.forget(id);
        let id: Arc<str> = id.into();
        token.end = end.map(|end| self.ends.add(end, &id));
        if !token.batch {
            self.by_accessor
                .insert(token.accessor.as_str().into(), Arc::clone(&id));
        }
        if let Some(parent) = &token.parent {
            let siblings = self.children.entry(Arc::clone(parent)).or_default();
            siblings.insert(Arc::clone(&id));
        }
        self.by_id.insert(id, token);
    }

    /// Ends one token, and not those that it made. Gives its text if it was there.
    fn forget(&mut self, id: &str) -> Option<Arc<str>> {
        let (id, token) = self.by_id.remove_entry(id)?;
        if let Some(end) = token.end {
            self.ends.remove(end);
        }
        self.by_accessor.remove(token.accessor.as_str());
        if let Some(parent) = &token.parent
            && let Some(siblings) = self.children.get_mut(parent)
        {
            siblings.remove(&id);
            if siblings.is_empty() {
                self.children.remove(parent);
            }
        }
        Some(id)
    }

    /// Ends a token and those that it made. Gives the texts of all that ended.
    pub(crate) fn remove(&mut self, id: &str) -> Vec<Arc<str>> {
        let mut removed = Vec::new();
        removed.extend(self.forget(id));
        let mut next = 0;
        while let Some(parent) = removed.get(next) {
            let children = self.children.remove(parent).unwrap_or_default();
            removed.extend(children.iter().filter_map(|child| self.forget(child)));
            next += 1;
        }
        removed
    }

    /// Ends those whose time has come. Gives the texts of all that ended.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<Arc<str>> {
        let mut ended = Vec::new();
        while let Some(id) = self.ends.take_due(now) {
            ended.extend(self.remove(&id));
        }
        ended
    }

    /// Renews within the token's limit. Gives a warning when it granted less than asked.
    pub(crate) fn renew(
        &mut self,
        id: &str,
        increment: Option<Duration>,
        now: Timestamp,
    ) -> Result<Vec<String>, Refusal> {
        let token = self.by_id.get_mut(id).ok_or_else(Refusal::invalid_token)?;
        if !token.renewable {
            return Err(Refusal::bad_request("lease is not renewable"));
        }
        let wanted = match (token.period, increment) {
            (Some(period), _) => period,
            (None, Some(increment)) if !increment.is_zero() => increment,
            _ => token.ttl,
        };
        let (expires, warnings) = crate::leases::extend(now, wanted, token.latest);
        if let Some(end) = &mut token.end {
            self.ends.postpone(end, expires);
        }
        token.granted = token.remaining(now);
        Ok(warnings)
    }

    /// The `auth` of a login, creation or renewal.
    pub(crate) fn auth(&self, id: &str) -> Value {
        let Some(token) = self.by_id.get(id) else {
            return Value::Null;
        };
        json!({
            "client_token": id,
            "accessor": token.accessor,
            "policies": token.policies,
            "token_policies": token.policies,
            "metadata": (!token.meta.is_empty()).then_some(&token.meta),
            "lease_duration": token.granted.as_secs(),
            "renewable": token.renewable,
            "entity_id": "",
            "token_type": if token.batch { "batch" } else { "service" },
            "orphan": token.parent.is_none(),
            "mfa_requirement": null,
            "num_uses": 0,
        })
    }

    /// The `data` of a lookup.
    pub(crate) fn lookup(&self, id: &str, now: Timestamp) -> Value {
        let Some(token) = self.by_id.get(id) else {
            return Value::Null;
        };
        let mut data = json!({
            "id": id,
            "accessor": token.accessor,
            "creation_time": token.issued.as_second(),
            "creation_ttl": token.ttl.as_secs(),
            "display_name": token.display_name,
            "entity_id": "",
            "expire_time": token.end.map(|end| end.at.to_string()),
            "explicit_max_ttl": token.explicit_max_ttl.unwrap_or_default().as_secs(),
            "issue_time": token.issued.to_string(),
            "meta": token.meta,
            "num_uses": 0,
            "orphan": token.parent.is_none(),
            "path": token.path,
            "policies": token.policies,
            "renewable": token.renewable,
            "ttl": token.remaining(now).as_secs(),
            "type": if token.batch { "batch" } else { "service" },
        });
        if let Some(period) = token.period {
            data["period"] = json!(period.as_secs());
        }
        if !token.namespace.is_empty() {
            data["namespace_path"] = json!(format!("{}/", token.namespace));
        }
        data
    }
}

impl Token {
    fn remaining(&self, now: Timestamp) -> Duration {
        self.end.map_or(Duration::ZERO, |end| {
            Duration::try_from(end.at.duration_since(now)).unwrap_or_default()
        })
    }
}
