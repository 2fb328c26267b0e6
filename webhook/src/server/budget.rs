//! How much memory bodies may take at once, in all and from one address. What a request has read
//! counts until it is answered; what does not fit is refused at once and not waited for.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of bytes to take from; its clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Bytes(Arc<Semaphore>);

impl Bytes {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Exhausted> {
        let bytes = u32::try_from(bytes).map_err(|_| Exhausted)?;
        let taken = Arc::clone(&self.0).try_acquire_many_owned(bytes);
        taken.map_err(|_| Exhausted)
    }
}

/// Too much is in memory already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many requests at once: try again")]
pub(super) struct Exhausted;

/// What the requests of one connection may take.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    each: Bytes,
    all: Bytes,
}

/// What one request has taken; given back when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Held(Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>);

impl Budget {
    pub(super) fn new(each: Bytes, all: Bytes) -> Self {
        Self { each, all }
    }

    /// Takes `bytes` more for a request.
    pub(super) fn take(&self, held: &mut Held, bytes: usize) -> Result<(), Exhausted> {
        let (each, all) = (self.each.take(bytes)?, self.all.take(bytes)?);
        match &mut held.0 {
            Some((held_each, held_all)) => {
                held_each.merge(each);
                held_all.merge(all);
            }
            nothing => *nothing = Some((each, all)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_memory_and_gives_back_what_it_took() {
        let all = Bytes::new(15);
        let mk = || Budget::new(Bytes::new(10), all.clone());
        let (one, other, third) = (mk(), mk(), mk());
        let (mut held, mut more) = (Held::default(), Held::default());
        one.take(&mut held, 4).unwrap();
        one.take(&mut held, 6).unwrap();
        assert_eq!(one.take(&mut more, 1), Err(Exhausted));
        let mut others = Held::default();
        other.take(&mut others, 5).unwrap();
        assert_eq!(third.take(&mut more, 1), Err(Exhausted));
        drop(held);
        one.take(&mut more, 10).unwrap();
    }
}
