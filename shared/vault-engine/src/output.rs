//! What the engine reports to its driver.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use vault_wire::kv::Mount;
use vault_wire::{Error, LeaseId, Response, Token, WrapInfo};

use crate::call::{Call, CallId};
use crate::lifetime::End;
use crate::login::{GaveUp, Login, TokenLife};
use crate::want::SecretId;

/// What the engine wants done, or reports.
#[derive(Debug)]
pub enum Output {
    /// Do this, and report its [`Answer`](crate::Answer) under this name.
    Call(CallId, Call),
    /// A secret has a new value. A driver that cannot use it calls
    /// [`Engine::reject`](crate::Engine::reject) before it takes the next output.
    Reading(SecretId, Box<Reading>),
    /// A secret was read, and its value is the one that the driver has: only its age is another.
    Unchanged(SecretId, Box<Reading>),
    /// What was kept of a secret for the next process is worth nothing: its lease has ended.
    Forget(SecretId),
    /// The value that a secret has is right again, after failures.
    Recovered(SecretId),
    /// A secret has no fresh value.
    Failed(SecretId, Box<Failure>),
    /// A login worked: its token is the one to use from now on.
    LoggedIn(Arc<Login>),
    /// A login gave a wrapping around a token.
    Wrapped(Box<WrapInfo>),
    /// A login failed; the next comes after `pause`.
    LoginFailed {
        /// The longest that it takes.
        pause: Duration,
        /// What Vault answered; `None` if it was not asked.
        error: Option<Arc<Error>>,
    },
    /// No login will work: the driver has to end.
    GaveUp(GaveUp),
    /// How long the token lives.
    TokenLife(TokenLife),
    /// The token is worth keeping for the next process.
    KeepToken(Token),
    /// The token that was kept is worth nothing any more.
    ForgetToken,
    /// All that was held is revoked, or has been tried; see [`Engine::leave`](crate::Engine::leave).
    Left {
        /// Nothing is left that lives on.
        all: bool,
    },
    /// Something for the log.
    Note(Note),
}

/// A new value of a secret.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The answer; `None` for a write that was answered with nothing, and for a list of nothing.
    pub response: Option<Response>,
    /// The API path that was asked.
    pub path: Arc<str>,
    /// The mount that the path lies in, if it is known.
    pub mount: Option<Arc<Mount>>,
    /// When the answer came.
    pub since: SystemTime,
    /// The token that asked; leases in the answer end with it.
    pub token: Token,
    /// An earlier process left it.
    pub is_recalled: bool,
    /// Vault is about to replace it: the next process is to read again.
    pub is_past_its_time: bool,
}

/// Why a secret has no fresh value.
#[derive(Debug)]
pub struct Failure {
    /// What is wrong.
    pub kind: FailureKind,
    /// Failures in a row.
    pub attempt: u32,
    /// All tries that the policy grants were made. The engine goes on trying, unless no try helps.
    pub is_exhausted: bool,
    /// No try helps.
    pub is_permanent: bool,
    /// The longest wait before the next try, without what a server asks for.
    pub pause: Duration,
    /// The API path as it was asked, without what Vault was not asked for.
    pub path: Arc<str>,
    /// The mount that the path lies in, if it is known.
    pub mount: Option<Arc<Mount>>,
}

/// What is wrong with a secret.
#[derive(Clone, Debug)]
pub enum FailureKind {
    /// Vault did not give it.
    Vault(Arc<Error>),
    /// Nothing is at the path, or what was there is deleted.
    Missing,
    /// A static role in the middle of its rotation.
    Rotating,
    /// The mount of the path could not be looked up by another secret of it.
    Mount(Arc<Error>),
    /// Vault as a whole is away, as another request found out.
    Away(Arc<str>),
    /// The driver cannot use the value.
    Unusable(Arc<str>),
}

/// What an operator may want to see in a log.
#[derive(Clone, Debug)]
pub enum Note {
    /// A login begins.
    LoggingIn,
    /// It gave a token, or a wrapping around one.
    LoginWorked,
    /// The token of the process before is alive, and used.
    KeptTokenAlive,
    /// It is not; the engine logs in.
    KeptTokenDead(Arc<Error>),
    /// The token has no end and is not renewed.
    TokenUnlimited,
    /// The token is renewed from now on.
    TokenRenewalStarted,
    /// The token was renewed.
    TokenRenewed,
    /// It was not.
    TokenRenewalFailed(Arc<Error>),
    /// The token is replaced.
    TokenEnds(End),
    /// A request was denied, and the token turned out to be dead.
    TokenInvalid,
    /// A request was denied by policy: the token is alive.
    TokenValid,
    /// The token could not be looked up.
    TokenLookupFailed(Arc<Error>),
    /// The credentials of the login changed.
    NewCredentials,
    /// A lease was renewed.
    LeaseRenewed {
        /// The secret.
        secret: SecretId,
        /// The lease.
        lease: LeaseId,
        /// For so long.
        granted: Duration,
    },
    /// It was not.
    LeaseRenewalFailed {
        /// The lease.
        lease: LeaseId,
        /// Why.
        error: Arc<Error>,
    },
    /// A lease ends; its secret is read again.
    LeaseEnds {
        /// The lease.
        lease: LeaseId,
        /// Why.
        end: End,
    },
    /// The answer to a read came after its secret was released: its lease is revoked.
    LeaseOrphaned(LeaseId),
    /// Vault would not name the mount of a path, which is used as it is.
    MountUnknown {
        /// The path.
        path: Arc<str>,
        /// Why.
        error: Arc<Error>,
    },
    /// Vault has not rotated a static role's credential yet.
    NotRotatedYet {
        /// The secret.
        secret: SecretId,
        /// Reads in a row that saw that.
        looks: u32,
    },
    /// Vault as a whole is away: requests wait.
    BreakerOpened(Arc<str>),
    /// Vault is back.
    BreakerClosed,
    /// A token was revoked, or could not be.
    TokenRevoked {
        /// It is not the one in use, but one of a login before or of an earlier process.
        is_other: bool,
        /// Why not.
        error: Option<Arc<Error>>,
    },
    /// A lease was revoked, or could not be.
    LeaseRevoked {
        /// The lease.
        lease: LeaseId,
        /// Why not.
        error: Option<Arc<Error>>,
    },
}
