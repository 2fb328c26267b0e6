//! Growing a buffer of secrets without leaving copies behind.

use zeroize::{Zeroizing, zeroize_bytes};

/// Appends, and wipes the old memory where the buffer has to move.
pub fn append(buffer: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    let needed = buffer.len() + bytes.len();
    if needed > buffer.capacity() {
        let mut larger = Vec::with_capacity(needed.max(buffer.capacity() * 2).max(64));
        larger.extend_from_slice(buffer);
        std::mem::swap(&mut **buffer, &mut larger);
        zeroize_bytes(&mut larger);
    }
    buffer.extend_from_slice(bytes);
}
