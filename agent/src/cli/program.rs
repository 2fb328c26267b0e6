//! The name under which the program was started, and the words that go with it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::ErrorKind;

/// The arguments as `vault-agent` takes them, for a program called `program`.
pub(super) fn own_arguments(
    program: &OsStr,
    mut arguments: Vec<OsString>,
) -> Result<Vec<OsString>, clap::Error> {
    let name = Path::new(program).file_name().and_then(OsStr::to_str);
    let whole_name = name.filter(|name| matches!(*name, "vault" | "bao"));
    let word = arguments.first().map(|word| word.to_string_lossy());
    match (whole_name, word.as_deref()) {
        (_, Some("version" | "-v")) => arguments[0] = "--version".into(),
        (_, Some("agent")) => {
            arguments.remove(0);
        }
        (
            Some(_),
            None | Some("token" | "-h" | "-help" | "--help" | "-version" | "--version" | "-V"),
        )
        | (None, _) => {}
        (Some(name), Some(word)) => {
            return Err(refused(&format!(
                "{name} {word} is not part of this program, which is vault-agent under the name \
                 {name}: it knows {name} agent, {name} token revoke -self and {name} version"
            )));
        }
    }
    Ok(arguments)
}

fn refused(sentence: &str) -> clap::Error {
    clap::Error::raw(ErrorKind::InvalidSubcommand, format!("{sentence}\n"))
}
