//! What is counted. Names, labels and buckets are those of the established injector, so that
//! dashboards keep working; warnings, denials, certificate and leadership come on top.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use injection::inject::{Decision, Denial, Injection, Outcome};

/// Media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const BUCKETS_MS: [f64; 13] = [
    5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0,
];

/// The most namespaces that are told apart. A cluster has a few hundred; who reaches the port can
/// name any number.
const MOST_NAMESPACES: usize = 1000;

/// The label of all namespaces after those.
const OTHER: &str = "other";

/// All metrics of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    in_flight: Gauge,
    duration: Histogram,
    injections: Family<InjectionLabels, Counter>,
    failures: Family<NamespaceLabels, Counter>,
    warnings: Counter,
    denials: Family<DenialLabels, Counter>,
    namespaces: Namespaces,
}

/// The namespaces that have a series of their own.
#[derive(Debug, Default)]
struct Namespaces(Mutex<HashSet<String>>);

impl Namespaces {
    /// The label of a namespace: its name, as long as there are few.
    fn label(&self, namespace: &str) -> String {
        let mut known = self.0.lock().expect("the lock must not be poisoned");
        if !known.contains(namespace) {
            if known.len() >= MOST_NAMESPACES {
                return OTHER.to_owned();
            }
            known.insert(namespace.to_owned());
        }
        namespace.to_owned()
    }
}

/// What the process tells of itself; whoever owns a value sets it.
#[derive(Clone, Debug, Default)]
pub struct ProcessGauges {
    /// When the certificate in use ends, in seconds since 1970.
    pub certificate_expiry: Gauge,
    /// 1 where this replica writes to the cluster.
    pub leader: Gauge,
}

/// The reasons are a closed set: the steps of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DenialLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InjectionLabels {
    namespace: String,
    injection_type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NamespaceLabels {
    namespace: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(&ProcessGauges::default())
    }
}

impl Metrics {
    /// All metrics, and the values that the process sets itself.
    pub fn new(process: &ProcessGauges) -> Self {
        let mut registry = Registry::with_prefix("vault_agent_injector");
        let in_flight = Gauge::default();
        registry.register(
            "request_queue_length",
            "Requests in flight",
            in_flight.clone(),
        );
        let duration = Histogram::new(BUCKETS_MS);
        registry.register(
            "request_processing_duration_ms",
            "Milliseconds from request to response",
            duration.clone(),
        );
        let injections = Family::default();
        registry.register(
            "injections_by_namespace",
            "Injected pods",
            injections.clone(),
        );
        let failures = Family::default();
        registry.register(
            "failed_injections_by_namespace",
            "Refused pods",
            failures.clone(),
        );
        let warnings = Counter::default();
        registry.register("warnings", "Admission warnings given", warnings.clone());
        let denials = Family::default();
        registry.register(
            "denials",
            "Refused pods by the step that refuses",
            denials.clone(),
        );
        registry.register(
            "certificate_expiry_timestamp_seconds",
            "When the certificate in use ends",
            process.certificate_expiry.clone(),
        );
        registry.register(
            "leader",
            "Whether this replica writes to the cluster",
            process.leader.clone(),
        );
        Self {
            registry,
            in_flight,
            duration,
            injections,
            failures,
            warnings,
            denials,
            namespaces: Namespaces::default(),
        }
    }

