//! The beginning of an answer's body, read before it is passed on.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame};
use vault_client::Body;
use zeroize::Zeroizing;

/// What has been read of a body.
pub(super) enum Ahead {
    /// All of it. Wiped when nobody holds it any more.
    Whole(Bytes),
    /// It is longer.
    Longer(Body),
}

/// Reads up to `limit` bytes. `None` where the body breaks off.
pub(super) async fn read(mut body: Body, limit: usize) -> Option<Ahead> {
    let mut read = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        // Trailers have no place in an answer that is kept.
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        read.extend_from_slice(&data);
        if read.len() > limit {
            let joined = Joined {
                first: Some(Bytes::from_owner(read)),
                rest: body,
            };
            return Some(Ahead::Longer(Body::wrap(joined)));
        }
    }
    Some(Ahead::Whole(Bytes::from_owner(read)))
}

/// What has been read, and the rest as it comes.
struct Joined {
    first: Option<Bytes>,
    rest: Body,
}

impl hyper::body::Body for Joined {
    type Data = Bytes;
    type Error = <Body as hyper::body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        Pin::new(&mut self.rest).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_body_passes_whole_though_its_beginning_was_read() {
        let text = "x".repeat(100);
        let Some(Ahead::Longer(body)) = read(Body::from(text.clone()), 99).await else {
            panic!("it is longer");
        };
        assert_eq!(body.collect().await.unwrap().to_bytes(), text);
        let Some(Ahead::Whole(body)) = read(Body::from(text.clone()), 100).await else {
            panic!("it is all there");
        };
        assert_eq!(body, text);
    }
}
