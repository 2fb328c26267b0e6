//! Sessions by identity.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use vault_client::Connection;

use super::connect::Way;
use super::identity::Identity;
use super::session::{Session, Ways};
use crate::fault::Fault;
use crate::metrics::Metrics;
use crate::work::{Key, Trigger};

/// A session that nobody has used for so long ends. Stores are checked more often than that.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// See the module.
pub(crate) struct Pool {
    sessions: Mutex<HashMap<Identity, Entry>>,
    triggers: mpsc::UnboundedSender<Trigger>,
    metrics: Arc<Metrics>,
}

struct Entry {
    session: Arc<Session>,
    users: Arc<Mutex<BTreeSet<Key>>>,
}

impl Pool {
    /// A pool that tells `triggers` when logins work again.
    pub(crate) fn new(triggers: mpsc::UnboundedSender<Trigger>, metrics: Arc<Metrics>) -> Self {
        Self {
            sessions: Mutex::default(),
            triggers,
            metrics,
        }
    }

    /// The session of an identity, made if there is none. `user` is woken when its logins work after
    /// they have failed.
    pub(crate) fn session(&self, way: Way, user: &Key) -> Result<Arc<Session>, Fault> {
        let mut sessions = self
            .sessions
            .lock()
            .expect("nothing must panic with this lock");
        sessions.retain(|_, entry| {
            !entry.session.is_over()
                && (entry.session.idle() < IDLE || Arc::strong_count(&entry.session) > 1)
        });
        if let Some(entry) = sessions.get(&way.identity) {
            entry.add(user);
            return Ok(Arc::clone(&entry.session));
        }
        let connection = Connection::new(&way.server).map_err(Fault::new)?;
        let for_logins = match &way.for_logins {
            Some(server) => Connection::new(server).map_err(Fault::new)?,
            None => connection.clone(),
        };
        let users = Arc::<Mutex<BTreeSet<Key>>>::default();
        let recovered = {
            let (users, triggers) = (Arc::clone(&users), self.triggers.clone());
            move || {
                let users = users.lock().expect("nothing must panic with this lock");
                // Nobody listens at the end of the process.
                let _ = triggers.send(Trigger::Wake(users.clone()));
            }
        };
        // Spreads the renewals of many sessions.
        let seed = u64::from_be_bytes(std::array::from_fn(|at| way.identity[at]));
        let ways = Ways {
            connection,
            for_logins,
            metrics: Arc::clone(&self.metrics),
        };
        let session = Session::new(ways, way.login, seed, recovered);
        let entry = Entry {
            session: Arc::new(session),
            users,
        };
        entry.add(user);
        let session = Arc::clone(&entry.session);
        sessions.insert(way.identity, entry);
        Ok(session)
    }
}

impl Entry {
    fn add(&self, user: &Key) {
        let mut users = self
            .users
            .lock()
            .expect("nothing must panic with this lock");
        users.insert(user.clone());
    }
}
