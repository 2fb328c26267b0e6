//! The operator's process.

use std::process::ExitCode;

fn main() -> ExitCode {
    secrets_operator::run(std::env::args_os())
}
