//! The injector's process: its configuration, its files and the runtime it serves on.

use std::process::ExitCode;

use tracing::{error, warn};
use vault_injector::serve::{self, Files, RUNTIME};
use vault_injector::{cli, commands, log, server};

/// Exit code of a configuration that cannot work.
const CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    if let Some(code) = commands::run(std::env::args_os(), std::env::vars_os()) {
        return code;
    }
    let (arguments, variables) = (std::env::args_os(), std::env::vars_os());
    let configuration = match cli::configure(arguments, variables, &commands::all()) {
        Ok(configuration) => configuration,
        Err(stop) => return stop.report(),
    };
    log::init(configuration.log_level, configuration.log_format);
    for warning in &configuration.warnings {
        warn!("{warning}");
    }
    for unknown in &configuration.unknown_variables {
        warn!("{unknown}");
    }
    for error in process::protect_memory() {
        warn!(%error, "Memory is not protected");
    }
    let files = match Files::load(&configuration) {
        Ok(files) => files,
        Err(error) => {
            error!(error = format!("{error:#}"), "Cannot start");
            return ExitCode::from(CONFIGURATION);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Each thread keeps memory of its own: those that decide, one of them for a
        // second address, and two for looking up names.
        .max_blocking_threads(server::limits().work + 3)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "Cannot start");
            return ExitCode::from(RUNTIME);
        }
    };
    let code = runtime.block_on(async {
        match serve::run(configuration, files).await {
            Ok(code) => code,
            Err(error) => {
                error!(error = format!("{error:#}"), "Cannot go on");
                ExitCode::from(RUNTIME)
            }
        }
    });
    // A decision that was given up is not waited for.
    runtime.shutdown_background();
    code
}
