//! The flags of what a container of the agent may use.

use clap::Args;
use injection::settings::ResourceDefaults;

#[derive(Debug, Args)]
pub(super) struct ResourceFlags {
    /// Processor request of an agent; empty leaves it out [default: 10m native, 250m compatible]
    #[arg(long)]
    cpu_request: Option<String>,
    /// Processor limit of an agent; empty leaves it out [default: 500m]
    #[arg(long)]
    cpu_limit: Option<String>,
    /// Memory request of an agent; empty leaves it out [default: 16Mi native, 64Mi compatible]
    #[arg(long)]
    memory_request: Option<String>,
    /// Memory limit of an agent; empty leaves it out [default: 64Mi native, 128Mi compatible]
    #[arg(long)]
    memory_limit: Option<String>,
    /// Ephemeral storage request of an agent
    #[arg(long)]
    ephemeral_storage_request: Option<String>,
    /// Ephemeral storage limit of an agent
    #[arg(long)]
    ephemeral_storage_limit: Option<String>,
}

impl ResourceFlags {
    pub(super) fn defaults(self) -> ResourceDefaults {
        ResourceDefaults {
            limits_cpu: self.cpu_limit,
            limits_memory: self.memory_limit,
            limits_ephemeral: self.ephemeral_storage_limit,
            requests_cpu: self.cpu_request,
            requests_memory: self.memory_request,
            requests_ephemeral: self.ephemeral_storage_request,
        }
    }
}
