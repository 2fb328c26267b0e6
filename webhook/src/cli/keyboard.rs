//! The flags for commands that look at files instead of serving.

use std::ffi::OsString;

use clap::Command;

use super::flags::Flags;
use super::given::{Given, unread};
use super::{Stop, Variables, serving, usage};
use injection::settings::Settings;

/// The arguments of the command `name`, which looks at files, with the variables in front as flags,
/// so that what is typed wins over what is set: there is somebody at the keyboard. Every value is
/// checked.
pub(crate) fn with_variables(
    name: &str,
    mut arguments: Vec<OsString>,
    variables: &Variables,
    program: &Command,
) -> Result<Vec<OsString>, Stop> {
    let matches = program
        .clone()
        .mut_subcommands(unread)
        .try_get_matches_from(&arguments)
        .map_err(|error| usage::stop(&error, program, name))?;
    let Some((_, matches)) = matches.subcommand() else {
        return Ok(arguments);
    };
    let typed = Given::typed(matches);
    let (mut given, mut flags) = (typed.clone(), Vec::new());
    for (flag, variable, value) in variables.of_files()? {
        if !typed.has(flag) {
            given.set(flag, variable, value);
            flags.push(OsString::from(format!("--{flag}={value}")));
        }
    }
    given.check()?;
    arguments.splice(2..2, flags);
    Ok(arguments)
}

impl Flags {
    /// The settings alone, with `address` where none is given.
    pub(crate) fn settings(mut self, address: &str) -> Result<Settings, Stop> {
        if self.vault_address.is_empty() {
            address.clone_into(&mut self.vault_address);
        }
        let nowhere = serving::access(|_| None);
        Ok(self.configuration(nowhere)?.settings)
    }
}
