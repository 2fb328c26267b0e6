//! Whether a pod is one of the API server or is made from a template.

/// Where a pod comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The API server, which has added the token of the pod's service account.
    #[default]
    Pod,
    /// The template of a workload, to which the API server will add a token.
    Template {
        /// The workload's kind.
        kind: &'a str,
    },
}
