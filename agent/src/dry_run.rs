//! `render --dry-run`: what an agent would write with the secrets that there are, and nothing of it left.
//!
//! ```text
//! log in ─▶ read what the templates ask for ─▶ show ─▶ revoke leases and token
//!                     (no file, no command, no listener, no kept state)
//! ```
//!
//! Whatever it ends for, it revokes what it took.

mod page;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use tracing::warn;

use crate::auth::Channels;
use crate::config::{ConfigError, LoginSettings, Settings};
use crate::driver::Driver;
use crate::exit::Failure;
use crate::own_secrets;
use crate::render::RenderError;
use crate::runtime::{for_logins, gave_up};
use crate::state::State;
use crate::store::Store;
use page::Page;
use vault_client::Connection;

/// For all secrets together: somebody waits for the answer.
const DEADLINE: Duration = Duration::from_secs(60);

/// Tries for one secret, of which an agent has many more.
const ATTEMPTS: u32 = 3;

/// Shows in `out` what an agent with these settings would write. Values are masked unless
/// `shows_secrets`. `stop` ends it early.
///
/// # Errors
///
/// The login or a template failed, or something is left in Vault.
pub async fn dry_run(
    settings: Settings,
    shows_secrets: bool,
    out: &mut dyn Write,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let settings = harmless(settings)?;
    let login = of(&settings)?.clone();
    let makes_token = login.method.makes_token();
    let connection = Connection::new(&settings.vault)?;
    let for_logins = for_logins(&connection, &settings)?;
    let (_channels, ends) = Channels::new();
    let state = Arc::new(State::none());
    let reader = own_secrets::reader(&settings);
    let (driver, control, events) = Driver::new(&settings, connection, for_logins, state, ends);
    let mut store = Store::new(
        control.clone(),
        events,
        settings.rendering.retry,
        reader.clone(),
    );
    // Outlives the reads: what they held is revoked after them.
    let mut driving = JoinSet::new();
    driving.spawn(driver.run());
    let mut pages = Page::all(&settings, &reader, shows_secrets);
    let end = if all_pass(&mut pages, &mut store) {
        tokio::select! {
            biased;
            () = stop => Err(io::Error::from(io::ErrorKind::Interrupted).into()),
            error = gave_up(&mut driving) => Err(Failure::from(error)),
            () = read(&mut pages, &mut store) => Ok(()),
        }
    } else {
        warn!(target: "agent", "no template waits for a secret, so the login was not tried");
        Ok(())
    };
    let all_revoked = control.leave(makes_token).await;
    if end.is_ok() {
        for sink in &settings.sinks {
            page::show_sink(out, &sink.target)?;
        }
    }
    // Without a login too, those that need no secret.
    for page in &pages {
        page.show(out)?;
    }
    end?;
    let failures: Vec<_> = pages.into_iter().filter_map(Page::failure).collect();
    if !failures.is_empty() {
        return Err(RenderError::Templates(failures).into());
    }
    if all_revoked {
        Ok(())
    } else {
        Err(Failure::NotRevoked)
    }
}

/// Settings with which a login leaves the files of its credentials alone and gives a token that can be
/// revoked.
fn harmless(mut settings: Settings) -> Result<Settings, ConfigError> {
    settings.rendering.retry.attempts = settings.rendering.retry.attempts.min(ATTEMPTS);
    if let Some(login) = &mut settings.login {
        login.wrap_ttl = None;
        login.exit_on_err = true;
        if !login.method.keep_credentials() {
            let reason = "a dry run would use up the wrapped secret id, and the agent needs it: try \
                          with a secret id in secret_id_file_path that is not wrapped";
            let key = "auto_auth.method.config.secret_id_response_wrapping_path";
            return Err(ConfigError::value(key, reason));
        }
    }
    Ok(settings)
}

fn of(settings: &Settings) -> Result<&LoginSettings, ConfigError> {
    settings.login.as_ref().ok_or_else(|| {
        let reason = "is missing: without a login there is nothing to render";
        ConfigError::value("auto_auth", reason)
    })
}

/// One pass of each page, since they are read side by side; `true` while one waits for a secret.
fn all_pass(pages: &mut [Page], store: &mut Store) -> bool {
    let waiting = pages.iter_mut();
    let waiting = waiting.filter_map(|page| page.waits_after_pass(store).then_some(()));
    waiting.count() > 0
}

/// Reads until all pages are rendered or have failed.
async fn read(pages: &mut [Page], store: &mut Store) {
    let work = async {
        while all_pass(pages, store) {
            store.changed().await;
        }
    };
    if tokio::time::timeout(DEADLINE, work).await.is_err() {
        for page in pages {
            page.give_up(DEADLINE);
        }
    }
}
