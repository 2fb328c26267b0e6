//! Lines and columns, counted once over the whole text.

/// A line and a column in characters, both counted from 1.
pub(super) type Place = (usize, usize);

/// Places in the order of the text.
pub(super) struct Places<'s> {
    source: &'s str,
    at: usize,
    place: Place,
}

impl<'s> Places<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            source,
            at: 0,
            place: (1, 1),
        }
    }

    /// The place of a byte, which must not lie before the last one asked for.
    pub(super) fn at(&mut self, at: usize) -> Place {
        self.place = behind(self.place, &self.source[self.at..at]);
        self.at = at;
        self.place
    }
}

/// The place of one byte.
pub(super) fn of(source: &str, at: usize) -> Place {
    behind((1, 1), &source[..at])
}

/// The place behind a text that begins at another.
pub(super) fn behind((line, column): Place, text: &str) -> Place {
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    let in_same_line = lines == 0 && before.is_empty();
    let columns = last.chars().count();
    if in_same_line {
        (line, column + columns)
    } else {
        (line + lines, 1 + columns)
    }
}
