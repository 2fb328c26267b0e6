//! The flags for commands that look at files instead of serving.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};

use super::flags::{Flags, VARIABLES};
use super::{Stop, serving};
use injection::settings::Settings;

/// The variables that are not empty, as flags.
pub(crate) fn as_flags(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<OsString>, Stop> {
    let variables: HashMap<_, _> = variables.into_iter().collect();
    let mut flags = Vec::new();
    for (flag, name) in VARIABLES {
        let value = variables.get(OsStr::new(name));
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let value = value.to_str().ok_or(Stop::NotText(name))?;
            flags.push(format!("--{flag}={value}").into());
        }
    }
    Ok(flags)
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

    /// What stood on the line besides flags.
    pub(crate) fn take_ignored(&mut self) -> Vec<String> {
        std::mem::take(&mut self.ignored)
    }
}
