//! What happened, in order: as a number that two runs can be compared by, and as text if that is asked for.

use std::fmt::{self, Write as _};

use crate::scenario::{Millis, Span};

pub(crate) struct Trace {
    hash: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub(crate) fn new(has_lines: bool) -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            lines: has_lines.then(Vec::new),
        }
    }

    pub(crate) fn add(&mut self, at: Millis, what: fmt::Arguments<'_>) {
        let _ = write!(self, "{at}");
        let _ = self.write_fmt(what);
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{} {what}", Span(at)));
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

impl fmt::Write for Trace {
    /// FNV-1a.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}
