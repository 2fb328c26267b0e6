//! The `listener` blocks.

use std::net::SocketAddr;

use contract::agent_config::Listener as Written;

use super::ConfigError;
use crate::listener::ListenerSettings;

const DEFAULT_ADDRESS: &str = "127.0.0.1:8200";

/// Listeners of plain TCP; the others are reported as not supported by whoever reads the file.
pub(super) fn settings(written: &[Written]) -> Result<Vec<ListenerSettings>, ConfigError> {
    let supported = written
        .iter()
        .enumerate()
        .filter(|(_, block)| is_supported(block));
    supported
        .map(|(index, block)| {
            let address = match block.address.as_str() {
                "" => DEFAULT_ADDRESS,
                address => address,
            };
            let address = address.replace("localhost:", "127.0.0.1:");
            let address: SocketAddr = address.parse().map_err(|_| {
                ConfigError::value(
                    format!("listener[{index}].address"),
                    format!("{address:?} is not an IP address with a port, such as 127.0.0.1:8200"),
                )
            })?;
            Ok(ListenerSettings {
                address,
                enable_quit: block
                    .agent_api
                    .as_ref()
                    .is_some_and(|api| api.enable_quit.0),
            })
        })
        .collect()
}

pub(crate) fn is_supported(block: &Written) -> bool {
    block.kind == "tcp" && block.tls_disable.0
}
