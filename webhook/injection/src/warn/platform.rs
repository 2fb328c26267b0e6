//! The operating system of a pod, as far as the pod says.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::pod::PodView;

/// Labels of nodes that name their operating system.
const LABELS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];

const WINDOWS: &str = "windows";

/// Where the pod says that it runs on Windows; `None` where it may run on Linux.
pub(super) fn says_windows(pod: &PodView<'_>) -> Option<&'static str> {
    let written = |field: Option<&RawValue>| {
        // Most pods say nothing of the kind, and that is cheap to tell.
        let field = field.filter(|field| field.get().contains(WINDOWS))?;
        serde_json::from_str::<Value>(field.get()).ok()
    };
    let is_windows = |value: &Value| value.as_str() == Some(WINDOWS);
    if written(pod.os).is_some_and(|os| is_windows(&os["name"])) {
        return Some("os.name");
    }
    let selector = written(pod.node_selector);
    if selector.is_some_and(|it| LABELS.iter().any(|label| is_windows(&it[*label]))) {
        return Some("nodeSelector");
    }
    let affinity = written(pod.affinity)?;
    let required = &affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let terms = Vec::<Term>::deserialize(&required["nodeSelectorTerms"]).ok()?;
    let all = !terms.is_empty() && terms.iter().all(Term::is_windows);
    all.then_some("affinity.nodeAffinity")
}

/// One of the ways to fit a node; all of its expressions have to hold.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    #[serde(default)]
    match_expressions: Vec<Expression>,
}

#[derive(Deserialize)]
struct Expression {
    key: String,
    operator: String,
    #[serde(default)]
    values: Vec<String>,
}

impl Term {
    fn is_windows(&self) -> bool {
        self.match_expressions
            .iter()
            .any(|it| LABELS.contains(&&*it.key) && it.operator == "In" && it.values == [WINDOWS])
    }
}
