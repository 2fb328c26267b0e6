//! The format string: flags, width, precision, argument indexes.

use super::printer::{Flags, Printer};
use crate::value::Value;

/// Widths, precisions and indexes beyond this are refused.
const TOO_LARGE: i64 = 1_000_000;

pub(super) fn run(printer: &mut Printer, format: &[u8], operands: &[Value]) {
    let mut scan = Scan {
        format,
        operands,
        at: 0,
        operand: 0,
        reordered: false,
        good: true,
    };
    while scan.at < format.len() && !printer.failed() {
        let rest = &format[scan.at..];
        let text = rest
            .iter()
            .position(|byte| *byte == b'%')
            .unwrap_or(rest.len());
        printer.write(&rest[..text]);
        scan.at += text;
        if scan.at < format.len() {
            scan.at += 1;
            scan.directive(printer);
        }
    }
    if !scan.reordered && scan.operand < operands.len() {
        printer.flags = Flags::default();
        printer.write(b"%!(EXTRA ");
        for (index, operand) in operands[scan.operand..].iter().enumerate() {
            if index > 0 {
                printer.write(b", ");
            }
            if matches!(operand, Value::Nil) {
                printer.write(b"<nil>");
            } else {
                printer.write_str(&operand.type_name());
                printer.write(b"=");
                printer.print_operand(operand, 'v');
            }
        }
        printer.write(b")");
    }
}

struct Scan<'f> {
    format: &'f [u8],
    operands: &'f [Value],
    at: usize,
    /// The next operand.
    operand: usize,
    /// An index was used somewhere: left-over operands are no mistake.
    reordered: bool,
    /// The indexes of this directive made sense so far.
    good: bool,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// One directive; its percent sign is already read.
    fn directive(&mut self, printer: &mut Printer) {
        self.good = true;
        printer.flags = Flags::default();
        let flags = &mut printer.flags;
        while let Some(byte) = self.format.get(self.at) {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        let mut after_index = self.index();
        if self.accept(b'*') {
            match self.int_operand() {
                Some(width) => {
                    printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        printer.flags.minus = true;
                        printer.flags.zero = false;
                    }
                }
                None => printer.write(b"%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            printer.flags.width = self.number(self.format.len());
            if after_index && printer.flags.width.is_some() {
                self.good = false;
            }
        }
        // At the end of the format it is a verb.
        if self.at + 1 < self.format.len() && self.accept(b'.') {
            if after_index {
                self.good = false;
            }
            after_index = self.index();
            if self.accept(b'*') {
                let precision = self
                    .int_operand()
                    .and_then(|value| usize::try_from(value).ok());
                printer.flags.precision = precision;
                if precision.is_none() {
                    printer.write(b"%!(BADPREC)");
                }
                after_index = false;
            } else {
                printer.flags.precision = Some(self.number(self.format.len()).unwrap_or(0));
            }
        }
        if !after_index {
            self.index();
        }
        match self.verb() {
            None => printer.write(b"%!(NOVERB)"),
            Some(verb) => self.apply(printer, verb),
        }
    }

    fn apply(&mut self, printer: &mut Printer, verb: char) {
        if verb == '%' {
            return printer.write(b"%");
        }
        if !self.good {
            return printer.write_str(&format!("%!{verb}(BADINDEX)"));
        }
        let Some(operand) = self.operands.get(self.operand) else {
            return printer.write_str(&format!("%!{verb}(MISSING)"));
        };
        if verb == 'v' {
            let flags = &mut printer.flags;
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        printer.print_operand(operand, verb);
        self.operand += 1;
    }

    fn verb(&mut self) -> Option<char> {
        let rest = &self.format[self.at..];
        let first = rest.utf8_chunks().next()?;
        let verb = first
            .valid()
            .chars()
            .next()
            .unwrap_or(char::REPLACEMENT_CHARACTER);
        self.at += if first.valid().is_empty() {
            1
        } else {
            verb.len_utf8()
        };
        Some(verb)
    }

    /// Reads `[n]`; true where it names an operand.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = rest
            .iter()
            .position(|byte| *byte == b']')
            .filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.good = false;
            self.at += 1;
            return false;
        };
        let end = self.at + close;
        self.at += 1;
        let number = self.number(end);
        let whole = self.at == end;
        self.at = end + 1;
        match number.filter(|_| whole) {
            Some(number) if (1..=self.operands.len()).contains(&number) => {
                self.operand = number - 1;
                true
            }
            Some(_) => {
                self.good = false;
                true
            }
            None => {
                self.good = false;
                false
            }
        }
    }

    /// Digits up to `end`. One that is too large takes the rest of the text with it.
    fn number(&mut self, end: usize) -> Option<usize> {
        let mut number: Option<i64> = None;
        while self.at < end {
            let digit = match self.format[self.at] {
                byte @ b'0'..=b'9' => i64::from(byte - b'0'),
                _ => break,
            };
            if number.is_some_and(|number| number > TOO_LARGE) {
                self.at = end;
                return None;
            }
            number = Some(number.unwrap_or(0) * 10 + digit);
            self.at += 1;
        }
        number.and_then(|number| usize::try_from(number).ok())
    }

    /// A width or precision from an operand.
    fn int_operand(&mut self) -> Option<i64> {
        let operand = self.operands.get(self.operand)?;
        self.operand += 1;
        match operand {
            Value::Int(_, int) => Some(*int),
            Value::Uint(_, uint) => i64::try_from(*uint).ok(),
            _ => None,
        }
        .filter(|int| (-TOO_LARGE..=TOO_LARGE).contains(int))
    }
}
