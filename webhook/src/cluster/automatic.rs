//! Automatic mode: the certificate is made here, and registered where the API server looks.
//!
//! ```text
//! Secret ─► authorities ─► signer ─► leaf ─► CertificateStore
//!    ▲                        ▲
//!    └ made where missing     └ what the webhooks trust ─► better, where this replica leads
//! ```
//!
//! Every replica signs its own leaf, so each can serve as soon as it has read the Secret, and a
//! leaf's key never leaves its process. Where the Secret may not be used (the established chart
//! gives that right to several replicas only) the authority lives and dies with the process, and
//! `caBundle` collects those of all replicas.

use std::sync::Arc;

use jiff::Timestamp;
use kube::Client;
use thiserror::Error;
use tracing::{info, warn};

use super::Access;
use super::authorities::{Authorities, is_trusted};
use super::bundle::{self, Registration};
use super::keeper::{Keeper, KeeperError};
use super::pace::Task;
use super::registrar::Registrar;
use crate::tls::{Authority, AuthorityError, Certificate, Leaf};
use kube_support::CallError;
use serve_tls::CertificateStore;

/// Why a look has not come to its end.
#[derive(Debug, Error)]
pub enum AutomaticError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(
        "no webhook of MutatingWebhookConfiguration or ValidatingWebhookConfiguration {name} calls {hosts}"
    )]
    NotRegistered { name: String, hosts: String },
}

/// Keeps certificate and registration right.
#[derive(Debug)]
pub struct Automatic {
    keeper: Keeper,
    registrar: Registrar,
    hosts: Vec<String>,
    store: Arc<CertificateStore>,
    served: Option<Served>,
    /// As last read: what to go on with while the API server is away.
    authorities: Option<Authorities>,
    trusted: Vec<Vec<Certificate>>,
    /// Whether the Secret may not be used, which is said once.
    alone: bool,
}

/// The leaf that is served.
#[derive(Debug)]
struct Served {
    authority: Arc<Authority>,
    not_after: Timestamp,
}

impl Automatic {
    /// Serves leaves for `hosts` from `store`.
    pub fn new(
        client: Client,
        access: &Access,
        registrar: Registrar,
        hosts: Vec<String>,
        store: Arc<CertificateStore>,
    ) -> Self {
        let namespace = access.namespace(&client).to_owned();
        Self {
            keeper: Keeper::new(client, &namespace),
            registrar,
            hosts,
            store,
            served: None,
            authorities: None,
            trusted: Vec::new(),
            alone: false,
        }
    }

    async fn look_at(&mut self, leads: bool, now: Timestamp) -> Result<bool, AutomaticError> {
        // A leaf is signed with what is known, whatever fails: it must not run out.
        let read = self.read(leads, now).await;
        self.sign(now)?;
        let registrations = read?;
        let Some(authorities) = &self.authorities else {
            return Ok(false);
        };
        if registrations.is_empty() {
            return Err(AutomaticError::NotRegistered {
                name: self.registrar.name().to_owned(),
                hosts: self.hosts.join(", "),
            });
        }
        if leads {
            let ours = authorities.certificates(now);
            let mut applied = Vec::new();
            for registration in registrations {
                let wanted = |live: &[u8]| bundle::wanted(&ours, live, now);
                applied.push(self.registrar.apply(registration, wanted).await?);
            }
            self.trusted = bundles(&applied);
        }
        Ok(self
            .served
            .as_ref()
            .is_some_and(|it| is_trusted(it.authority.certificate(), &self.trusted)))
    }

    /// Reads authorities and registrations; what cannot be read stays as it was known.
    async fn read(
        &mut self,
        leads: bool,
        now: Timestamp,
    ) -> Result<Vec<Registration>, AutomaticError> {
        let authorities = self.load(leads, now).await;
        let registrations = self.registrar.read().await;
        if let Ok(registrations) = &registrations {
            self.trusted = bundles(registrations);
        }
        let mut authorities = authorities?;
        if let Some(served) = &self.served {
            authorities.remember(&served.authority);
        }
        self.authorities = Some(authorities);
        Ok(registrations?)
    }

    async fn load(&mut self, leads: bool, now: Timestamp) -> Result<Authorities, AutomaticError> {
        match self.keeper.load_or_make(now, leads).await {
            Ok(authorities) => {
                self.alone = false;
                Ok(authorities)
            }
            Err(KeeperError::Call(CallError::Forbidden { doing, message })) => {
                if !std::mem::replace(&mut self.alone, true) {
                    warn!(
                        doing,
                        answer = message,
                        "Not allowed: this replica's authority ends with the process"
                    );
                }
                match self.authorities.clone() {
                    Some(known) if known.is_due(now) => Ok(known.next(now)?),
                    Some(known) => Ok(known),
                    None => Ok(Authorities::first(now)?),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Signs a leaf where there is none, where it is time, or where another authority signs.
    fn sign(&mut self, now: Timestamp) -> Result<(), AuthorityError> {
        let Some(authorities) = &self.authorities else {
            return Ok(());
        };
        let signer = authorities.signer(&self.trusted, now);
        let stays = self.served.as_ref().is_some_and(|served| {
            served.authority.certificate() == signer.certificate()
                && !Leaf::is_due(served.not_after, now)
        });
        if stays {
            return Ok(());
        }
        let leaf = signer.sign(&self.hosts, now)?;
        info!(
            hosts = self.hosts.join(","),
            not_after = %leaf.not_after,
            "Certificate signed"
        );
        self.store.replace(leaf.pair);
        self.served = Some(Served {
            authority: Arc::clone(signer),
            not_after: leaf.not_after,
        });
        Ok(())
    }
}

impl Task for Automatic {
    type Error = AutomaticError;

    async fn look(&mut self, leads: bool) -> Result<bool, Self::Error> {
        self.look_at(leads, Timestamp::now()).await
    }
}

fn bundles(registrations: &[Registration]) -> Vec<Vec<Certificate>> {
    registrations
        .iter()
        .flat_map(Registration::bundles)
        .collect()
}

#[cfg(test)]
mod tests;
