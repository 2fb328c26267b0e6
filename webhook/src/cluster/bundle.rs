//! Which webhooks are ours, and what their `caBundle` has to be. No input or output.

use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::tls::Certificate;

/// How many authorities of others a bundle keeps: those of an injector that is being replaced, or
/// of replicas that cannot share theirs.
const KEPT: usize = 4;

/// The two kinds of configuration that register webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Mutating,
    Validating,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Mutating, Self::Validating];

    pub fn name(self) -> &'static str {
        match self {
            Self::Mutating => "MutatingWebhookConfiguration",
            Self::Validating => "ValidatingWebhookConfiguration",
        }
    }
}

/// One of our webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its name, by which it is known within its configuration.
    pub name: String,
    /// Its `caBundle` as it is.
    pub bundle: Vec<u8>,
}

/// Our webhooks in one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    pub kind: Kind,
    pub hooks: Vec<Hook>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    name: String,
    client_config: ClientConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientConfig {
    ca_bundle: Option<String>,
    service: Option<Service>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct Service {
    name: String,
    namespace: String,
}

impl ClientConfig {
    /// Whether this calls one of `hosts`; without any, whichever service counts.
    fn calls(&self, hosts: &[String]) -> bool {
        let has = |host: &str| hosts.iter().any(|it| it.eq_ignore_ascii_case(host));
        match (&self.service, &self.url) {
            (Some(_), _) if hosts.is_empty() => true,
            (Some(Service { name, namespace }), _) => {
                has(&format!("{name}.{namespace}.svc")) || has(&format!("{name}.{namespace}"))
            }
            (None, Some(url)) => url
                .parse::<Uri>()
                .ok()
                .and_then(|url| url.host().map(|host| has(host.trim_matches(['[', ']']))))
                .unwrap_or(false),
            (None, None) => false,
        }
    }
}

impl Registration {
    /// Our webhooks among the `webhooks` of a configuration: those that call one of `hosts`.
    pub fn new(kind: Kind, webhooks: &Value, hosts: &[String]) -> Self {
        let hooks = webhooks
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|webhook| Webhook::deserialize(webhook).ok())
            .filter(|webhook| webhook.client_config.calls(hosts))
            .map(|webhook| Hook {
                name: webhook.name,
                bundle: webhook
                    .client_config
                    .ca_bundle
                    .and_then(|text| STANDARD.decode(text).ok())
                    .unwrap_or_default(),
            })
            .collect();
        Self { kind, hooks }
    }

    /// What each of our webhooks trusts.
    pub fn bundles(&self) -> Vec<Vec<Certificate>> {
        self.hooks
            .iter()
            .map(|hook| Certificate::all_from_pem(&hook.bundle))
            .collect()
    }

    /// What to apply under our own field manager so that the named webhooks trust these, and all
    /// else stays as it is.
    pub fn patch<'a>(
        kind: Kind,
        configuration: &str,
        bundles: impl IntoIterator<Item = (&'a str, Vec<u8>)>,
    ) -> Value {
        let webhooks: Vec<_> = bundles
            .into_iter()
            .map(|(name, pem)| {
                json!({"name": name, "clientConfig": {"caBundle": STANDARD.encode(pem)}})
            })
            .collect();
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind.name(),
            "metadata": {"name": configuration},
            "webhooks": webhooks,
        })
    }
}

