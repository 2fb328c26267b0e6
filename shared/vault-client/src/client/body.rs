//! An answer's body, read into memory that is wiped. Large ones are in memory one after another.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

/// How much of a body is read without a turn. Secrets are smaller, so they wait for no large one.
const AT_ONCE: usize = 64 * 1024;

/// A body on its way.
pub(super) trait Chunks: Send {
    type Error;

    /// The next part, or `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Self::Error>> + Send;
}

impl Chunks for reqwest::Response {
    type Error = reqwest::Error;

    fn next(&mut self) -> impl Future<Output = reqwest::Result<Option<Bytes>>> + Send {
        self.chunk()
    }
}

/// The turns of large answers: one at a time is in memory.
#[derive(Clone)]
pub(super) struct Turns(Arc<Semaphore>);

/// The turn of one large answer, until it is dropped.
pub(super) struct Turn(
    #[expect(dead_code, reason = "dropped for its effect")] OwnedSemaphorePermit,
);

/// A body, and the turn that it took if it is large.
pub(super) struct Body {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) turn: Option<Turn>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    async fn next(&self) -> Option<Turn> {
        // It is never closed.
        Arc::clone(&self.0).acquire_owned().await.ok().map(Turn)
    }
}

/// The body in `chunks`, or `None` if it is larger than the limit; the rest is not waited for then.
/// Vault announces the length of small answers alone.
pub(super) async fn whole<C: Chunks>(
    announced: Option<usize>,
    limit: usize,
    turns: &Turns,
    chunks: &mut C,
) -> Result<Option<Body>, C::Error> {
    if announced.is_some_and(|length| length > limit) {
        return Ok(None);
    }
    let mut turn = match announced {
        Some(length) if length > AT_ONCE => turns.next().await,
        _ => None,
    };
    // The right size at once, so that growing leaves no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(16 * 1024)));
    while let Some(chunk) = chunks.next().await? {
        if bytes.len() + chunk.len() > limit {
            return Ok(None);
        }
        if turn.is_none() && bytes.len() + chunk.len() > AT_ONCE {
            turn = turns.next().await;
        }
        append(&mut bytes, &chunk);
    }
    Ok(Some(Body { bytes, turn }))
}

/// Appends, and wipes the old memory when the buffer has to move.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    if body.len() + chunk.len() > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity((body.len() + chunk.len()) * 2));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const CHUNK: usize = 16 * 1024;

    /// Bytes that are read and not yet dropped, now and at most.
    #[derive(Default)]
    struct Memory {
        held: AtomicUsize,
        most: AtomicUsize,
    }

    /// Each chunk comes after all other bodies had a chance to read theirs.
    struct Source<'a> {
        left: usize,
        memory: &'a Memory,
    }

    impl Chunks for Source<'_> {
        type Error = Infallible;

        async fn next(&mut self) -> Result<Option<Bytes>, Infallible> {
            tokio::task::yield_now().await;
            if self.left == 0 {
                return Ok(None);
            }
            self.left -= 1;
            let held = self.memory.held.fetch_add(CHUNK, Ordering::Relaxed) + CHUNK;
            self.memory.most.fetch_max(held, Ordering::Relaxed);
            Ok(Some(Bytes::from_static(&[b'a'; CHUNK])))
        }
    }

    async fn read(chunks: usize, has_length: bool, turns: &Turns, memory: &Memory) {
        let mut source = Source {
            left: chunks,
            memory,
        };
        let announced = has_length.then_some(chunks * CHUNK);
        let body = whole(announced, 4 << 20, turns, &mut source)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(body.bytes.len(), chunks * CHUNK);
        // Somebody parses it.
        tokio::task::yield_now().await;
        drop(body);
        memory.held.fetch_sub(chunks * CHUNK, Ordering::Relaxed);
    }

    #[tokio::test]
    async fn large_bodies_are_in_memory_one_after_another() {
        for has_length in [false, true] {
            let (turns, memory) = (Turns::new(), Memory::default());
            let one = || read(250, has_length, &turns, &memory);
            tokio::join!(one(), one(), one(), one(), one(), one());
            let bound = 250 * CHUNK + 5 * (AT_ONCE + CHUNK);
            let most = memory.most.into_inner();
            assert!(most <= bound, "{most} of {bound}");
            assert_eq!(memory.held.into_inner(), 0);
        }
    }

    #[tokio::test]
    async fn a_small_body_waits_for_no_large_one() {
        let (turns, memory) = (Turns::new(), Memory::default());
        let _turn = turns.next().await;
        read(4, false, &turns, &memory).await;
        read(4, true, &turns, &memory).await;
    }
}
