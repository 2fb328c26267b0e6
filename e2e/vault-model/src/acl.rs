//! Policies: path rules with capabilities, and who may do what.
//!
//! For a path the most specific rule decides (Vault's documentation, "Policies: priority
//! matching"); rules of several policies for the same pattern add up, and `deny` beats everything.

use std::collections::{BTreeMap, BTreeSet};

mod hcl;

pub(crate) use hcl::PolicyError;

/// What a rule allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Capability {
    Create,
    Read,
    Update,
    Patch,
    Delete,
    List,
    Sudo,
    Deny,
}

impl Capability {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "create" => Self::Create,
            "read" => Self::Read,
            "update" => Self::Update,
            "patch" => Self::Patch,
            "delete" => Self::Delete,
            "list" => Self::List,
            "sudo" => Self::Sudo,
            "deny" => Self::Deny,
            _ => return None,
        })
    }
}

/// A policy's text, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) text: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    pattern: String,
    capabilities: BTreeSet<Capability>,
}

/// What every token may do with itself and its leases.
const DEFAULT_POLICY: &str = r#"
path "auth/token/lookup-self"     { capabilities = ["read"] }
path "auth/token/renew-self"      { capabilities = ["update"] }
path "auth/token/revoke-self"     { capabilities = ["update"] }
path "sys/capabilities-self"      { capabilities = ["update"] }
path "sys/wrapping/wrap"          { capabilities = ["update"] }
path "sys/leases/renew"           { capabilities = ["update"] }
path "sys/leases/lookup"          { capabilities = ["update"] }
path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }
"#;

/// All policies by name.
#[derive(Debug)]
pub(crate) struct Policies {
    by_name: BTreeMap<String, Policy>,
}

impl Policies {
    pub(crate) fn new() -> Self {
        let default = Policy::parse(DEFAULT_POLICY).expect("the built-in policy must parse");
        Self {
            by_name: BTreeMap::from([("default".to_owned(), default)]),
        }
    }

    pub(crate) fn set(&mut self, name: &str, policy: Policy) {
        self.by_name.insert(name.to_owned(), policy);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Policy> {
        self.by_name.get(name)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// All names, with the one that needs no text.
    pub(crate) fn names(&self) -> Vec<String> {
        self.by_name
            .keys()
            .cloned()
            .chain(["root".to_owned()])
            .collect()
    }

    /// What the policies of `names` allow at `path`. Empty when no rule matches.
    pub(crate) fn capabilities(&self, names: &[String], path: &str) -> BTreeSet<Capability> {
        let mut rules: Vec<&Rule> = self
            .rules_of(names)
            .filter(|rule| matches(&rule.pattern, path))
            .collect();
        if rules.len() > 1 {
            let patterns = rules.iter().map(|rule| rule.pattern.as_str());
            let best = patterns.max_by_key(|p| priority(p)).unwrap_or_default();
            rules.retain(|rule| rule.pattern == best);
        }
        let capabilities = rules.into_iter().flat_map(|rule| &rule.capabilities);
        let mut allowed: BTreeSet<Capability> = capabilities.copied().collect();
        if allowed.contains(&Capability::Deny) {
            allowed = BTreeSet::from([Capability::Deny]);
        }
        allowed
    }

    /// One of `wanted` is allowed at `path`. The policy `root` allows everything.
    pub(crate) fn allow(&self, names: &[String], path: &str, wanted: &[Capability]) -> bool {
        is_root(names) || {
            let allowed = self.capabilities(names, path);
            wanted.iter().any(|capability| allowed.contains(capability))
        }
    }

    /// Some rule allows something at or below `prefix`, so its owner may know that the mount is
    /// there.
    pub(crate) fn touch(&self, names: &[String], prefix: &str) -> bool {
        let reaches = |pattern: &str| {
            let fixed = pattern.split(['*', '+']).next().unwrap_or_default();
            let open = fixed.len() < pattern.len();
            fixed.starts_with(prefix) || (open && prefix.starts_with(fixed))
        };
        is_root(names)
            || self.rules_of(names).any(|rule| {
                reaches(&rule.pattern) && !rule.capabilities.contains(&Capability::Deny)
            })
    }

    fn rules_of(&self, names: &[String]) -> impl Iterator<Item = &Rule> {
        names
            .iter()
            .filter_map(|name| self.by_name.get(name))
            .flat_map(|policy| &policy.rules)
    }
}

fn is_root(names: &[String]) -> bool {
    names.iter().any(|name| name == "root")
}

impl Policy {
    /// Reads `path "pattern" { capabilities = [...] }` blocks.
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyError> {
        let rules = hcl::paths(text)?
            .into_iter()
            .map(|(pattern, names)| {
                let capabilities = names
                    .iter()
                    .map(|name| {
                        Capability::parse(name)
                            .ok_or_else(|| PolicyError::capability(&pattern, name))
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Rule {
                    pattern: pattern.trim_start_matches('/').to_owned(),
                    capabilities,
                })
            })
            .collect::<Result<_, PolicyError>>()?;
        Ok(Self {
            text: text.to_owned(),
            rules,
        })
    }
}

/// A `*` at the end stands for any rest, a `+` for one segment.
fn matches(pattern: &str, path: &str) -> bool {
    if !pattern.contains('+') {
        return match pattern.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => pattern == path,
        };
    }
    let (pattern, open) = match pattern.strip_suffix('*') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut wanted = pattern.split('/');
    let mut given = path.split('/');
    let mut wanted_last = wanted.next_back();
    for segment in wanted {
        match given.next() {
            Some(name) if segment == "+" || segment == name => {}
            _ => return false,
        }
    }
    let Some(last) = wanted_last.take() else {
        return false;
    };
    match given.next() {
        None => false,
        Some(name) if open => {
            // "secret/+*" is not a segment wildcard: Vault takes the sign literally there, and so
            // does this.
            name.starts_with(last)
        }
        Some(name) => (last == "+" || last == name) && given.next().is_none(),
    }
}

/// Which of two matching patterns is more specific: the larger.
fn priority(pattern: &str) -> impl Ord {
    let first_wildcard = pattern
        .split('/')
        .scan(0, |offset, segment| {
            let start = *offset;
            *offset += segment.len() + 1;
            Some((start, segment))
        })
        .find_map(|(start, segment)| match segment {
            "+" => Some(start),
            _ => segment.ends_with('*').then(|| start + segment.len() - 1),
        })
        .unwrap_or(usize::MAX);
    let exact_end = !pattern.ends_with('*');
    let fewer_segments = usize::MAX - pattern.split('/').filter(|segment| *segment == "+").count();
    (
        first_wildcard,
        exact_end,
        fewer_segments,
        pattern.len(),
        pattern.to_owned(),
    )
}

#[cfg(test)]
mod tests;
