//! What a connection reads and writes, with an eye on clients that do it to no good.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::server::TlsStream;

use crate::frames::Frames;

/// A connection that takes nothing for so long is given up.
const STALL: Duration = Duration::from_secs(15);

/// The bytes of an accepted connection, after the handshake where there is one.
#[derive(Debug)]
pub struct Stream<S = TcpStream> {
    transport: Transport<S>,
    /// Counts frames where the client speaks HTTP/2.
    frames: Option<Frames>,
    /// Runs while the client takes nothing of what is written.
    stall: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
enum Transport<S> {
    Plain(S),
    Tls(Box<TlsStream<S>>),
}

impl<S> Stream<S> {
    pub(crate) fn plain(stream: S) -> Self {
        Self {
            transport: Transport::Plain(stream),
            frames: None,
            stall: None,
        }
    }

    pub(crate) fn tls(stream: TlsStream<S>) -> Self {
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Self {
            transport: Transport::Tls(Box::new(stream)),
            frames: is_http2.then(|| Frames::new(Instant::now())),
            stall: None,
        }
    }

    /// Whether the handshake has agreed on HTTP/2.
    pub fn is_http2(&self) -> bool {
        self.frames.is_some()
    }

    /// Counts what was written where the client speaks HTTP/2.
    fn counted(&mut self, result: &Poll<io::Result<usize>>) {
        if let (Some(frames), Poll::Ready(Ok(bytes))) = (&mut self.frames, result) {
            frames.written(*bytes);
        }
    }

    /// Passes on the result of a write, unless there was none for too long.
    fn written<T>(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stall = None;
            return result;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(STALL)));
        ready!(stall.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client does not read",
        )))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    fn reader(&mut self) -> Pin<&mut (dyn AsyncRead + Unpin)> {
        Pin::new(match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream,
        })
    }

    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Unpin)> {
        Pin::new(match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream,
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.transport.reader().poll_read(context, buffer))?;
        let read = &buffer.filled()[before..];
        Poll::Ready(match &mut self.frames {
            Some(frames) => frames.read(read, Instant::now()),
            None => Ok(()),
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = self.transport.writer().poll_write(context, bytes);
        self.counted(&result);
        self.written(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = self.transport.writer().poll_write_vectored(context, parts);
        self.counted(&result);
        self.written(context, result)
    }

    /// Both transports take several parts at once. Where one did not, HTTP would copy an answer,
    /// and the copy would be counted nowhere.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.transport.writer().poll_flush(context);
        self.written(context, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.transport.writer().poll_shutdown(context);
        self.written(context, result)
    }
}
