//! The environment: which variables are flags, and which are meant to be.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use contract::annotations::nearest_of;
use contract::diagnostics::startup;

use super::{Stop, flags, serving};

/// What our variables begin with; without the last `_`, as that is misspelt, too.
const PREFIX: &str = "AGENT_INJECT";

/// A variable that looks like one of the injector's and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariable {
    name: String,
    nearest: Option<&'static str>,
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, nearest } = self;
        write!(f, "{name} is not a variable of the injector and is ignored")?;
        if let Some(nearest) = nearest {
            write!(f, ": did you mean {nearest}?")?;
        }
        write!(f, " [{}]", startup::UNKNOWN_VARIABLE)
    }
}

/// The variables of a process.
pub(crate) struct Variables(HashMap<OsString, OsString>);

impl Variables {
    pub(crate) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self(variables.into_iter().collect())
    }

    fn given(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The value of a variable; an empty one is none.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The flags that variables give: flag, variable and value, the one that wins last.
    pub(super) fn of_server(&self) -> Result<Vec<(&'static str, &'static str, &str)>, Stop> {
        let all = serving::VARIABLES.into_iter().chain(flags::VARIABLES);
        self.flags(all.map(|(flag, name)| {
            // A variable that is there and empty is set, but to nothing.
            let is_unset = self.given(name).is_none();
            let other = serving::unprefixed(name).filter(|_| is_unset);
            (flag, self.get(name).map_or(other.unwrap_or(name), |_| name))
        }))
    }

    /// The same for who serves nothing.
    pub(super) fn of_files(&self) -> Result<Vec<(&'static str, &'static str, &str)>, Stop> {
        self.flags(flags::VARIABLES.into_iter())
    }

    fn flags(
        &self,
        all: impl Iterator<Item = (&'static str, &'static str)>,
    ) -> Result<Vec<(&'static str, &'static str, &str)>, Stop> {
        all.filter_map(|(flag, name)| Some((flag, name, self.get(name)?)))
            .map(|(flag, name, value)| {
                let text = value.to_str().ok_or(Stop::NotText(name))?;
                Ok((flag, name, text))
            })
            .collect()
    }

    /// Those that look like ours and are none, sorted.
    pub(crate) fn unknown(&self) -> Vec<UnknownVariable> {
        let known = || {
            let all = serving::VARIABLES.iter().chain(&flags::VARIABLES);
            all.map(|(flag, name)| (*flag, *name))
        };
        let mut unknown: Vec<_> = self
            .0
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX) && known().all(|(_, it)| it != *name))
            .filter(|(name, value)| !is_of_a_service(name, value))
            .map(|(name, _)| UnknownVariable {
                name: name.to_owned(),
                nearest: nearest(name, known),
            })
            .collect();
        unknown.sort_by(|left, right| left.name.cmp(&right.name));
        unknown
    }
}

/// Kubernetes tells each container of the Services of its namespace, under their names.
fn is_of_a_service(name: &str, value: &OsStr) -> bool {
    let is_address = || value.to_str().is_some_and(|it| it.contains("://"));
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_PORT_")
        || (name.ends_with("_PORT") && is_address())
}

/// The variable that is written almost like that, or whose flag is.
fn nearest<I>(name: &str, known: impl Fn() -> I) -> Option<&'static str>
where
    I: Iterator<Item = (&'static str, &'static str)>,
{
    let rest = name.strip_prefix(PREFIX)?;
    let rest = rest.strip_prefix("OR").unwrap_or(rest);
    let flag = rest.trim_matches('_').to_lowercase().replace('_', "-");
    let by_flag = |flag: &str| {
        let vault = flag.replacen("bao-", "vault-", 1);
        known().find(|(it, _)| *it == vault).map(|(_, name)| name)
    };
    by_flag(&flag)
        .or_else(|| nearest_of(name, known().map(|(_, name)| name)))
        .or_else(|| by_flag(nearest_of(&flag, known().map(|(flag, _)| flag))?))
}
