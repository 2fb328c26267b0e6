//! The API server, as far as the injector's own life depends on it: its certificate, where that is
//! registered, who of the replicas writes, and which version the cluster has. No request of a pod
//! waits for any of it.
//!
//! ```text
//!            ┌────────► Secret: the authorities, shared by all replicas
//! Automatic ─┤
//!            └─► Registrar ─► caBundle of our webhooks ◄─ Registrar ◄─ CaFile
//!                   ▲ writes only where this replica leads: Elector ─► Lease
//! ```
//!
//! * What is to be done is decided by pure functions ([`authorities`], [`bundle`]); the
//!   modules around them fetch what they look at.
//! * Every call has a deadline, and every failure is tried again for ever. A replica that was
//!   ready once stays ready whatever the API server does.

pub mod authorities;
pub mod automatic;
pub mod bundle;
pub mod ca_file;
pub mod keeper;
pub mod pace;
pub mod registrar;
pub mod version;

use kube_support::{Access, ConnectError, Names};

pub use automatic::Automatic;
pub use ca_file::CaFile;
pub use pace::keep;
pub use registrar::Registrar;

/// Under this name our fields are ours in the API server's books.
pub const FIELD_MANAGER: &str = "vault-injector";

/// The Lease of the replica that leads.
pub const LEASE: Names = Names {
    lease: "vault-injector-leader",
    field_manager: FIELD_MANAGER,
};

/// A client of the API server. Nothing is sent yet.
pub async fn connect(access: &Access) -> Result<kube::Client, ConnectError> {
    let user_agent = concat!("vault-injector/", env!("CARGO_PKG_VERSION"));
    kube_support::connect(access, user_agent).await
}
