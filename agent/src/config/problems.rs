//! All that is wrong with a configuration, so that nobody has to mend it line by line.

use std::collections::BTreeMap;
use std::fmt;

use contract::agent_config::check::Scope;

use super::ConfigError;

/// What is wrong with a configuration: at least one thing, in the order in which it was found.
#[derive(Debug)]
pub struct Problems {
    first: ConfigError,
    more: Vec<ConfigError>,
}

impl Problems {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// One more, which another part of the program found.
    #[must_use]
    pub fn and(mut self, problem: ConfigError) -> Self {
        self.more.push(problem);
        self
    }
}

impl IntoIterator for Problems {
    type Item = ConfigError;
    type IntoIter = std::iter::Chain<std::iter::Once<ConfigError>, std::vec::IntoIter<ConfigError>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.first).chain(self.more)
    }
}

/// The first one: what a start says.
impl From<Problems> for ConfigError {
    fn from(problems: Problems) -> Self {
        problems.first
    }
}

impl From<ConfigError> for Problems {
    fn from(first: ConfigError) -> Self {
        Self {
            first,
            more: Vec::new(),
        }
    }
}

/// One on each line.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.more
            .iter()
            .try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl std::error::Error for Problems {}

/// Problems found so far.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<ConfigError>);

impl Found {
    /// What is good; a problem is noted. One that is known already, because two settings come from
    /// one key, is not noted twice.
    pub(super) fn take<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        let problem = match result {
            Ok(good) => return Some(good),
            Err(problem) => problem,
        };
        let words = problem.to_string();
        if self.0.iter().all(|known| known.to_string() != words) {
            self.0.push(problem);
        }
        None
    }

    /// What is good of many; each problem is noted.
    pub(super) fn all<T>(
        &mut self,
        results: impl IntoIterator<Item = Result<T, ConfigError>>,
    ) -> Vec<T> {
        let results = results.into_iter();
        results.filter_map(|result| self.take(result)).collect()
    }

    pub(super) fn extend(&mut self, problems: impl IntoIterator<Item = ConfigError>) {
        self.0.extend(problems);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }

    /// What only this machine lacks, and all else.
    pub(super) fn split(self) -> (Vec<ConfigError>, Option<Problems>) {
        let is_of_machine = |problem: &ConfigError| matches!(problem, ConfigError::Machine(_));
        let (of_machine, others) = self.0.into_iter().partition(is_of_machine);
        (of_machine, Self(others).problems())
    }

    /// What was made of good parts, where no part had a problem.
    pub(super) fn done<T>(self, whole: Option<T>) -> Result<T, Problems> {
        match self.problems() {
            Some(problems) => Err(problems),
            None => Ok(whole.expect("a part that is missing must have had a problem")),
        }
    }

    /// The problems, where there are any.
    pub(super) fn problems(self) -> Option<Problems> {
        let mut found = self.0.into_iter();
        let first = found.next()?;
        let more = found.collect();
        Some(Problems { first, more })
    }
}

/// Where keys stand.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<String, (String, u32)>);

impl Places {
    /// A later file's key takes the place of an earlier one's, as its value does.
    pub(super) fn note(&mut self, key: &str, origin: &str, line: u32) {
        self.0.insert(key.to_owned(), (origin.to_owned(), line));
    }

    /// What stood in a block before another one takes its place.
    pub(super) fn forget_below(&mut self, block: &str) {
        self.0.retain(|key, _| {
            let below = key.strip_prefix(block);
            !below.is_some_and(|rest| rest.starts_with(['.', '[']))
        });
    }

    /// The problem with the place of its key, or of the block around it, where that is known.
    pub(super) fn placed(&self, problem: ConfigError) -> ConfigError {
        match problem {
            ConfigError::Value { key, reason } => {
                let text = format!("{key}: {reason}");
                self.at(&key, text)
                    .unwrap_or(ConfigError::Value { key, reason })
            }
            ConfigError::Rule { scope, text } => {
                let found = match &scope {
                    Scope::Whole => None,
                    Scope::Between(key) | Scope::Within(key) => self.at(key, text.clone()),
                };
                found.unwrap_or(ConfigError::Rule { scope, text })
            }
            ConfigError::Machine(inner) => self.placed(*inner).of_machine(),
            other => other,
        }
    }

    fn at(&self, key: &str, reason: String) -> Option<ConfigError> {
        let mut around = without_destination(key);
        loop {
            if let Some((origin, line)) = self.0.get(&around) {
                return Some(ConfigError::Written {
                    origin: origin.clone(),
                    line: *line,
                    reason,
                    key: around,
                });
            }
            around.truncate(around.rfind('.')?);
        }
    }
}

/// `template[0].perms` of `template[0] (/a).perms`.
fn without_destination(key: &str) -> String {
    match (key.split_once(" ("), key.rsplit_once(").")) {
        (Some((before, _)), Some((_, after))) => format!("{before}.{after}"),
        _ => key.to_owned(),
    }
}

/// The block at the top level that has a key; of blocks that may repeat, this one:
/// `template[0]` of `template[0] (/a).exec.timeout`.
pub(super) fn block_of(key: &str) -> &str {
    let end = match key.find(['.', '[']) {
        Some(start) if key[start..].starts_with('[') => {
            key[start..].find(']').map(|end| start + end + 1)
        }
        end => end,
    };
    end.map_or(key, |end| &key[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_gets_the_place_of_its_key_or_of_the_block_around_it() {
        let mut places = Places::default();
        places.note("template[0]", "a.hcl", 1);
        places.note("template[0].perms", "a.hcl", 3);
        let say = |key: &str| {
            let problem = ConfigError::value(key, "odd");
            places.placed(problem).to_string()
        };
        assert_eq!(
            say("template[0] (/a (1).b).perms"),
            "a.hcl:3: template[0] (/a (1).b).perms: odd"
        );
        assert_eq!(
            say("template[0] (/a).exec.timeout"),
            "a.hcl:1: template[0] (/a).exec.timeout: odd"
        );
        assert_eq!(say("VAULT_RATE_LIMIT"), "VAULT_RATE_LIMIT: odd");
    }

    #[test]
    fn a_block_that_may_repeat_is_told_from_others_of_its_name() {
        for (key, block) in [
            ("vault.retry.num_retries", "vault"),
            ("revoke_grace", "revoke_grace"),
            ("template[1].exec.timeout", "template[1]"),
            ("template[1] (/a[2].b).perms", "template[1]"),
            ("env_template[A.B].engine", "env_template[A.B]"),
            ("auto_auth.sink[0].mode", "auto_auth"),
        ] {
            assert_eq!(block_of(key), block, "{key}");
        }
    }

    #[test]
    fn a_problem_is_noted_once_and_the_first_one_leads() {
        let mut found = Found::default();
        let problem = |key| Err::<(), _>(ConfigError::value(key, "odd"));
        assert!(found.all([problem("a"), problem("b"), problem("a"), Ok(())]) == [()]);
        let problems = found.problems().unwrap();
        assert_eq!(problems.to_string(), "a: odd\nb: odd");
        assert_eq!(ConfigError::from(problems).to_string(), "a: odd");
    }
}
