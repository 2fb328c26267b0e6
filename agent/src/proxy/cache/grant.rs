//! What Vault has granted with an answer: the reason to keep it, and for how long.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use vault_wire::{LeaseId, Token};

/// A credential that can be renewed.
pub(super) struct Grant {
    pub(super) credential: Credential,
    pub(super) lasts: Duration,
    /// Another renewal is worth a try.
    pub(super) renewable: bool,
}

pub(super) enum Credential {
    Lease(LeaseId),
    Token {
        token: Token,
        accessor: String,
        /// It does not end with the token that it was asked for with.
        is_orphan: bool,
    },
}

#[derive(Deserialize)]
struct Written<'a> {
    lease_id: Option<&'a str>,
    lease_duration: Option<u64>,
    renewable: Option<bool>,
    #[serde(borrow)]
    auth: Option<WrittenAuth<'a>>,
    wrap_info: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WrittenAuth<'a> {
    client_token: Option<&'a str>,
    accessor: Option<&'a str>,
    lease_duration: Option<u64>,
    renewable: Option<bool>,
    orphan: Option<bool>,
    num_uses: Option<u64>,
}

impl Grant {
    /// `None` where there is nothing to renew: a secret without a lease, a batch token, a token
    /// for a number of uses, a wrapped answer, or something else than an answer of Vault's.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        let written: Written<'_> = serde_json::from_slice(body).ok()?;
        if written.wrap_info.is_some() {
            return None;
        }
        let (credential, lasts, renewable) = if let Some(auth) = written.auth {
            if auth.num_uses.unwrap_or_default() > 0 {
                // Renewals, and others who ask, would use it up.
                return None;
            }
            let credential = Credential::Token {
                token: Token::new(auth.client_token?).ok()?,
                accessor: auth.accessor.unwrap_or_default().to_owned(),
                is_orphan: auth.orphan.unwrap_or_default(),
            };
            (credential, auth.lease_duration, auth.renewable)
        } else {
            let credential = Credential::Lease(LeaseId::new(written.lease_id?)?);
            (credential, written.lease_duration, written.renewable)
        };
        let lasts = Duration::from_secs(lasts?);
        let grant = Self {
            credential,
            lasts,
            renewable: renewable.unwrap_or_default(),
        };
        (grant.renewable && !lasts.is_zero()).then_some(grant)
    }

    /// What a renewal grants: time, and whether there may be another.
    pub(super) fn of_renewal(body: &[u8]) -> Option<(Duration, bool)> {
        let written: Written<'_> = serde_json::from_slice(body).ok()?;
        let (lasts, renewable) = match written.auth {
            Some(auth) => (auth.lease_duration, auth.renewable),
            None => (written.lease_duration, written.renewable),
        };
        Some((Duration::from_secs(lasts?), renewable.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn grant(body: &Value) -> Option<Grant> {
        Grant::of(body.to_string().as_bytes())
    }

    #[test]
    fn a_renewable_lease_and_a_renewable_token_are_granted() {
        let lease = json!({
            "lease_id": "database/creds/app/x", "lease_duration": 60, "renewable": true,
            "data": {"password": "p"}, "auth": null, "wrap_info": null,
        });
        let lease = grant(&lease).unwrap();
        assert_eq!(lease.lasts.as_secs(), 60);
        assert!(matches!(lease.credential, Credential::Lease(id) if id.as_str().ends_with("/x")));
        let token = json!({
            "lease_id": "", "lease_duration": 0, "renewable": false,
            "auth": {
                "client_token": "t", "accessor": "a", "lease_duration": 9, "renewable": true,
                "orphan": true,
            },
        });
        let token = grant(&token).unwrap();
        assert_eq!(token.lasts.as_secs(), 9);
        assert!(matches!(
            token.credential,
            Credential::Token {
                is_orphan: true,
                ..
            }
        ));
    }

    #[test]
    fn what_cannot_be_renewed_is_no_grant() {
        for body in [
            json!({"lease_id": "", "lease_duration": 2_764_800, "renewable": false, "data": {}}),
            json!({"lease_id": "pki/issue/x", "lease_duration": 60, "renewable": false}),
            json!({"lease_id": "a/b", "lease_duration": 60, "renewable": true, "wrap_info": {}}),
            json!({"auth": {"client_token": "t", "lease_duration": 60, "renewable": false}}),
            json!({"auth": {"client_token": "t", "lease_duration": 0, "renewable": true}}),
            json!({"auth": {
                "client_token": "t", "lease_duration": 9, "renewable": true, "num_uses": 3,
            }}),
            json!({"errors": []}),
            json!([]),
        ] {
            assert!(grant(&body).is_none(), "{body}");
        }
    }
}
