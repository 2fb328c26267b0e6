//! A TLS listener that a hostile client cannot take down.
//!
//! ```text
//!  files ─► CertificateStore ─► server_config ◄─ Policy
//!    ▲            ▲                   │
//!    └─ Watcher ──┘                   ▼
//!                          Accept ─► Serve ─► handler(Stream, Connection, Leaving)
//!                                     ▲
//!                                Connections ◄─ Limits
//! ```
//!
//! * [`Policy`] and [`Suite`]: which versions of TLS and which cipher suites are offered.
//! * [`CertificateStore`], [`ClientAuthorities`] and [`Watcher`]: certificates that are replaced
//!   while the listener runs. A file that cannot be used is reported, and what is in use stays.
//! * [`Accept`]: a port, or another socket that tells whose a connection is.
//! * [`Connections`]: how many there may be, how much memory their requests and answers take, and
//!   how many requests are worked on, each shared fairly among clients.
//! * [`Stream`]: closes a client that reads nothing, or floods the server with HTTP/2 frames.
//!
//! The crate knows nothing of HTTP beyond its frames: a handler brings its own implementation.
//!
//! ```
//! use std::time::Duration;
//!
//! use serve_tls::{Connections, Limits, Serve};
//! use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
//! use tokio::net::{TcpListener, TcpStream};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let limits = Limits {
//!     connections: 256,
//!     connections_each: 64,
//!     bytes: 32 << 20,
//!     work: 2,
//!     answer: Duration::from_secs(15),
//! };
//! let serve = Serve {
//!     connections: Connections::new(limits),
//!     tls: None,
//!     handshake: Duration::from_secs(10),
//!     first_request: Duration::from_secs(10),
//!     drain: Duration::from_secs(10),
//! };
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let client = async {
//!     let mut text = String::new();
//!     let mut stream = TcpStream::connect(address).await?;
//!     stream.read_to_string(&mut text).await?;
//!     assert_eq!(text, "hello");
//!     std::io::Result::Ok(())
//! };
//! let stop = async { client.await.expect("must be answered") };
//! serve
//!     .run(
//!         listener,
//!         async |mut stream, connection, _leaving| {
//!             let _open = connection.request();
//!             // A client that is gone needs no answer.
//!             let _ = stream.write_all(b"hello").await;
//!         },
//!         stop,
//!     )
//!     .await;
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod accept;
mod clients;
mod connections;
mod files;
mod frames;
mod policy;
mod serve;
mod store;
mod stream;
mod suites;
mod watch;

pub use accept::{Accept, Client};
pub use clients::ClientAuthorities;
pub use connections::{
    Connection, Connections, Exhausted, Held, InFlight, Limits, Permit, Refused,
};
pub use files::{AuthorityFile, CertificateFiles, FileError};
pub use policy::{Policy, PolicyError, Version, VersionError};
pub use serve::{Handshake, Leaving, Serve};
pub use store::{CertificateStore, server_config};
pub use stream::Stream;
pub use suites::Suite;
pub use watch::{Generation, Watcher};
