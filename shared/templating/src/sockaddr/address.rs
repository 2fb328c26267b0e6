//! The addresses of this machine, and their attributes.

use std::io;
use std::net::IpAddr;

use text_template::{Map, Value};

use super::network;

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "interfaces"),
    allow(dead_code, reason = "only a list of interfaces makes one")
)]
pub(super) struct Address {
    pub(super) interface: String,
    pub(super) ip: IpAddr,
    /// Bits of the network.
    pub(super) prefix: u8,
    pub(super) up: bool,
    /// Its interface has the default route.
    pub(super) default: bool,
}

/// What `attr` and `join` can ask for.
pub(super) const ATTRIBUTES: &[&str] = &["address", "name", "network", "string", "type"];

impl Address {
    /// One of [`ATTRIBUTES`].
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let Self { ip, prefix, .. } = self;
        Some(match name {
            "address" => ip.to_string(),
            "name" => self.interface.clone(),
            "network" => format!("{}/{prefix}", network::masked(*ip, *prefix)),
            "string" => format!("{ip}/{prefix}"),
            "type" => String::from(if ip.is_ipv4() { "IPv4" } else { "IPv6" }),
            _ => return None,
        })
    }

    /// As templates pass it on.
    pub(super) fn to_value(&self) -> Value {
        let entries = ATTRIBUTES
            .iter()
            .filter_map(|name| Some((Value::string(*name), Value::string(self.attribute(name)?))));
        Value::Map(Map::of_any(entries.collect()))
    }

    /// Is a template's value this one?
    pub(super) fn is(&self, value: &Map) -> bool {
        ["name", "string"].iter().all(|name| {
            let found = value.get_str(name);
            let found = found.as_ref().and_then(Value::as_text);
            found.map(|text| text.to_str_lossy().into_owned()) == self.attribute(name)
        })
    }
}

/// All addresses of all interfaces.
#[cfg(feature = "interfaces")]
pub(super) fn of_this_machine() -> io::Result<Vec<Address>> {
    let default = default_interface();
    let found = if_addrs::get_if_addrs()?
        .into_iter()
        .map(|interface| Address {
            ip: interface.ip(),
            prefix: match &interface.addr {
                if_addrs::IfAddr::V4(addr) => addr.prefixlen,
                if_addrs::IfAddr::V6(addr) => addr.prefixlen,
            },
            up: interface.oper_status != if_addrs::IfOperStatus::Down,
            default: default.as_deref() == Some(&interface.name),
            interface: interface.name,
        });
    Ok(found.collect())
}

/// Nothing here lists interfaces, as in a browser.
#[cfg(not(feature = "interfaces"))]
pub(super) fn of_this_machine() -> io::Result<Vec<Address>> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this program is built without access to network interfaces",
    ))
}

/// The interface of the default route, as the kernel's table of routes says it.
#[cfg(feature = "interfaces")]
fn default_interface() -> Option<String> {
    default_of(&std::fs::read_to_string("/proc/net/route").ok()?)
}

/// A line is interface, destination, …; the default route leads to 0.0.0.0 with mask 0.
#[cfg(any(feature = "interfaces", test))]
pub(super) fn default_of(routes: &str) -> Option<String> {
    routes.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let is_default = fields.get(1) == Some(&"00000000") && fields.get(7) == Some(&"00000000");
        is_default.then(|| fields[0].to_owned())
    })
}