/// The bundle that has to be there: `ours`, and of what is `live` the newest few others as long as
/// they are valid. Nothing where `live` is right, in whichever order.
pub fn wanted(ours: &[&Certificate], live: &[u8], now: Timestamp) -> Option<Vec<u8>> {
    let present = Certificate::all_from_pem(live);
    let mut others: Vec<_> = present
        .iter()
        .filter(|certificate| certificate.is_valid(now) && !ours.contains(certificate))
        .collect();
    others.sort_by_key(|certificate| std::cmp::Reverse(certificate.not_before()));
    others.dedup();
    others.truncate(KEPT);
    let wanted: Vec<_> = ours.iter().copied().chain(others).collect();
    let same = present.len() == wanted.len() && wanted.iter().all(|it| present.contains(it));
    (!same).then(|| {
        wanted
            .iter()
            .flat_map(|certificate| certificate.to_pem().into_bytes())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tls::Authority;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn mk_certificate(days_ago: u32) -> Certificate {
        let made = now() - Duration::from_secs(24 * 3600) * days_ago;
        Authority::generate(made).unwrap().certificate().clone()
    }

    fn pem(certificates: &[&Certificate]) -> Vec<u8> {
        certificates
            .iter()
            .flat_map(|it| it.to_pem().into_bytes())
            .collect()
    }

    #[test]
    fn our_webhooks_are_those_that_call_our_hosts() {
        let service = |name: &str, namespace: &str| json!({"service": {"name": name, "namespace": namespace, "path": "/mutate"}});
        let webhooks = json!([
            {"name": "vault.hashicorp.com", "clientConfig": service("injector", "vault")},
            {"name": "other.example", "clientConfig": service("other", "vault")},
            {"name": "url.example", "clientConfig": {"url": "https://127.0.0.1:8443/mutate", "caBundle": "Cg=="}},
            {"name": "v6.example", "clientConfig": {"url": "https://[::1]:8443/mutate"}},
            {"name": "none.example", "clientConfig": {}},
            {"clientConfig": 7},
        ]);
        let names = |hosts: &[&str]| {
            let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
            let registration = Registration::new(Kind::Mutating, &webhooks, &hosts);
            registration
                .hooks
                .into_iter()
                .map(|hook| hook.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&["injector.vault.svc"]), ["vault.hashicorp.com"]);
        assert_eq!(
            names(&["injector", "injector.vault"]),
            ["vault.hashicorp.com"]
        );
        assert_eq!(names(&["127.0.0.1", "::1"]), ["url.example", "v6.example"]);
        assert_eq!(names(&[]), ["vault.hashicorp.com", "other.example"]);
    }

    #[test]
    fn a_bundle_that_is_right_is_left_alone_in_whichever_order() {
        let (new, old) = (mk_certificate(0), mk_certificate(100));
        let ours = [&new, &old];
        assert_eq!(wanted(&ours, &pem(&[&old, &new]), now()), None);
        assert_eq!(
            wanted(&ours, &pem(&[&old]), now()),
            Some(pem(&[&new, &old]))
        );
    }

    #[test]
    fn an_empty_or_broken_bundle_is_replaced() {
        let ours = mk_certificate(0);
        for live in [
            &b""[..],
            b"\n",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(wanted(&[&ours], live, now()), Some(pem(&[&ours])));
        }
    }

    #[test]
    fn authorities_of_others_stay_while_they_are_valid_but_not_without_end() {
        let ours = mk_certificate(0);
        let theirs = mk_certificate(10);
        let ended = mk_certificate(400);
        let bundle = wanted(&[&ours], &pem(&[&theirs, &ended]), now());
        assert_eq!(bundle, Some(pem(&[&ours, &theirs])));

        let many: Vec<_> = (1..=6).map(mk_certificate).collect();
        let live = pem(&many.iter().collect::<Vec<_>>());
        let kept = wanted(&[&ours], &live, now()).unwrap();
        let expected: Vec<_> = [&ours].into_iter().chain(&many[..KEPT]).collect();
        assert_eq!(kept, pem(&expected));
        assert_eq!(wanted(&[&ours], &kept, now()), None);
    }

    #[test]
    fn two_replicas_that_cannot_share_agree_on_one_bundle() {
        let (one, other) = (mk_certificate(0), mk_certificate(0));
        let first = wanted(&[&one], b"", now()).unwrap();
        let both = wanted(&[&other], &first, now()).unwrap();
        assert_eq!(wanted(&[&one], &both, now()), None);
        assert_eq!(wanted(&[&other], &both, now()), None);
    }

    #[test]
    fn a_patch_names_nothing_but_the_bundles() {
        let patch = Registration::patch(Kind::Validating, "cfg", [("a", b"x".to_vec())]);
        let expected = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "cfg"},
            "webhooks": [{"name": "a", "clientConfig": {"caBundle": "eA=="}}],
        });
        assert_eq!(patch, expected);
    }
}
