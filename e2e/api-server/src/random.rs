//! What two objects must not share.

use std::fmt::Write as _;

use rustix::rand::{GetRandomFlags, getrandom};

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = getrandom(&mut bytes[..], GetRandomFlags::empty());
    filled.expect("the system must give random bytes");
    bytes
}

/// A UID: a UUID of version 4.
pub(crate) fn uid() -> String {
    let mut bytes: [u8; 16] = bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut uid = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            uid.push('-');
        }
        let _ = write!(uid, "{byte:02x}");
    }
    uid
}

/// What is put behind `generateName`.
pub(crate) fn suffix() -> String {
    const LETTERS: &[u8; 16] = b"bcdfghjklmnpqrst";
    let letters = bytes::<5>().map(|byte| char::from(LETTERS[usize::from(byte % 16)]));
    letters.iter().collect()
}
