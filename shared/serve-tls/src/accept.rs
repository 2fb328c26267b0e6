//! Where connections come from, and whose they are.

use std::io;
use std::net::IpAddr;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// What the kernel may hold of one connection in each direction; it takes twice of that. Left
/// alone, it holds megabytes, and they count as memory of the container.
const SOCKET_BUFFER: usize = 64 * 1024;

/// Whose connection it is. What a listener has is shared fairly among clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// Whoever has this address. One of IPv4 is the same in both notations.
    Address(IpAddr),
    /// A user of this machine, who connects to a socket in the file system.
    User(u32),
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }
}

/// A socket that connections come from.
pub trait Accept: Send + Sync {
    /// A connection, before the handshake.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection. A failure concerns that connection, or passes.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Client)>> + Send;
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Client)> {
        let (stream, peer) = Self::accept(self).await?;
        let socket = SockRef::from(&stream);
        // Where one fails, the connection is gone, which shows when it is read.
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
        // An answer is written at once, so there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer.ip().into()))
    }
}
