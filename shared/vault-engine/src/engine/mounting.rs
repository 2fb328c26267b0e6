//! The look-up of a mount, for all secrets that wait for it.

use std::sync::Arc;

use vault_wire::Error;
use vault_wire::kv::Mount;

use super::Engine;
use crate::call::CallId;
use crate::mounts::first_segment;
use crate::output::{FailureKind, Note};
use crate::secret::{Asking, Secret, Stage};
use crate::time::Now;
use crate::want::SecretId;

impl Engine {
    pub(super) fn mount_found(
        &mut self,
        id: SecretId,
        call: CallId,
        outcome: Result<Mount, Error>,
        now: Now,
    ) {
        let Some(mut asking) = self.asking(id, call) else {
            self.reading -= 1;
            return;
        };
        let parked = self.unpark(id, now);
        match outcome {
            Ok(mount) => {
                let mount = self.mounts.learn(mount);
                // An answer about another path than was asked for is none about this one.
                asking.mount = self.mounts.known(&asking.path).cloned().or(Some(mount));
                self.go_on(id, asking, now);
            }
            Err(error) if error.is_retryable() => {
                let error = Arc::new(error);
                self.mount_failed(id, &asking, &error, &parked, now);
            }
            Err(error) => {
                let path = Arc::clone(&asking.path);
                let error = Arc::new(error);
                self.io.note(Note::MountUnknown { path, error });
                self.go_on(id, asking, now);
            }
        }
    }

    fn go_on(&mut self, id: SecretId, mut asking: Asking, now: Now) {
        self.send_read(id, &mut asking);
        self.with(id, now, |secret, _| secret.stage = Stage::Asking(asking));
    }

    /// The look-up failed for all secrets of the mount, which wait together.
    fn mount_failed(
        &mut self,
        id: SecretId,
        asking: &Asking,
        error: &Arc<Error>,
        parked: &[SecretId],
        now: Now,
    ) {
        let segment = first_segment(&asking.path).to_owned();
        let path = Arc::clone(&asking.path);
        self.end_read(id, FailureKind::Vault(Arc::clone(error)), asking, now);
        let Some((until, cause)) = self.secrets.get(&id).and_then(Secret::back_off) else {
            return;
        };
        for id in parked {
            let of_mount = self
                .secrets
                .get(id)
                .is_some_and(|secret| first_segment(secret.want.path()) == segment);
            if of_mount {
                self.with(*id, now, |secret, _| secret.share_wait(until, cause));
                let kind = FailureKind::Mount(Arc::clone(error));
                self.report(*id, kind, &path, None, false);
            }
        }
    }
}
