//! Whose a connection is.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use serve_tls::{Accept, Client};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tracing::warn;

use super::SocketFile;

/// A port.
pub(super) struct Port(pub(super) TcpListener);

/// A socket in the file system, which is there as long as somebody listens.
pub(super) struct Local {
    pub(super) listener: UnixListener,
    pub(super) _file: SocketFile,
}

impl Accept for Port {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Client)> {
        let accepted = Accept::accept(&self.0).await;
        let (stream, client) = accepted.inspect_err(warn_of)?;
        Ok((stream, of_the_pod(client)))
    }
}

impl Accept for Local {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Client)> {
        let (stream, _) = self.listener.accept().await.inspect_err(warn_of)?;
        // Unlike a process, a user cannot become another one to get more.
        let user = stream.peer_cred().map_or(u32::MAX, |peer| peer.uid());
        Ok((stream, Client::User(user)))
    }
}

fn warn_of(error: &io::Error) {
    warn!(target: "agent", %error, "cannot take a connection");
}

/// Whoever connects from within the pod has millions of addresses to do it from, and is one client.
fn of_the_pod(client: Client) -> Client {
    match client {
        Client::Address(address) if address.is_loopback() => {
            Client::Address(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_loopback_interface_is_the_same_client() {
        let client = |text: &str| of_the_pod(text.parse::<IpAddr>().unwrap().into());
        for text in ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.2"] {
            assert_eq!(client(text), client("127.0.0.1"), "{text}");
        }
        assert_ne!(client("10.0.0.1"), client("10.0.0.2"));
    }
}