    /// Counts a request as in flight until the guard goes.
    pub fn request(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    /// Notes how long an answer took, whichever it was.
    pub fn answered(&self, elapsed: Duration) {
        let milliseconds = u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
        self.duration.observe(f64::from(milliseconds));
    }

    /// Counts a decision and its warnings. A review without a pod in it belongs to no namespace:
    /// there is nothing that anybody wanted to create.
    pub fn decided(&self, namespace: &str, outcome: &Outcome) {
        self.warned(outcome);
        match &outcome.decision {
            Decision::Inject(plan) => {
                if let Some(injection) = plan.injection {
                    self.injected(namespace, injection);
                }
            }
            Decision::Deny(denial) => {
                let reason = denial.reason();
                self.denials.get_or_create(&DenialLabels { reason }).inc();
                if !matches!(denial, Denial::Object(_)) {
                    let namespace = self.namespaces.label(namespace);
                    let labels = NamespaceLabels { namespace };
                    self.failures.get_or_create(&labels).inc();
                }
            }
            Decision::Skip(_) => {}
        }
    }

    /// Counts warnings alone, for what is looked at and not decided.
    pub fn warned(&self, outcome: &Outcome) {
        self.warnings
            .inc_by(u64::try_from(outcome.warnings.len()).unwrap_or(u64::MAX));
    }

    fn injected(&self, namespace: &str, injection: Injection) {
        let labels = InjectionLabels {
            namespace: self.namespaces.label(namespace),
            injection_type: injection.label(),
        };
        self.injections.get_or_create(&labels).inc();
    }

    /// The text that Prometheus reads.
    #[expect(
        clippy::missing_panics_doc,
        reason = "writing to a string does not fail"
    )]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a string must succeed");
        text
    }
}

/// A request in flight.
#[derive(Debug)]
pub struct InFlight<'m>(&'m Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_denied(denial: Denial) -> Outcome {
        Outcome {
            decision: Decision::Deny(denial),
            warnings: Vec::new(),
            pod: String::new(),
        }
    }

    #[test]
    fn namespaces_without_end_make_a_thousand_series_and_one() {
        let metrics = Metrics::default();
        let outcome = mk_denied(Denial::SystemNamespace("a".to_owned()));
        for number in 0..2 * MOST_NAMESPACES {
            metrics.decided(&format!("n{number}"), &outcome);
            metrics.injected(&format!("n{number}"), Injection::InitOnly);
        }
        let text = metrics.encode();
        for name in ["failed_injections", "injections"] {
            let name = format!("vault_agent_injector_{name}_by_namespace_total{{");
            let series = text.lines().filter(|line| line.starts_with(&name));
            assert_eq!(series.count(), MOST_NAMESPACES + 1, "{name}");
        }
        let rest = "failed_injections_by_namespace_total{namespace=\"other\"} 1000";
        assert!(text.contains(rest), "{text}");
    }

    #[test]
    fn a_review_without_a_pod_is_counted_for_no_namespace() {
        let metrics = Metrics::default();
        metrics.decided("a", &mk_denied(Denial::Object("none".to_owned())));
        let text = metrics.encode();
        assert!(
            text.contains("denials_total{reason=\"object\"} 1"),
            "{text}"
        );
        assert!(!text.contains("namespace=\"a\""), "{text}");
    }

    #[test]
    fn names_and_labels_are_the_established_ones() {
        let process = ProcessGauges::default();
        process.certificate_expiry.set(1_795_000_000);
        process.leader.set(1);
        let metrics = Metrics::new(&process);
        let in_flight = metrics.request();
        metrics.injected("apps", Injection::InitAndSidecar);
        metrics.answered(Duration::from_millis(7));
        let outcome = mk_denied(Denial::SystemNamespace("kube-system".to_owned()));
        metrics.decided("kube-system", &outcome);
        let text = metrics.encode();
        for line in [
            "vault_agent_injector_request_queue_length 1",
            "vault_agent_injector_request_processing_duration_ms_bucket{le=\"5.0\"} 0",
            "vault_agent_injector_request_processing_duration_ms_bucket{le=\"10.0\"} 1",
            "vault_agent_injector_injections_by_namespace_total{namespace=\"apps\",\
             injection_type=\"init_and_sidecar\"} 1",
            "vault_agent_injector_failed_injections_by_namespace_total{namespace=\"kube-system\"} 1",
            "vault_agent_injector_denials_total{reason=\"system_namespace\"} 1",
            "vault_agent_injector_warnings_total 0",
            "vault_agent_injector_certificate_expiry_timestamp_seconds 1795000000",
            "vault_agent_injector_leader 1",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
        drop(in_flight);
        assert!(metrics.encode().contains("request_queue_length 0"));
    }
}
