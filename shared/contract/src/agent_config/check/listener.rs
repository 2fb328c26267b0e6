//! One `listener` block, but for its certificates.

use std::net::Ipv6Addr;

use super::Problem;
use crate::agent_config::Listener;

/// What a listener listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// A port.
    Tcp,
    /// A socket.
    Unix,
}

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerRole {
    /// Everything.
    Default,
    /// Metrics alone.
    MetricsOnly,
}

/// Reads the kind of a listener.
///
/// # Errors
///
/// It is unknown.
pub fn listener_kind(block: &Listener, index: usize) -> Result<ListenerKind, Problem> {
    match block.kind.as_str() {
        "tcp" => Ok(ListenerKind::Tcp),
        "unix" => Ok(ListenerKind::Unix),
        other => Err(Problem::value(
            format!("listener[{index}]"),
            format!("unknown type {other:?}: give tcp or unix"),
        )),
    }
}

/// Reads what a listener is for.
///
/// # Errors
///
/// It is unknown.
pub fn listener_role(block: &Listener, index: usize) -> Result<ListenerRole, Problem> {
    match block.role.as_str() {
        "" | "default" => Ok(ListenerRole::Default),
        "metrics_only" => Ok(ListenerRole::MetricsOnly),
        other => Err(Problem::value(
            format!("listener[{index}].role"),
            format!("unknown role {other:?}: give default or metrics_only"),
        )),
    }
}

/// Checks where a listener listens. What a template of addresses gives, the machine says.
///
/// # Errors
///
/// A socket has no path, or a text is not a host and a port.
pub fn listener_address(block: &Listener, index: usize) -> Result<(), Problem> {
    let wrong = |reason: &str| Problem::value(format!("listener[{index}].address"), reason);
    let address = block.address.as_str();
    match block.kind.as_str() {
        "unix" if address.is_empty() => Err(wrong("a unix listener needs the path of its socket")),
        "unix" => Ok(()),
        _ if address.is_empty() || address.contains("{{") => Ok(()),
        _ if host_and_port(address).is_some() => Ok(()),
        _ => Err(wrong(&not_an_address(address))),
    }
}

/// What is said of a text that is not a host and a port.
pub fn not_an_address(text: &str) -> String {
    format!(
        "{text:?} is not a host and a port, such as 127.0.0.1:8200, localhost:8200 or [::1]:8200"
    )
}

/// Parts `host:port`; the brackets around an address of IPv6 are left out.
pub fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.trim().rsplit_once(':')?;
    let port = port.parse().ok()?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if bare.is_none() && host.contains(':') {
        return None;
    }
    if let Some(bare) = bare {
        bare.parse::<Ipv6Addr>().ok()?;
    }
    Some((bare.unwrap_or(host), port))
}
