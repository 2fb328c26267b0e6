//! Floods of HTTP/2 frames: cheap to send, and each costs the server work (RFC 9113, section 10.5).
//!
//! A client needs few frames beside those of its requests: acknowledgements, pings, and updates of
//! windows. So a connection has an allowance of them that grows with time, with each request, and
//! with what is written to the client. Frames that carry much data cost nothing here, because their bytes are limited elsewhere.

use std::io;

use tokio::time::Instant;

/// The allowance at first, and the largest there is.
const BURST: f64 = 1000.0;
/// What a second adds.
const PER_SECOND: f64 = 200.0;
/// What the frame that begins a request adds.
const PER_REQUEST: f64 = 8.0;
/// Bytes written to the client that add one. Clients of Go return what they have read in parts of 4
/// KiB, each with a frame for the connection and one for the stream.
const WRITTEN: f64 = 1024.0;
/// A frame of data from this size on costs nothing. Of a body that is smaller, each request pays
/// for a few.
const LARGE: usize = 1024;

/// What a client sends before its first frame.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// Length, type, flags, stream.
const HEADER: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;

/// Reads along what a client sends, frame by frame.
#[derive(Debug)]
pub(crate) struct Frames {
    /// Bytes that belong to what has begun.
    skip: usize,
    header: [u8; HEADER],
    /// How much of the next header is there.
    filled: usize,
    allowance: f64,
    since: Instant,
}

impl Frames {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            skip: PREFACE,
            header: [0; HEADER],
            filled: 0,
            allowance: BURST,
            since: now,
        }
    }

    /// Takes what was read. An error ends the connection.
    pub(crate) fn read(&mut self, mut bytes: &[u8], now: Instant) -> io::Result<()> {
        let earned = now.duration_since(self.since).as_secs_f64() * PER_SECOND;
        self.earn(earned);
        self.since = now;
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len());
                self.skip -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            let taken = (HEADER - self.filled).min(bytes.len());
            self.header[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled == HEADER {
                self.filled = 0;
                self.frame()?;
            }
        }
        Ok(())
    }

    /// Notes what was written to the client, which it may acknowledge.
    pub(crate) fn written(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.earn(f64::from(bytes) / WRITTEN);
    }

    fn earn(&mut self, frames: f64) {
        self.allowance = BURST.min(self.allowance + frames);
    }

    fn frame(&mut self) -> io::Result<()> {
        let [high, middle, low, kind, ..] = self.header;
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        self.skip = length;
        match kind {
            HEADERS => self.earn(PER_REQUEST),
            DATA if length >= LARGE => {}
            _ => self.allowance -= 1.0,
        }
        if self.allowance < 0.0 {
            let text = "the client sends too many frames";
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, text));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(kind: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, 0, 0, 0, 0, 1];
        frame.resize(HEADER + usize::from(length), 0xff);
        frame
    }

    fn mk_frames() -> (Frames, Instant) {
        let now = Instant::now();
        let mut frames = Frames::new(now);
        frames
            .read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", now)
            .unwrap();
        (frames, now)
    }

    #[test]
    fn a_flood_of_any_small_frame_ends_the_connection() {
        // DATA, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION, unknown.
        for kind in [0, 2, 3, 4, 6, 8, 9, 200] {
            let (mut frames, now) = mk_frames();
            let flood = frame(kind, 5).repeat(1001);
            // In pieces that fit no frame.
            let ended = flood
                .chunks(7)
                .find_map(|part| frames.read(part, now).err());
            assert!(ended.is_some(), "{kind}");
        }
    }

    #[test]
    fn a_client_that_asks_and_reads_for_hours_is_left_alone() {
        let (mut frames, mut now) = mk_frames();
        for _ in 0..10_000 {
            let request = [
                frame(HEADERS, 90),
                frame(DATA, 200),
                frame(8, 4),
                frame(8, 4),
            ];
            frames.read(&request.concat(), now).unwrap();
        }
        // Answers of 200 kB, read in small parts, as fast as the clock.
        for _ in 0..10_000 {
            frames.read(&frame(HEADERS, 90), now).unwrap();
            for _ in 0..50 {
                frames.written(4096);
                let updates = [frame(8, 4), frame(8, 4)];
                frames.read(&updates.concat(), now).unwrap();
            }
        }
        for _ in 0..10_000 {
            now += Duration::from_millis(10);
            frames.read(&frame(6, 8), now).unwrap();
        }
    }
}
