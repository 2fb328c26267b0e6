//! Where the authorities are kept: a Secret that all replicas share.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use kube::{Api, Client};
use thiserror::Error;
use tracing::{info, warn};

use super::FIELD_MANAGER;
use super::authorities::Authorities;
use crate::tls::AuthorityError;
use kube_support::{CallError, call, call_opt};
use process::cut;

/// The Secret's name. The established chart makes an empty one of this name.
pub const NAME: &str = "vault-injector-certs";

/// How often a change of someone else is taken for a reason to read again.
const TRIES: usize = 4;

/// Authorities that cannot be had.
#[derive(Debug, Error)]
pub enum KeeperError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("Secret {NAME} changes faster than it can be written")]
    Contended,
}

/// Reads and writes the Secret.
#[derive(Clone, Debug)]
pub struct Keeper {
    api: Api<Secret>,
}

impl Keeper {
    pub fn new(client: Client, namespace: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
        }
    }

    /// The authorities; makes the first, and the next when it is time and this replica leads.
    /// Whoever is slower than another replica takes what that one has made.
    pub async fn load_or_make(
        &self,
        now: Timestamp,
        leads: bool,
    ) -> Result<Authorities, KeeperError> {
        for _ in 0..TRIES {
            let Some(secret) = call_opt(&doing("read"), self.api.get(NAME)).await? else {
                let authorities = Authorities::first(now)?;
                let mut secret = Secret::default();
                secret.metadata.name = Some(NAME.to_owned());
                secret.type_ = Some("Opaque".to_owned());
                authorities.write_to(secret.data.get_or_insert_default(), now);
                let parameters = parameters();
                let created = self.api.create(&parameters, &secret);
                match call(&doing("create"), created).await {
                    Ok(_) => {
                        info!(secret = NAME, "Authority made");
                        return Ok(authorities);
                    }
                    Err(CallError::Conflict { .. }) => continue,
                    Err(error) => return Err(error.into()),
                }
            };
            if let Some(authorities) = self.look(secret, now, leads).await? {
                return Ok(authorities);
            }
        }
        Err(KeeperError::Contended)
    }

    /// What the Secret holds or is given; nothing where someone else was faster.
    async fn look(
        &self,
        mut secret: Secret,
        now: Timestamp,
        leads: bool,
    ) -> Result<Option<Authorities>, KeeperError> {
        let data = secret.data.get_or_insert_default();
        let authorities = match Authorities::from_data(data) {
            Ok(Some(held)) if held.is_due(now) && (leads || held.is_expired(now)) => {
                held.next(now)?
            }
            Ok(Some(held)) => return Ok(Some(held)),
            Ok(None) => Authorities::first(now)?,
            Err(error) => {
                warn!(
                    secret = NAME,
                    error = &*cut(&error.to_string()),
                    "Authority cannot be used: making a new one"
                );
                Authorities::first(now)?
            }
        };
        authorities.write_to(data, now);
        let parameters = parameters();
        let replaced = self.api.replace(NAME, &parameters, &secret);
        match call(&doing("update"), replaced).await {
            Ok(_) => {
                info!(secret = NAME, "Authority made");
                Ok(Some(authorities))
            }
            Err(CallError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn doing(verb: &str) -> String {
    format!("{verb} Secret {NAME}")
}

fn parameters() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use kube_support::fake::Fake;

    const PATH: &str = "secrets/vault-injector-certs";
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    async fn load(fake: &Fake, at: Timestamp, leads: bool) -> Authorities {
        let keeper = Keeper::new(fake.client(), "vault");
        keeper.load_or_make(at, leads).await.unwrap()
    }

    #[tokio::test]
    async fn replicas_and_restarts_share_one_authority() {
        let fake = Fake::default();
        let (one, other) = tokio::join!(load(&fake, now(), false), load(&fake, now(), false));
        assert_eq!(one.certificates(now()), other.certificates(now()));
        let again = load(&fake, now() + DAY, true).await;
        assert_eq!(again.certificates(now()), one.certificates(now()));
    }

    #[tokio::test]
    async fn an_empty_secret_is_filled_and_its_other_keys_stay() {
        let fake = Fake::default();
        fake.put(
            PATH,
            serde_json::json!({"metadata": {"name": NAME}, "data": {"cert": "eA=="}}),
        );
        load(&fake, now(), false).await;
        let data = fake.get(PATH).unwrap()["data"].clone();
        assert_eq!(data["cert"], "eA==");
        assert!(data["ca.crt"].is_string() && data["ca.key"].is_string());
    }

    #[tokio::test]
    async fn only_the_leader_makes_the_next_authority_unless_there_is_none_left() {
        let fake = Fake::default();
        load(&fake, now(), false).await;
        let due = now() + DAY * 300;
        assert_eq!(load(&fake, due, false).await.certificates(due).len(), 1);
        assert_eq!(load(&fake, due, true).await.certificates(due).len(), 2);
        let ended = now() + DAY * 700;
        assert_eq!(load(&fake, ended, false).await.certificates(ended).len(), 1);
    }

    #[tokio::test]
    async fn a_broken_authority_is_replaced() {
        let fake = Fake::default();
        fake.put(
            PATH,
            serde_json::json!({"metadata": {"name": NAME}, "data": {"ca.crt": "eA==", "ca.key": "eA=="}}),
        );
        assert_eq!(load(&fake, now(), false).await.certificates(now()).len(), 1);
    }

    #[tokio::test]
    async fn a_refusal_names_the_secret_and_what_was_tried() {
        let fake = Fake::default();
        fake.fail("secrets", 403);
        let keeper = Keeper::new(fake.client(), "vault");
        let error = keeper.load_or_make(now(), true).await.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("not allowed to read Secret vault-injector-certs"),
            "{error}"
        );
    }
}
