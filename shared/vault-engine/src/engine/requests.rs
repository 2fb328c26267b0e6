//! Which request is sent next, and what it asks.

use std::sync::Arc;

use vault_wire::kv::{self, Mount};

use super::{Caller, Engine, MOST_RENEWALS};
use crate::breaker::Admission;
use crate::call::{Call, CallId};
use crate::login::Login;
use crate::reading::api_path;
use crate::secret::{Asking, Renewal, Stage, Step};
use crate::time::{Instant, Now};
use crate::want::{SecretId, Want};

impl Engine {
    /// Sends what may be sent now.
    pub(super) fn pump(&mut self, now: Now) {
        if self.leaving.is_some() {
            return;
        }
        while let Some(login) = self.token.login().cloned() {
            let admission = self.breaker.admits(now.mono, self.is_patient());
            if let Admission::Wait(_) = admission {
                return;
            }
            let sent = if let Some((_, id)) = self.renewals.first()
                && self.renewing < MOST_RENEWALS
            {
                self.send_renewal(id, &login, now)
            } else if let Some(id) = self.next_read(admission)
                && self.reading < self.most_reads()
            {
                self.begin_read(id, &login, now)
            } else {
                return;
            };
            if let (Admission::Probe, Some(call)) = (admission, sent) {
                self.breaker.probe(call);
            }
        }
    }

    /// The secret to read next. The probe is the one that has waited longest, so that a path that fails by itself
    /// does not stand for Vault as a whole for ever.
    pub(super) fn next_read(&self, admission: Admission) -> Option<SecretId> {
        let first = self.reads.first()?;
        let patient = self.reads.first_from((true, Instant::default()));
        let longest = patient.filter(|((_, due), _)| {
            let ((_, first_due), _) = first;
            admission == Admission::Probe && *due < first_due
        });
        Some(longest.unwrap_or(first).1)
    }

    fn send_renewal(&mut self, id: SecretId, login: &Login, now: Now) -> Option<CallId> {
        let (lease, _) = self.secrets.get(&id)?.held_lease()?;
        let lease = lease.clone();
        let call = Call::RenewLease {
            token: login.token.clone(),
            lease: lease.clone(),
        };
        let call = self.io.call(Caller::Renewal(id, lease), call);
        self.renewing += 1;
        self.with(id, now, |secret, _| {
            if let Stage::Leased { renewal, .. } = &mut secret.stage {
                *renewal = Renewal::Asking(call);
            }
        });
        Some(call)
    }

    /// The first request of a read; `None` if it waits for another's look-up of its mount.
    fn begin_read(&mut self, id: SecretId, login: &Arc<Login>, now: Now) -> Option<CallId> {
        let path = Arc::clone(self.secrets.get(&id)?.want.path());
        let is_rewritten = !matches!(self.secrets[&id].want, Want::Issue { .. });
        let mount = self.mounts.known(&path).cloned();
        let mut asking = Asking {
            call: CallId(0),
            step: Step::Mount,
            login: Arc::clone(login),
            path: Arc::clone(&path),
            mount,
            was_closed: !self.breaker.is_open(),
        };
        if asking.mount.is_none() && is_rewritten {
            if !self.mounts.ask(id) {
                self.with(id, now, |secret, _| secret.stage = Stage::Parked);
                return None;
            }
            let token = login.token.clone();
            let call = Call::FindMount { token, path };
            asking.call = self.io.call(Caller::Read(id), call);
        } else {
            self.send_read(id, &mut asking);
        }
        let call = asking.call;
        self.reading += 1;
        self.with(id, now, |secret, _| secret.stage = Stage::Asking(asking));
        Some(call)
    }

    /// The request of a read once its mount is known, or known to be unknown.
    pub(super) fn send_read(&mut self, id: SecretId, asking: &mut Asking) {
        let Some(secret) = self.secrets.get(&id) else {
            return;
        };
        let mount = asking.mount.as_deref();
        asking.path = api_path(&secret.want, mount, self.mounts.namespace());
        let metadata =
            mount.and_then(|mount| kv::metadata_path(&asking.path, mount, self.mounts.namespace()));
        if let (Want::Read { .. }, Some(_), Some(path)) =
            (&secret.want, secret.known_version(&asking.login), metadata)
        {
            asking.step = Step::Metadata;
            let token = asking.login.token.clone();
            let path = path.into();
            asking.call = self.io.call(Caller::Read(id), Call::Read { token, path });
        } else {
            self.send_data(id, asking);
        }
    }

    /// The request for the secret itself.
    pub(super) fn send_data(&mut self, id: SecretId, asking: &mut Asking) {
        let Some(secret) = self.secrets.get(&id) else {
            return;
        };
        asking.step = Step::Data;
        let (token, path) = (asking.login.token.clone(), Arc::clone(&asking.path));
        let call = match &secret.want {
            Want::Read { .. } => Call::Read { token, path },
            Want::List { .. } => Call::List { token, path },
            Want::Write { data, .. } => Call::Write {
                token,
                path,
                data: data.clone(),
                is_kv_v2: asking.mount.as_deref().is_some_and(Mount::is_kv_v2),
            },
            Want::Issue { data, .. } => Call::Write {
                token,
                path,
                data: data.clone(),
                is_kv_v2: false,
            },
        };
        asking.call = self.io.call(Caller::Read(id), call);
    }
}
