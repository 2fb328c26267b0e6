//! The agent as a whole: its parts wired together, and their end.
//!
//! All parts are futures of one task and one thread; what a part spawns, it owns. So when this future
//! ends or is dropped, nothing of the agent is left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::{info, warn};
use vault_client::{ClientConfig, ConfigError, Connection};

use crate::auth::{AuthError, Channels, Logins};
use crate::config::{Revocation, Settings};
use crate::driver::Driver;
use crate::exec::{Ended, Supervisor};
use crate::exit::Failure;
use crate::home::{self, Claim};
use crate::listener::Listeners;
use crate::own_secrets;
use crate::proxy::Proxy;
use crate::ready::Marker;
use crate::reload::{self, Reload};
use crate::render::{RenderError, Renderer};
use crate::sink::{Sinks, Upkeep};
use crate::state::State;
use crate::status::Observer;
use crate::store::Store;
use secret_files::{FileError, Target};

/// Runs an agent until `shutdown`, until its work is done (`exit_after_auth`), or until it fails.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> Result<(), Failure> {
    run_with_reload(settings, None, shutdown).await
}

/// The same, and takes in what changes in its configuration.
pub async fn run_with_reload(
    settings: Settings,
    reload: Option<Reload>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let connection = Connection::new(&settings.vault)?;
    tidy(&settings);
    let _pid_file = PidFile::create(settings.pid_file.clone()).map_err(Failure::PidFile)?;
    let (socket, marker, _claim) = socket_and_marker(&settings).await;
    let state = Arc::new(State::open(&settings));
    let once = settings.exit_after_auth;
    // What an init container has rendered is about to be used.
    let revocation = settings.revocation.filter(|_| !once);
    let quit = Arc::new(Notify::new());
    let (channels, ends) = Channels::new();
    let for_logins = for_logins(&connection, &settings)?;
    let (driver, control, events) = Driver::new(
        &settings,
        connection.clone(),
        for_logins.clone(),
        Arc::clone(&state),
        ends,
    );
    let login_status = settings.login.is_some().then(|| driver.status());
    let Channels {
        logins,
        deliveries,
        suspicions,
    } = channels;
    let sinks = settings.sinks.clone();
    let sinks = Sinks::new(sinks, &for_logins, deliveries.clone(), upkeep(&settings))?;
    let reader = own_secrets::reader(&settings);
    let retry = settings.rendering.retry;
    let store = Store::new(control.clone(), events, retry, reader.clone());
    let renderer = Renderer::new(&settings, store, deliveries.clone(), marker, reader);
    let mut supervisor = supervisor(&settings, &renderer)?;
    let exchanges = renderer.exchanges();
    let proxy = Arc::new(Proxy::new(
        settings.proxy.clone(),
        connection.clone(),
        logins.clone(),
        suspicions,
    ));
    let observer = Observer::new(
        renderer.inquiries(),
        login_status,
        connection.clone(),
        Arc::clone(&proxy),
    );
    let listeners = Listeners::bind(
        &settings.listeners,
        socket,
        observer,
        &proxy,
        Arc::clone(&quit),
    )
    .await?;
    let certificates = listeners.certificates();
    // Outlives the other parts: what they held is revoked after their end.
    let mut driving = JoinSet::new();
    driving.spawn(driver.run());
    let program_to_leave = Notify::new();
    let program_runs = supervisor.is_some().then_some(&program_to_leave);
    let asked = either(shutdown, quit.notified());
    let asked_to_leave = asked_to_leave(asked, program_runs, &logins, revocation);
    let (end, was_asked) = tokio::select! {
        biased;
        () = asked_to_leave => (Ok(()), true),
        ended = program(supervisor.as_mut(), &program_to_leave) => ended,
        error = gave_up(&mut driving) => (Err(error.into()), false),
        result = work(sinks, renderer) => (result.map_err(Into::into), false),
        never = listeners.run() => match never {},
        never = reload::run(reload, settings, exchanges, certificates) => match never {},
    };
    if let Some(supervisor) = &mut supervisor {
        supervisor.stop().await;
    }
    if was_asked && revocation.is_some() {
        control.leave(true).await;
        state.clear();
    }
    end
}

/// Ends only if the driver has to end.
pub(crate) async fn gave_up(driving: &mut JoinSet<AuthError>) -> AuthError {
    match driving.join_next().await {
        Some(Ok(error)) => error,
        // It neither panics nor is aborted.
        _ => std::future::pending().await,
    }
}

/// For how long the sinks are looked after.
fn upkeep(settings: &Settings) -> Upkeep {
    if settings.exit_after_auth {
        Upkeep::Once
    } else {
        Upkeep::Within(settings.rendering.refresh.interval())
    }
}

