//! `vault-agent`: the command line of the process, and an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    vault_agent::commands::run(std::env::args_os())
}
