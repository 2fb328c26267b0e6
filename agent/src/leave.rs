//! Revoking what the agent holds when it is told to leave.
//!
//! Revoking a token ends its leases too, so one request does for most agents. Where a token cannot be
//! revoked (a batch token, a policy without `revoke-self`), its leases are revoked one by one. All of
//! it has a deadline: what is left then ends with its TTL, and the log says so.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};
use vault_wire::{LeaseId, Token};

use crate::auth::Login;
use crate::connection::Connection;

/// Kubernetes kills a container 30 s after it asked it to end, and the grace period comes first.
const DEADLINE: Duration = Duration::from_secs(10);

/// What is to be revoked.
pub(crate) struct Holdings {
    pub(crate) login: Option<Arc<Login>>,
    pub(crate) leases: Vec<LeaseId>,
}

/// Revokes all of it, as far as that works in time; `true` if nothing is left. Tokens are revoked by
/// `logins`, the connection that they came by, because they may be of another namespace than the leases.
pub(crate) async fn revoke(
    connection: &Connection,
    logins: &Connection,
    holdings: Holdings,
) -> bool {
    let Some(login) = &holdings.login else {
        return true;
    };
    info!(target: "agent", leases = holdings.leases.len(), "revoking token and leases");
    in_time(revoke_all(connection, logins, login, &holdings.leases)).await
}

/// The same for leases of a token that is not ours to revoke.
pub(crate) async fn revoke_leases(connection: &Connection, holdings: Holdings) -> bool {
    let Some(login) = &holdings.login else {
        return true;
    };
    in_time(one_by_one(connection, &login.token, &holdings.leases)).await
}

async fn in_time(work: impl Future<Output = bool>) -> bool {
    let done = tokio::time::timeout(DEADLINE, work).await;
    done.unwrap_or_else(|_| {
        warn!(target: "agent", "not all was revoked in {DEADLINE:?}: the rest ends with its TTL");
        false
    })
}

async fn revoke_all(
    connection: &Connection,
    logins: &Connection,
    login: &Login,
    leases: &[LeaseId],
) -> bool {
    let client = logins.client();
    let now = Instant::now();
    let mut all = true;
    // Tokens of earlier logins hold leases that have not been replaced yet.
    let earlier = login.earlier.iter().filter(|(_, ends_at)| *ends_at > now);
    for (token, _) in earlier {
        if let Err(error) = client.with_token(token).revoke_self().await {
            warn!(target: "agent", %error, "cannot revoke an earlier token");
            all = false;
        }
    }
    match client.with_token(&login.token).revoke_self().await {
        Ok(()) => {
            info!(target: "agent", "revoked the token and its leases");
            all
        }
        Err(error) => {
            warn!(target: "agent", %error, "cannot revoke the token, revoking its leases one by one");
            one_by_one(connection, &login.token, leases).await;
            false
        }
    }
}

async fn one_by_one(connection: &Connection, token: &Token, leases: &[LeaseId]) -> bool {
    let mut all = true;
    for lease in leases {
        let client = connection.client();
        match client.with_token(token).revoke_lease(lease).await {
            Ok(()) => info!(target: "agent", %lease, "revoked lease"),
            Err(error) => {
                warn!(target: "agent", %lease, %error, "cannot revoke lease");
                all = false;
            }
        }
    }
    all
}
