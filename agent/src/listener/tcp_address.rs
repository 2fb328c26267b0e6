//! Host and port of a tcp listener.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use contract::agent_config::check::{host_and_port, not_an_address};
use thiserror::Error;
use tokio::net::TcpListener;

/// A host name or an IP address, and a port. Names are resolved when it is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpAddress {
    /// Empty for all addresses of the machine.
    host: String,
    port: u16,
}

/// The text is no address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TcpAddressError {
    /// Not of the form `host:port`.
    #[error("{}", not_an_address(.0))]
    Form(String),
    /// The template cannot be evaluated.
    #[error("{text:?}: {reason}")]
    Template {
        /// The template.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The template has no result, or several.
    #[error("{text:?} has to give exactly one address of this machine and gives {given:?}")]
    NotOne {
        /// The template.
        text: String,
        /// What it gives.
        given: String,
    },
}

impl FromStr for TcpAddress {
    type Err = TcpAddressError;

    /// Reads `host:port`. A text with `{{` is a template of go-sockaddr and says what the machine is
    /// called now.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.contains("{{") {
            let form = || TcpAddressError::Form(text.to_owned());
            return split(text).ok_or_else(form);
        }
        let given = templating::sockaddr(text).map_err(|reason| TcpAddressError::Template {
            text: text.to_owned(),
            reason,
        })?;
        // Without an address it would be all of them, which nobody has asked for.
        split(&given)
            .or_else(|| split_unbracketed(&given))
            .filter(|address| !address.host.is_empty() && !address.host.contains(' '))
            .ok_or_else(|| TcpAddressError::NotOne {
                text: text.to_owned(),
                given,
            })
    }
}

fn split(text: &str) -> Option<TcpAddress> {
    let (host, port) = host_and_port(text)?;
    let host = host.to_owned();
    Some(TcpAddress { host, port })
}

/// The same of an address of IPv6 without its brackets, as a template writes it that puts a port
/// behind the address of an interface.
fn split_unbracketed(text: &str) -> Option<TcpAddress> {
    let (host, port) = text.trim().rsplit_once(':')?;
    let address: Ipv6Addr = host.parse().ok()?;
    let port = port.parse().ok()?;
    let host = address.to_string();
    Some(TcpAddress { host, port })
}

impl TcpAddress {
    pub(super) async fn bind(&self) -> io::Result<TcpListener> {
        match self.host.as_str() {
            "" => match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self.port)).await {
                Ok(listener) => Ok(listener),
                // Without IPv6 there is the other one.
                Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await,
            },
            // Always the older one, wherever the machine looks first.
            "localhost" => TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await,
            host => TcpListener::bind((host, self.port)).await,
        }
    }
}

impl fmt::Display for TcpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        let address = text.parse::<TcpAddress>();
        address
            .map(|address| address.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_go_by_name_or_number() {
        for text in [
            "127.0.0.1:8200",
            "[::1]:8200",
            "vault-proxy.local:0",
            ":8200",
        ] {
            assert_eq!(shown(text).as_deref(), Ok(text));
        }
        for text in [
            "127.0.0.1",
            "127.0.0.1:http",
            "::1:8200",
            "[host]:8200",
            "",
            "[::1]",
        ] {
            assert!(
                shown(text)
                    .unwrap_err()
                    .contains("is not a host and a port")
            );
        }
    }

    #[test]
    fn a_template_gives_one_address_of_the_machine() {
        let loopback = r#"{{ GetAllInterfaces | include "name" "^lo$" | include "type" "IPv4" | limit 1 | attr "address" }}"#;
        assert_eq!(
            shown(&format!("{loopback}:8200")).unwrap(),
            "127.0.0.1:8200"
        );
        let nowhere = r#"{{ GetInterfaceIP "no-such-interface" }}:8200"#;
        assert!(shown(nowhere).unwrap_err().contains("exactly one address"));
        let wrong = shown("{{ GetMyIP }}:8200").unwrap_err();
        assert!(wrong.contains("GetMyIP"), "{wrong}");
    }

    #[test]
    fn a_port_behind_an_address_of_ipv6_is_told_from_it_in_a_template_alone() {
        for (given, expected) in [
            (r#"{{ "fd00::1" }}:8200"#, "[fd00::1]:8200"),
            (r#"{{ "::1" }}:8200"#, "[::1]:8200"),
            (r#"[{{ "::1" }}]:8200"#, "[::1]:8200"),
        ] {
            assert_eq!(shown(given).as_deref(), Ok(expected));
        }
        assert!(shown("fd00::1:8200").is_err());
    }

    #[tokio::test]
    async fn a_name_is_looked_up_when_it_is_bound() {
        for text in ["localhost:0", ":0", "127.0.0.1:0"] {
            let address: TcpAddress = text.parse().unwrap();
            assert!(address.bind().await.is_ok(), "{text}");
        }
        let nobody: TcpAddress = "no-such-host.invalid:0".parse().unwrap();
        assert!(nobody.bind().await.is_err());
    }
}
