//! Bodies of requests, whose memory counts while they are read.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt as _;
use serve_tls::{Exhausted, Held};

use super::review::Refused;

/// The largest body that is read: an update carries two objects of at most 3 MiB each.
const BODY_LIMIT: usize = 7 * 1024 * 1024;
/// What is taken at first where the length is not told.
const FIRST: usize = 16 * 1024;

/// Reads a body into one piece of memory, which `held` is made to hold. A body that comes in small
/// parts takes no more than one that comes in large ones.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    held: &mut Held,
) -> Result<Vec<u8>, Refused> {
    let mut read = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| unread(&error))?;
        let length = read.len() + chunk.len();
        if length > BODY_LIMIT {
            return Err(unread(&"length limit exceeded"));
        }
        if length > read.capacity() {
            grow(&mut read, length, announced(headers), held)?;
        }
        read.extend_from_slice(&chunk);
    }
    if read.is_empty() {
        return Err(Refused::new(StatusCode::BAD_REQUEST, "Empty request body"));
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
) -> Result<(), Refused> {
    let room = match announced {
        Some(announced) if announced >= length => announced.min(length.max(FIRST) * 4),
        _ => length.max(FIRST).next_power_of_two(),
    };
    let room = room.min(BODY_LIMIT);
    // While it is moved, it is there twice.
    held.resize(read.capacity() + room).map_err(busy)?;
    read.reserve_exact(room - read.len());
    held.resize(read.capacity()).map_err(busy)
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn unread(cause: &dyn std::fmt::Display) -> Refused {
    let text = format!("error reading request body: {cause}");
    Refused::new(StatusCode::BAD_REQUEST, text)
}

/// No memory for it now.
pub(super) fn busy(exhausted: Exhausted) -> Refused {
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, exhausted.to_string())
}
