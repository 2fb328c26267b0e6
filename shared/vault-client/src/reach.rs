//! Which addresses are reached for somebody who chose the server: not those of this machine and of its
//! network's own services, whatever name stands for them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::config::ConfigError;

/// Why an address is not asked.
const REASON: &str = "a loopback or link-local address, which is not asked for others";

/// Resolves names, and leaves out addresses that are not for others.
pub(crate) struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|it| is_for_others(it.ip())).collect();
            if allowed.is_empty() {
                return Err(format!("{} is {REASON}", name.as_str()).into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

/// The resolver of such servers.
pub(crate) fn resolver() -> Arc<Guarded> {
    Arc::new(Guarded)
}

/// Refuses what only this process may ask.
pub(crate) fn check(address: &Url, has_socket: bool) -> Result<(), ConfigError> {
    let reason = if has_socket {
        Some("a socket of this machine is not asked for others")
    } else {
        refusal(address)
    };
    reason.map_or(Ok(()), |reason| {
        Err(ConfigError::Address {
            address: address.to_string(),
            reason,
        })
    })
}

/// Why a URL is not asked, if it names an address.
fn refusal(url: &Url) -> Option<&'static str> {
    let host = url.host_str()?;
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = literal.parse().ok()?;
    (!is_for_others(address)).then_some(REASON)
}

fn is_for_others(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(address) => address
            .to_ipv4_mapped()
            .map_or(IpAddr::V6(address), IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => is_v6_link_local(address),
    };
    !(address.is_loopback() || address.is_unspecified() || address.is_multicast() || is_link_local)
}

/// `fe80::/10` (RFC 4291, section 2.5.6).
fn is_v6_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_this_machine_or_its_link_is_not_asked() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "0.0.0.0",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.169.254]",
            "2130706433",
            "0x7f.1",
        ] {
            let url = Url::parse(&format!("http://{address}:8200/v1")).unwrap();
            assert!(refusal(&url).is_some(), "{address}");
        }
        for address in ["10.0.0.1", "192.168.1.1", "1.1.1.1", "[fd00::1]", "vault"] {
            let url = Url::parse(&format!("http://{address}:8200/v1")).unwrap();
            assert_eq!(refusal(&url), None, "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_stands_for_this_machine_is_not_asked_either() {
        let name = "localhost".parse::<Name>().unwrap();
        let error = Guarded.resolve(name).await.err().unwrap();
        assert!(error.to_string().contains("loopback"), "{error}");
    }
}
