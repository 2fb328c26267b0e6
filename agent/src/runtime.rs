//! The agent as a whole: its parts wired together, and their end.
//!
//! All parts are futures of one task and one thread; what a part spawns, it owns. So when this future
//! ends or is dropped, nothing of the agent is left.

use std::path::PathBuf;

use tracing::info;
use vault_api::{Client, ClientConfig};

use crate::auth::Authenticator;
use crate::config::Settings;
use crate::exit::Failure;
use crate::files::{self, FileError, Target};
use crate::render::{RenderError, Renderer};
use crate::sink::Sinks;
use crate::store::Store;

/// Runs an agent until `shutdown`, until its work is done (`exit_after_auth`), or until it fails.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> Result<(), Failure> {
    let client = Client::new(&settings.vault)?;
    // Logins have their own back-off and are never tried again by the client.
    let login_client = if settings.vault.max_retries == 0 {
        client.clone()
    } else {
        Client::new(&ClientConfig {
            max_retries: 0,
            ..settings.vault.clone()
        })?
    };
    let _pid_file = PidFile::create(settings.pid_file.clone()).map_err(Failure::PidFile)?;
    let once = settings.exit_after_auth;
    let (authenticator, logins, suspicions) =
        Authenticator::new(login_client, settings.login.clone());
    let sinks = Sinks::new(settings.sinks.clone(), logins.clone(), once)?;
    let store = Store::new(client, logins.clone(), suspicions, settings.rendering);
    let renderer = Renderer::new(&settings, store, logins);
    let work = async {
        // The sinks never fail, but end where the agent ends after its work is done.
        let sinks = async {
            sinks.run().await;
            Ok::<(), RenderError>(())
        };
        tokio::try_join!(sinks, renderer.run()).map(|_| ())
    };
    tokio::select! {
        biased;
        () = shutdown => {
            info!(target: "agent", "shutdown triggered, stopping");
            Ok(())
        }
        error = authenticator.run() => Err(error.into()),
        result = work => Ok(result?),
    }
}

/// The file with the process id; removed with this value.
struct PidFile(Option<PathBuf>);

impl PidFile {
    fn create(path: Option<PathBuf>) -> Result<Self, FileError> {
        if let Some(path) = &path {
            let target = Target {
                mode: Some(0o600),
                create_directories: false,
                ..Target::new(path)
            };
            target.write(std::process::id().to_string().as_bytes())?;
        }
        Ok(Self(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0
            && let Err(error) = files::remove(path)
        {
            tracing::warn!(target: "agent", %error, "cannot remove the pid file");
        }
    }
}
