//! The files that no template may read: the agent's token, what it logs in with, and what it keeps.

use secret_files::Reader;

use crate::config::Settings;
use crate::state;

/// Reads for templates, and leaves the agent's own secrets alone. What lies beside them, such as
/// `ca.crt` and `namespace` of a service account, is read.
pub(crate) fn reader(settings: &Settings) -> Reader {
    let sinks = settings.sinks.iter().map(|sink| sink.target.path.clone());
    let login = settings.login.iter();
    let login = login.flat_map(|login| login.method.token_files());
    Reader::except(sinks.chain(login).collect(), state::directories(settings))
}
