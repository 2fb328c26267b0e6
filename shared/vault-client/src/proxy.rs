//! The proxy between us and the server.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// The address of an HTTP proxy. Its user name and password show nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress(Url);

/// Not the address of a proxy that can be used. The text is left out: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("a proxy's address is like http://proxy:3128 or https://proxy:3128")]
pub struct InvalidProxyAddress;

impl FromStr for ProxyAddress {
    type Err = InvalidProxyAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidProxyAddress)?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Self(url)),
            _ => Err(InvalidProxyAddress),
        }
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.0.scheme())?;
        f.write_str(self.0.host_str().unwrap_or_default())
    }
}

/// Sets the way to `server`: the configured proxy for whatever it is, else the one of
/// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, but for a server on this machine
/// or its link none.
pub(crate) fn apply(
    builder: reqwest::ClientBuilder,
    proxy: Option<&ProxyAddress>,
    server: &Url,
) -> reqwest::Result<reqwest::ClientBuilder> {
    Ok(match proxy {
        Some(ProxyAddress(url)) => builder.proxy(reqwest::Proxy::all(url.clone())?),
        None if is_here(server) => builder.no_proxy(),
        None => builder,
    })
}

fn is_here(server: &Url) -> bool {
    let host = server.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_near = |address: IpAddr| match address {
        // No proxy reaches this machine's link, where clouds have their metadata servers.
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback(),
    };
    host == "localhost" || address.is_ok_and(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_reached_over_http_or_https_and_its_password_shows_nowhere() {
        let proxy: ProxyAddress = "http://user:canary@proxy:3128".parse().unwrap();
        assert_eq!(format!("{proxy:?}"), "http://proxy");
        for text in ["", "proxy:3128", "socks5://user:canary@proxy", "http://"] {
            let error = text.parse::<ProxyAddress>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{text}");
        }
    }

    #[test]
    fn a_server_on_this_machine_is_told_from_others() {
        let is_here = |text: &str| is_here(&Url::parse(text).unwrap());
        for near in [
            "http://localhost:8200",
            "http://127.0.0.9",
            "https://[::1]:8200",
            "http://169.254.169.254",
        ] {
            assert!(is_here(near), "{near}");
        }
        for far in [
            "https://vault:8200",
            "https://10.0.0.1",
            "https://[fd00::1]",
        ] {
            assert!(!is_here(far), "{far}");
        }
    }
}
