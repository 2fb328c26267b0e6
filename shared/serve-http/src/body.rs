//! Bodies of requests, whose memory counts while they are read.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use memchr::memchr_iter;
use serve_tls::{Exhausted, Held};
use thiserror::Error;

/// The largest body that is read: an update carries two objects of at most 3 MiB each.
const BODY_LIMIT: usize = 7 * 1024 * 1024;
/// What is taken at first where the length is not told.
const FIRST: usize = 16 * 1024;

/// A body that is not read.
#[derive(Debug, Error)]
pub enum BodyError {
    /// There is none.
    #[error("Empty request body")]
    Empty,
    /// It is too long, or the connection broke.
    #[error("error reading request body: {0}")]
    Unread(String),
    /// No memory for it now; later there may be.
    #[error(transparent)]
    Busy(#[from] Exhausted),
}

/// Reads a body into one piece of memory, which `held` is made to hold. A body that comes in small
/// parts takes no more than one that comes in large ones.
///
/// # Errors
/// The body is empty, too long, or there is no memory for it.
pub async fn read(body: Body, headers: &HeaderMap, held: &mut Held) -> Result<Vec<u8>, BodyError> {
    let mut read = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| BodyError::Unread(error.to_string()))?;
        let length = read.len() + chunk.len();
        if length > BODY_LIMIT {
            return Err(BodyError::Unread("length limit exceeded".to_owned()));
        }
        if length > read.capacity() {
            grow(&mut read, length, announced(headers), held)?;
        }
        read.extend_from_slice(&chunk);
    }
    if read.is_empty() {
        return Err(BodyError::Empty);
    }
    Ok(read)
}

/// Makes room for `length` bytes. What is announced is believed as far as a few times what is
/// there: memory is taken for what has come, not for what is promised.
fn grow(
    read: &mut Vec<u8>,
    length: usize,
    announced: Option<usize>,
    held: &mut Held,
) -> Result<(), BodyError> {
    let room = match announced {
        Some(announced) if announced >= length => announced.min(length.max(FIRST) * 32),
        _ => length.max(FIRST).next_power_of_two(),
    };
    let room = room.min(BODY_LIMIT);
    // While it is moved, it is there twice.
    held.resize(read.capacity() + room)?;
    read.reserve_exact(room - read.len());
    Ok(held.resize(read.capacity())?)
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// What a decision about this body may take of memory, beside the body. What is read out of JSON
/// takes many times its bytes where it is made of nothing but small parts: `{}` is a container.
pub fn working_memory(body: &[u8]) -> usize {
    /// The largest thing that is made of one object, with the room that a growing list leaves.
    const OBJECT: usize = 160;
    /// The same for one text, number or pair.
    const VALUE: usize = 32;
    // An object begins with a key or ends: two braces in a row belong to a template's text.
    let objects = memchr_iter(b'{', body).filter(|at| body.get(at + 1) != Some(&b'{'));
    objects.count() * OBJECT + memchr_iter(b',', body).count() * VALUE
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::stream;
    use serve_tls::{Connections, Limits};

    use super::*;

    fn limits() -> Limits {
        Limits {
            connections: 1,
            connections_each: 1,
            bytes: 24 << 20,
            work: 1,
            answer: std::time::Duration::from_secs(15),
        }
    }

    #[tokio::test]
    async fn a_body_in_parts_of_one_byte_takes_no_more_than_one_in_whole() {
        let connections = Connections::new(limits());
        let connection = connections
            .admit(std::net::IpAddr::from([127, 0, 0, 1]))
            .unwrap();
        let parts = (0..100_000).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"a")));
        let body = Body::from_stream(stream::iter(parts));
        let mut held = connection.held();
        let read = read(body, &HeaderMap::new(), &mut held).await.unwrap();
        assert_eq!(read.len(), 100_000);
        assert!(read.capacity() <= 131_072, "{}", read.capacity());
    }

    #[tokio::test]
    async fn memory_is_taken_for_what_has_come_and_not_for_what_is_announced() {
        let connections = Connections::new(limits());
        let connection = connections
            .admit(std::net::IpAddr::from([127, 0, 0, 1]))
            .unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, 7_000_000.into());
        let mut held = connection.held();
        let read = read(Body::from("abc"), &headers, &mut held).await.unwrap();
        assert!(read.capacity() <= 524_288, "{}", read.capacity());
    }

    #[test]
    fn many_small_parts_count_for_much_more_than_one_long_text() {
        let parts = "{},".repeat(1000);
        assert!(working_memory(parts.as_bytes()) > 50 * parts.len());
        assert_eq!(working_memory("a".repeat(3000).as_bytes()), 0);
    }

    #[test]
    fn the_braces_of_a_template_count_for_no_more_than_one_object_each() {
        let once = working_memory(b"{");
        assert_eq!(working_memory(b"{{a}}"), once);
        assert_eq!(working_memory(b"{{{a}}}"), once);
        assert_eq!(working_memory(b"{\"a\":{}}"), 2 * once);
    }
}
