//! A real cluster, seen through kubectl: what a scenario reads is what a person would read.
//!
//! The cluster is furnished once, by `e2e/scripts/cluster.sh`: the injector as a user installs it,
//! Vault and PostgreSQL as pods, set up by the commands of `docs/guide.md`. Scenarios share it. Each
//! works in a namespace of its own, or removes what it has put into the guide's, and one that takes
//! something away from everybody has the cluster to itself ([`scene::Turn`]).

pub(crate) mod kubectl;
pub(crate) mod scene;
pub mod workload;
