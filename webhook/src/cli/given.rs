//! The values that flags and variables give, as text, before any of them is read: so that all that
//! are wrong are named at once, each by the name that it was given under.

use std::collections::BTreeMap;
use std::fmt;
use std::iter;

use clap::builder::{StringValueParser, ValueParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, Parser as _};
use contract::diagnostics::Code;
use injection::inject::flag_problems;

use super::flags::Server;
use super::{Stop, checks};

/// One value.
#[derive(Clone, Debug)]
struct Value {
    text: String,
    /// The variable that it comes from.
    variable: Option<&'static str>,
}

/// What is wrong with a value. `established` is upstream's text, which alerts may match on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: Code,
    pub(super) established: String,
    pub(super) text: String,
}

impl Problem {
    pub(super) fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            established: String::new(),
            text: text.into(),
        }
    }
}

/// A flag or variable whose value cannot work, or works in another way than it seems to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    name: String,
    problem: Problem,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem {
            code,
            established,
            text,
        } = &self.problem;
        write!(f, "{established}{}: {text} [{code}]", self.name)
    }
}

/// All values that are given, by flag.
#[derive(Clone, Debug, Default)]
pub(super) struct Given(BTreeMap<&'static str, Value>);

/// The command with every value of the injector's flags taken as text.
pub(super) fn unread(command: Command) -> Command {
    command.mut_args(|argument| {
        let is_ours = argument.get_long().is_some_and(checks::is_flag);
        if is_ours {
            argument.value_parser(ValueParser::from(StringValueParser::new()))
        } else {
            argument
        }
    })
}

impl Given {
    /// What was typed; `matches` are those of [`unread`].
    pub(super) fn typed(matches: &ArgMatches) -> Self {
        let typed = checks::CHECKS.iter().filter_map(|(flag, _)| {
            let id = flag.replace('-', "_");
            let text = matches.try_get_one::<String>(&id).ok().flatten()?.clone();
            let is_typed = matches.value_source(&id) == Some(ValueSource::CommandLine);
            let value = Value {
                text,
                variable: None,
            };
            is_typed.then_some((*flag, value))
        });
        Self(typed.collect())
    }

    /// Adds the value of a variable; it replaces one that is there.
    pub(super) fn set(&mut self, flag: &'static str, variable: &'static str, text: &str) {
        let value = Value {
            text: text.to_owned(),
            variable: Some(variable),
        };
        self.0.insert(flag, value);
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.0.contains_key(flag)
    }

    /// The value of a flag; none where it is not given, or empty.
    pub(super) fn get(&self, flag: &str) -> Option<&str> {
        let value = self.0.get(flag)?;
        Some(value.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The flag as its user knows it.
    pub(super) fn name(&self, flag: &str) -> String {
        match self.0.get(flag).and_then(|value| value.variable) {
            Some(variable) => format!("{variable} (-{flag})"),
            None => format!("-{flag}"),
        }
    }

    /// Stops for every value that cannot work.
    pub(super) fn check(&self) -> Result<(), Stop> {
        self.stop_for(self.problems())
    }

    /// The same for who serves, and has to know where Vault is.
    pub(super) fn check_server(&self) -> Result<(), Stop> {
        let mut problems = self.problems();
        if self.get("vault-address").is_none() {
            problems.push(("vault-address", checks::no_vault()));
        }
        self.stop_for(problems)
    }

    /// What is taken in another way than its writer may expect.
    pub(super) fn warnings(&self) -> Vec<Wrong> {
        let found = checks::warnings(self).into_iter();
        let found = found.map(|(flag, problem)| Wrong {
            name: self.name(flag),
            problem,
        });
        found.collect()
    }

    /// What is wrong with a value by itself, with two together, and with what is left for the agent of
    /// a pod that leaves everything to the flags.
    fn problems(&self) -> Vec<(&'static str, Problem)> {
        let of_one = self.0.iter().filter_map(|(flag, value)| {
            let problem = checks::check(flag, &value.text)?;
            Some((*flag, problem))
        });
        let mut problems: Vec<_> = of_one.chain(checks::contradictions(self)).collect();
        let is_wrong = |problems: &[(&str, Problem)], flag: &str| {
            problems.iter().any(|(wrong, _)| *wrong == flag)
        };
        let right = self.0.iter().filter(|(flag, _)| !is_wrong(&problems, flag));
        let right = right.map(|(flag, value)| format!("--{flag}={}", value.text));
        let flags = Server::try_parse_from(iter::once("vault-injector".to_owned()).chain(right));
        let settings = flags.ok().and_then(|it| it.flags.settings("").ok());
        for warning in settings.iter().flat_map(flag_problems) {
            // `the injector's flag -NAME is …`
            let named = warning.text().split_once(" -");
            let Some((name, text)) = named.and_then(|(_, rest)| rest.split_once(' ')) else {
                continue;
            };
            let flag = checks::CHECKS.iter().find(|(flag, _)| *flag == name);
            if let Some((flag, _)) = flag.filter(|(flag, _)| !is_wrong(&problems, flag)) {
                problems.push((flag, Problem::new(warning.code(), format!("it {text}"))));
            }
        }
        problems
    }

    fn stop_for(&self, problems: Vec<(&'static str, Problem)>) -> Result<(), Stop> {
        if problems.is_empty() {
            return Ok(());
        }
        let wrong = problems.into_iter().map(|(flag, mut problem)| {
            let is_set = self.0.get(flag).is_some_and(|it| it.variable.is_some());
            if is_set && problem.established.is_empty() {
                "Error parsing environment variables: ".clone_into(&mut problem.established);
            }
            Wrong {
                name: self.name(flag),
                problem,
            }
        });
        Err(Stop::Wrong(wrong.collect()))
    }
}
