//! Networks: which addresses they have, and which of them RFC 6890 sets apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Private addresses (RFC 1918).
const RFC_1918: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// The addresses of special purpose (RFC 6890).
const RFC_6890: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b::/96",
    "::ffff:0:0/96",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
];

/// Those that no router passes on.
const NOT_FORWARDABLE: &[&str] = &[
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "2001:db8::/32",
    "fe80::/10",
    "ff00::/8",
];

/// Is an address one of those that a document describes? Nothing for an unknown document.
pub(super) fn is_in_rfc(number: u32, ip: IpAddr) -> Option<bool> {
    let networks = match number {
        1918 => RFC_1918,
        6890 => RFC_6890,
        _ => return None,
    };
    Some(is_in_any(networks, ip))
}

pub(super) fn is_forwardable(ip: IpAddr) -> bool {
    !is_in_any(NOT_FORWARDABLE, ip)
}

fn is_in_any(networks: &[&str], ip: IpAddr) -> bool {
    networks
        .iter()
        .filter_map(|text| parse(text))
        .any(|network| contains(network, ip))
}

/// `ADDRESS/BITS`.
pub(super) fn parse(text: &str) -> Option<(IpAddr, u8)> {
    let (ip, bits) = text.split_once('/')?;
    let (ip, bits): (IpAddr, u8) = (ip.parse().ok()?, bits.parse().ok()?);
    (bits <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, bits))
}

pub(super) fn contains((network, bits): (IpAddr, u8), ip: IpAddr) -> bool {
    network.is_ipv4() == ip.is_ipv4() && masked(network, bits) == masked(ip, bits)
}

/// The first address of the network that an address is in.
pub(super) fn masked(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(bits.min(32)))
                .unwrap_or(0);
            Ipv4Addr::from_bits(ip.to_bits() & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(bits.min(128)))
                .unwrap_or(0);
            Ipv6Addr::from_bits(ip.to_bits() & mask).into()
        }
    }
}
