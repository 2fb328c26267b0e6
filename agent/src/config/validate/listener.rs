//! The `listener` blocks.

use std::net::SocketAddr;

use contract::agent_config::Listener as Written;

use super::ConfigError;
use crate::files::names;
use crate::listener::{Address, ListenerSettings, Role};

const DEFAULT_ADDRESS: &str = "127.0.0.1:8200";
/// Only the agent's user, where nothing is said.
const DEFAULT_SOCKET_MODE: u32 = 0o600;

/// Listeners without TLS; the others are reported as not supported by whoever reads the file.
pub(super) fn settings(written: &[Written]) -> Result<Vec<ListenerSettings>, ConfigError> {
    let supported = written
        .iter()
        .enumerate()
        .filter(|(_, block)| is_supported(block));
    supported
        .map(|(index, block)| {
            let place = format!("listener[{index}]");
            Ok(ListenerSettings {
                address: address(block, &place)?,
                role: role(block, &place)?,
                require_request_header: block.require_request_header.0,
                enable_quit: block
                    .agent_api
                    .as_ref()
                    .is_some_and(|api| api.enable_quit.0),
            })
        })
        .collect()
}

/// A Unix socket has no need of TLS.
pub(crate) fn is_supported(block: &Written) -> bool {
    block.kind == "unix" || block.kind == "tcp" && block.tls_disable.0
}

fn role(block: &Written, place: &str) -> Result<Role, ConfigError> {
    match block.role.as_str() {
        "" | "default" => Ok(Role::Default),
        "metrics_only" => Ok(Role::MetricsOnly),
        other => Err(ConfigError::value(
            format!("{place}.role"),
            format!("unknown role {other:?}: give default or metrics_only"),
        )),
    }
}

fn address(block: &Written, place: &str) -> Result<Address, ConfigError> {
    let wrong = |key: &str, reason: String| ConfigError::value(format!("{place}.{key}"), reason);
    if block.kind == "unix" {
        if block.address.is_empty() {
            return Err(wrong(
                "address",
                "a unix listener needs the path of its socket".to_owned(),
            ));
        }
        let mode = block.socket_mode.mode();
        let mode = mode.map_err(|error| wrong("socket_mode", error.to_string()))?;
        let user = names::user(&block.socket_user);
        let group = names::group(&block.socket_group);
        return Ok(Address::Unix {
            path: block.address.clone().into(),
            mode: mode.unwrap_or(DEFAULT_SOCKET_MODE),
            uid: user.map_err(|error| wrong("socket_user", error.to_string()))?,
            gid: group.map_err(|error| wrong("socket_group", error.to_string()))?,
        });
    }
    let address = match block.address.as_str() {
        "" => DEFAULT_ADDRESS,
        address => address,
    };
    let address = address.replace("localhost:", "127.0.0.1:");
    let parsed: SocketAddr = address.parse().map_err(|_| {
        wrong(
            "address",
            format!("{address:?} is not an IP address with a port, such as 127.0.0.1:8200"),
        )
    })?;
    Ok(Address::Tcp(parsed))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(block: Value) -> Result<Vec<ListenerSettings>, String> {
        let block: Written = serde_json::from_value(block).unwrap();
        settings(&[block]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_listener_is_for_everything_unless_its_role_says_otherwise() {
        let plain = read(json!({"type": "tcp", "tls_disable": true})).unwrap();
        let wanted = ListenerSettings {
            address: Address::Tcp("127.0.0.1:8200".parse().unwrap()),
            role: Role::Default,
            require_request_header: false,
            enable_quit: false,
        };
        assert_eq!(plain, [wanted]);
        let metrics = json!({
            "type": "tcp", "tls_disable": true, "role": "metrics_only",
            "require_request_header": true,
        });
        let metrics = &read(metrics).unwrap()[0];
        assert_eq!(metrics.role, Role::MetricsOnly);
        assert!(metrics.require_request_header);
        let error = read(json!({"type": "tcp", "tls_disable": true, "role": "admin"}));
        assert_eq!(
            error.unwrap_err(),
            "listener[0].role: unknown role \"admin\": give default or metrics_only"
        );
    }

    #[test]
    fn a_socket_belongs_to_the_agents_user_unless_it_is_given_away() {
        let socket = |extra: Value| {
            let mut block = json!({"type": "unix", "address": "/run/agent.sock"});
            block
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            read(block).map(|mut all| all.remove(0).address)
        };
        let wanted = |mode, uid| Address::Unix {
            path: "/run/agent.sock".into(),
            mode,
            uid,
            gid: None,
        };
        assert_eq!(socket(json!({})).unwrap(), wanted(0o600, None));
        assert_eq!(
            socket(json!({"socket_mode": "0660", "socket_user": "1000"})).unwrap(),
            wanted(0o660, Some(1000))
        );
        for (extra, key) in [
            (json!({"socket_mode": "rw"}), "listener[0].socket_mode"),
            (
                json!({"socket_group": "no-such-group"}),
                "listener[0].socket_group",
            ),
            (json!({"address": ""}), "listener[0].address"),
        ] {
            assert!(socket(extra).unwrap_err().starts_with(key), "{key}");
        }
    }
}
