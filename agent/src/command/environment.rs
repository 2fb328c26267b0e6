//! Which variables a command gets.

use std::ffi::OsString;
use std::fmt;

use templating::glob_matches;
use thiserror::Error;

/// What passes of the agent's own environment, and what comes on top.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Variables {
    /// Nothing of the agent's environment passes.
    pub pristine: bool,
    /// Names or globs of what passes; all where empty.
    pub allowlist: Vec<String>,
    /// Names or globs of what does not pass. It wins over the other list.
    pub denylist: Vec<String>,
    /// Variables on top, which win over all others.
    pub custom: Vec<(String, String)>,
}

/// A text that is no variable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a variable has to be written as NAME=value")]
pub(crate) struct NoVariable;

/// Variables as lists write them.
pub(crate) fn parse_custom(pairs: &[String]) -> Result<Vec<(String, String)>, NoVariable> {
    let parse = |pair: &String| match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(NoVariable),
    };
    pairs.iter().map(parse).collect()
}

impl Variables {
    /// Puts them into a process that is about to start. `added` is what every command gets.
    pub(super) fn apply(&self, command: &mut tokio::process::Command, added: &[(String, String)]) {
        if self.pristine || !self.allowlist.is_empty() || !self.denylist.is_empty() {
            command.env_clear();
            command.envs(std::env::vars_os().filter(|(name, _)| self.passes(name)));
        }
        let all = added.iter().chain(&self.custom);
        command.envs(all.map(|(name, value)| (name, value)));
    }

    fn passes(&self, name: &OsString) -> bool {
        let name = name.to_string_lossy();
        let is_in = |list: &[String]| list.iter().any(|glob| glob_matches(glob, &name));
        !self.pristine
            && (self.allowlist.is_empty() || is_in(&self.allowlist))
            && !is_in(&self.denylist)
    }
}

/// Values may be secrets: only the names show.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.custom.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Variables")
            .field("pristine", &self.pristine)
            .field("allowlist", &self.allowlist)
            .field("denylist", &self.denylist)
            .field("custom", &names)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn lists_choose_what_passes_and_the_denylist_wins() {
        let passes = |pristine, allow: &str, deny: &str, name: &str| {
            let variables = Variables {
                pristine,
                allowlist: mk_list(allow),
                denylist: mk_list(deny),
                ..Variables::default()
            };
            variables.passes(&name.into())
        };
        assert!(passes(false, "", "", "PATH"));
        assert!(passes(false, "PA* HOME", "", "PATH"));
        assert!(!passes(false, "PA* HOME", "", "SHELL"));
        assert!(!passes(false, "", "VAULT_*", "VAULT_CONFIG"));
        assert!(!passes(false, "PA*", "PATH", "PATH"));
        assert!(!passes(true, "", "", "PATH"));
    }

    #[test]
    fn values_of_custom_variables_do_not_show() {
        let variables = Variables {
            custom: parse_custom(&["A=hidden=too".to_owned()]).unwrap(),
            ..Variables::default()
        };
        assert_eq!(variables.custom[0].1, "hidden=too");
        let debug = format!("{variables:?}");
        assert!(
            debug.contains("\"A\"") && !debug.contains("hidden"),
            "{debug}"
        );
        for odd in ["A", "=x"] {
            assert_eq!(parse_custom(&[odd.to_owned()]), Err(NoVariable));
        }
    }
}
