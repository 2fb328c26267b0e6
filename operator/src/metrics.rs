//! What Prometheus sees: upstream's names and labels.

mod count;

use std::time::Duration;

use operator_api::ExternalSecret;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::names::{Name, StoreId};
use count::Count;

/// The provider of all requests, as upstream names it.
const VAULT: &str = "HashiCorp/Vault";

/// A kind of object that has series of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ExternalSecret,
    SecretStore,
    ClusterSecretStore,
    ClusterExternalSecret,
    PushSecret,
}

impl Kind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::ExternalSecret, "externalsecret"),
        (Self::SecretStore, "secretstore"),
        (Self::ClusterSecretStore, "clustersecretstore"),
        (Self::ClusterExternalSecret, "clusterexternalsecret"),
        (Self::PushSecret, "pushsecret"),
    ];

    pub(crate) fn of(store: &StoreId) -> Self {
        if store.is_of_cluster() {
            Self::ClusterSecretStore
        } else {
            Self::SecretStore
        }
    }
}

/// A request to Vault, as upstream names it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Login,
    LookupSelf,
    ReadSecretData,
    ListSecrets,
    WriteSecretData,
    DeleteSecret,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "Login",
            Self::LookupSelf => "LookupSelf",
            Self::ReadSecretData => "ReadSecretData",
            Self::ListSecrets => "ListSecrets",
            Self::WriteSecretData => "WriteSecretData",
            Self::DeleteSecret => "DeleteSecret",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ObjectLabels {
    name: String,
    namespace: String,
}

impl From<&Name> for ObjectLabels {
    fn from(name: &Name) -> Self {
        Self {
            name: name.name.to_string(),
            namespace: name.namespace.to_string(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConditionLabels {
    condition: &'static str,
    name: String,
    namespace: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    call: &'static str,
    provider: &'static str,
    status: &'static str,
}

/// The series of one kind.
#[derive(Clone, Default)]
struct Series {
    conditions: Family<ConditionLabels, Gauge>,
    durations: Family<ObjectLabels, Gauge>,
}

/// See the module.
pub(crate) struct Metrics {
    registry: Registry,
    kinds: [Series; Kind::ALL.len()],
    syncs: Family<ObjectLabels, Counter>,
    failures: Family<ObjectLabels, Count>,
    calls: Family<CallLabels, Count>,
}

impl Metrics {
    /// All metrics; `leader` shows whether this replica works.
    pub(crate) fn new(leader: Gauge) -> Self {
        let mut registry = Registry::default();
        let kinds: [Series; Kind::ALL.len()] = Default::default();
        for ((_, prefix), series) in Kind::ALL.iter().zip(&kinds) {
            registry.register(
                format!("{prefix}_status_condition"),
                "The status condition of a specific object",
                series.conditions.clone(),
            );
            registry.register(
                format!("{prefix}_reconcile_duration"),
                "How long the last reconcile took, in nanoseconds",
                series.durations.clone(),
            );
        }
        let syncs = Family::default();
        // With the ending that the format gives each counter.
        registry.register("externalsecret_sync_calls", "Syncs", syncs.clone());
        let failures = Family::default();
        registry.register(
            "externalsecret_sync_calls_error",
            "Syncs that failed",
            failures.clone(),
        );
        let calls = Family::default();
        registry.register(
            "externalsecret_provider_api_calls_count",
            "Requests to Vault",
            calls.clone(),
        );
        registry.register(
            "secrets_operator_leader",
            "1 where this replica works",
            leader,
        );
        Self {
            registry,
            kinds,
            syncs,
            failures,
            calls,
        }
    }

    fn series(&self, kind: Kind) -> &Series {
        let position = Kind::ALL.iter().position(|(it, _)| *it == kind);
        &self.kinds[position.unwrap_or_default()]
    }

    /// An object was reconciled.
    pub(crate) fn reconciled(&self, kind: Kind, name: &Name, took: Duration) {
        let nanoseconds = i64::try_from(took.as_nanos()).unwrap_or(i64::MAX);
        let durations = &self.series(kind).durations;
        durations.get_or_create(&name.into()).set(nanoseconds);
    }

    /// The condition `Ready` of an object.
    pub(crate) fn ready(&self, kind: Kind, name: &Name, is_ready: bool) {
        for (status, is_so) in [("True", is_ready), ("False", !is_ready)] {
            let labels = condition(name, status);
            let conditions = &self.series(kind).conditions;
            conditions.get_or_create(&labels).set(i64::from(is_so));
        }
    }

    /// An `ExternalSecret` was synced, or was not.
    pub(crate) fn synced(&self, object: &ExternalSecret, is_ready: bool) {
        let name = Name::of(object);
        self.syncs.get_or_create(&(&name).into()).inc();
        let failures = self.failures.get_or_create(&(&name).into());
        if !is_ready {
            failures.inc();
        }
        drop(failures);
        self.ready(Kind::ExternalSecret, &name, is_ready);
    }

    /// An object is gone.
    pub(crate) fn forget(&self, kind: Kind, name: &Name) {
        let series = self.series(kind);
        for status in ["True", "False"] {
            series.conditions.remove(&condition(name, status));
        }
        series.durations.remove(&name.into());
        if kind == Kind::ExternalSecret {
            self.syncs.remove(&name.into());
            self.failures.remove(&name.into());
        }
    }

    /// A request to Vault was made.
    pub(crate) fn called(&self, call: Call, has_worked: bool) {
        let labels = CallLabels {
            call: call.name(),
            provider: VAULT,
            status: if has_worked { "success" } else { "error" },
        };
        self.calls.get_or_create(&labels).inc();
    }

    /// The text for Prometheus.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a String must succeed");
        text
    }
}

fn condition(name: &Name, status: &'static str) -> ConditionLabels {
    ConditionLabels {
        condition: "Ready",
        name: name.name.to_string(),
        namespace: name.namespace.to_string(),
        status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_are_those_that_dashboards_know() {
        let metrics = Metrics::new(Gauge::default());
        let mut object = ExternalSecret::new("app", operator_api::ExternalSecretSpec::default());
        object.metadata.namespace = Some("team".to_owned());
        metrics.synced(&object, false);
        metrics.called(Call::ReadSecretData, true);
        let name = Name::new("team", "app");
        metrics.reconciled(Kind::ExternalSecret, &name, Duration::from_micros(2));
        let text = metrics.encode();
        for line in [
            r#"externalsecret_sync_calls_total{name="app",namespace="team"} 1"#,
            "# TYPE externalsecret_sync_calls_error unknown",
            r#"externalsecret_sync_calls_error{name="app",namespace="team"} 1"#,
            r#"externalsecret_status_condition{condition="Ready",name="app",namespace="team",status="False"} 1"#,
            r#"externalsecret_status_condition{condition="Ready",name="app",namespace="team",status="True"} 0"#,
            r#"externalsecret_reconcile_duration{name="app",namespace="team"} 2000"#,
            "# TYPE externalsecret_provider_api_calls_count unknown",
            r#"externalsecret_provider_api_calls_count{call="ReadSecretData",provider="HashiCorp/Vault",status="success"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        metrics.forget(Kind::ExternalSecret, &name);
        assert!(!metrics.encode().contains(r#"name="app""#));
    }
}