/// Ends when it was `asked` to and the application has had its time. Where a program runs, it is told
/// instead, and this never ends.
async fn asked_to_leave(
    asked: impl Future<Output = ()>,
    program: Option<&Notify>,
    logins: &Logins,
    revocation: Option<Revocation>,
) {
    asked.await;
    info!(target: "agent", "shutdown triggered, stopping");
    if let Some(program) = program {
        // Its end is the agent's end; until then, all goes on.
        program.notify_one();
        return std::future::pending().await;
    }
    // Without a login, it has nothing of ours to go on with.
    let is_logged_in = logins.borrow().is_some();
    wait_for_application(revocation.filter(|_| is_logged_in)).await;
}

/// Ends with the program, if there is one: how, and whether it was asked to.
async fn program(
    supervisor: Option<&mut Supervisor>,
    to_leave: &Notify,
) -> (Result<(), Failure>, bool) {
    let Some(supervisor) = supervisor else {
        return std::future::pending().await;
    };
    match supervisor.run(to_leave.notified()).await {
        Ok(Ended { code: 0, was_asked }) => (Ok(()), was_asked),
        Ok(Ended { code, was_asked }) => (Err(Failure::Exited(code)), was_asked),
        Err(failure) => (Err(failure.into()), false),
    }
}

/// What runs the program. An agent that ends after its first render never does.
fn supervisor(settings: &Settings, renderer: &Renderer) -> Result<Option<Supervisor>, Failure> {
    let exec = settings.exec.clone();
    let exec = exec.filter(|_| !settings.exit_after_auth);
    let supervisor = exec.map(|exec| Supervisor::new(exec, renderer.values()));
    Ok(supervisor.transpose()?)
}

/// By what `vault-agent status` and `vault-agent ready` find this agent. It goes without them where
/// another agent has them.
async fn socket_and_marker(settings: &Settings) -> (Option<&Path>, Marker, Option<Claim>) {
    let socket = settings.status_socket.as_path();
    let other = match Claim::take(&socket.with_file_name(home::LOCK)) {
        // In a home without locks, the socket has to do.
        Ok(claim) if !home::is_in_use(socket).await => {
            let marker = Marker::new(settings.ready_marker.clone());
            return (Some(socket), marker, claim);
        }
        Ok(_) => format!("another agent listens at {}", socket.display()),
        Err(in_use) => in_use.to_string(),
    };
    warn!(
        target: "agent",
        "{other}: \"vault-agent ready\" and \"vault-agent status\" are about that one; give this agent \
         a HOME of its own to ask it"
    );
    (None, Marker::none(), None)
}

/// Removes what an agent before left unfinished when it was killed.
fn tidy(settings: &Settings) {
    let templates = settings.templates.iter();
    let templates = templates.filter_map(|template| template.output.file());
    let sinks = settings.sinks.iter().map(|sink| &sink.target);
    let targets = templates.chain(sinks).map(|target| target.path.as_path());
    let home = [settings.ready_marker.as_path()];
    let all = targets.chain(settings.pid_file.as_deref()).chain(home);
    let one_per_directory: BTreeMap<_, _> = all.map(|path| (path.parent(), path)).collect();
    one_per_directory.into_values().for_each(secret_files::tidy);
}

/// Ends with the first of the two.
async fn either(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    tokio::select! {
        () = one => {}
        () = other => {}
    }
}

/// Ends where the agent ends after its work is done. The sinks never fail.
async fn work(sinks: Sinks, renderer: Renderer) -> Result<(), RenderError> {
    let sinks = async {
        sinks.run().await;
        Ok(())
    };
    tokio::try_join!(sinks, renderer.run()).map(|_| ())
}

/// What logins, and all else that a token asks about itself, are sent by. Logins have their own
/// back-off and are never tried again by the client, and some have a namespace or a client certificate
/// of their own.
pub(crate) fn for_logins(
    connection: &Connection,
    settings: &Settings,
) -> Result<Connection, ConfigError> {
    let vault = &settings.vault;
    let Some(login) = &settings.login else {
        return Ok(connection.clone());
    };
    let own = login.method.client_config(vault);
    let namespace = login.namespace.as_ref().or(vault.namespace.as_ref());
    let shares =
        vault.keep_connections == login.keep_connections && vault.namespace.as_ref() == namespace;
    if own.is_none() && vault.max_retries == 0 && shares {
        return Ok(connection.clone());
    }
    Connection::new(&ClientConfig {
        max_retries: 0,
        keep_connections: login.keep_connections,
        namespace: namespace.cloned(),
        ..own.unwrap_or_else(|| vault.clone())
    })
}

/// The application is told to end at the same moment and may still need its leases; until then, they
/// and the files are kept up.
async fn wait_for_application(revocation: Option<Revocation>) {
    let grace = revocation.map_or(Duration::ZERO, |revocation| revocation.grace);
    if !grace.is_zero() {
        info!(target: "agent", ?grace, "waiting for the application");
        tokio::time::sleep(grace).await;
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
            && let Err(error) = secret_files::remove(path)
        {
            tracing::warn!(target: "agent", %error, "cannot remove the pid file");
        }
    }
}
