//! Integers and floats by verb.

use super::float::format_float;
use super::printer::Printer;
use super::quote::{is_print, push, quote_with};

impl Printer {
    /// Prints an integer; false where the verb is not for integers.
    pub(super) fn print_integer(
        &mut self,
        magnitude: u64,
        negative: bool,
        signed: bool,
        verb: char,
    ) -> bool {
        match verb {
            'v' if self.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.integer(magnitude, negative, 16, verb);
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.integer(magnitude, negative, 10, verb),
            'b' => self.integer(magnitude, negative, 2, verb),
            'o' | 'O' => self.integer(magnitude, negative, 8, verb),
            'x' | 'X' => self.integer(magnitude, negative, 16, verb),
            'c' => {
                let c = character(magnitude, negative);
                self.pad(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            'q' => {
                let c = character(magnitude, negative);
                let quoted =
                    quote_with(c.encode_utf8(&mut [0; 4]).as_bytes(), '\'', self.flags.plus);
                self.pad(quoted.as_bytes());
            }
            'U' => self.unicode(magnitude, negative),
            _ => return false,
        }
        true
    }

    fn integer(&mut self, magnitude: u64, negative: bool, base: u64, verb: char) {
        let flags = self.flags;
        let sign = negative || flags.plus || flags.space;
        let least = match (flags.precision, flags.width) {
            (Some(0), _) if magnitude == 0 => {
                return self.pad_with(flags.width.unwrap_or(0), b' ');
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => {
                width.saturating_sub(usize::from(sign))
            }
            _ => 0,
        };
        let digits: &[u8; 16] = if verb == 'X' {
            b"0123456789ABCDEF"
        } else {
            b"0123456789abcdef"
        };
        // Written backwards.
        let mut text = Vec::with_capacity(least.max(20) + 3);
        let mut rest = magnitude;
        loop {
            text.push(digits[usize::try_from(rest % base).unwrap_or(0)]);
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        while text.len() < least {
            text.push(b'0');
        }
        if flags.sharp {
            match base {
                2 => text.extend_from_slice(b"b0"),
                8 if text.last() != Some(&b'0') => text.push(b'0'),
                16 => text.extend_from_slice(if verb == 'X' { b"X0" } else { b"x0" }),
                _ => {}
            }
        }
        if verb == 'O' {
            text.extend_from_slice(b"o0");
        }
        if negative {
            text.push(b'-');
        } else if flags.plus {
            text.push(b'+');
        } else if flags.space {
            text.push(b' ');
        }
        text.reverse();
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(&text);
        self.flags.zero = zero;
    }

    fn unicode(&mut self, magnitude: u64, negative: bool) {
        let code = if negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        };
        let places = self.flags.precision.unwrap_or(4).max(4);
        let digits = format!("{code:X}");
        let zeros = "0".repeat(places.saturating_sub(digits.len()));
        let mut text = format!("U+{zeros}{digits}");
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(c) = c.filter(|c| self.flags.sharp && is_print(*c)) {
            push(&mut text, format_args!(" '{c}'"));
        }
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text.as_bytes());
        self.flags.zero = zero;
    }

    /// Prints a float; false where the verb is not for floats.
    pub(super) fn print_float(&mut self, value: f64, verb: char) -> bool {
        let (verb, default) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'F' => ('f', Some(6)),
            'f' | 'e' | 'E' => (verb, Some(6)),
            _ => return false,
        };
        let flags = self.flags;
        let precision = flags.precision.or(default);
        let mut text = format_float(value, verb, precision);
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if flags.space && text.starts_with('+') && !flags.plus {
            text.replace_range(..1, " ");
        }
        if value.is_nan() || value.is_infinite() {
            self.flags.zero = false;
            let bare = value.is_nan() && !flags.space && !flags.plus;
            // A positive infinity keeps its sign.
            self.pad(&text.as_bytes()[usize::from(bare)..]);
            self.flags.zero = flags.zero;
            return true;
        }
        if flags.sharp && verb != 'b' {
            text = with_point(&text, verb, precision);
        }
        if !flags.plus && text.starts_with('+') {
            self.pad(&text.as_bytes()[1..]);
            return true;
        }
        let missing = flags.width.unwrap_or(0).saturating_sub(text.len());
        if flags.zero && !flags.minus && missing > 0 {
            self.write(&text.as_bytes()[..1]);
            self.pad_with(missing, b'0');
            self.write(&text.as_bytes()[1..]);
        } else {
            self.pad(text.as_bytes());
        }
        true
    }
}

/// `%#g` and its like: always a point, and zeros up to the precision.
fn with_point(signed: &str, verb: char, precision: Option<usize>) -> String {
    let mut digits = match verb {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let exponent: &[char] = if matches!(verb, 'x' | 'X') {
        &['p', 'P']
    } else {
        &['e', 'E']
    };
    let tail = signed.find(exponent).unwrap_or(signed.len());
    let (number, tail) = signed.split_at(tail);
    let mut seen = false;
    for c in number[1..].chars().filter(|c| *c != '.') {
        seen |= c != '0';
        if seen {
            digits = digits.saturating_sub(1);
        }
    }
    let mut text = String::from(number);
    if !number.contains('.') {
        if number.len() == 2 && number.ends_with('0') {
            digits = digits.saturating_sub(1);
        }
        text.push('.');
    }
    text.push_str(&"0".repeat(digits));
    text.push_str(tail);
    text
}

fn character(magnitude: u64, negative: bool) -> char {
    let code = if negative {
        None
    } else {
        u32::try_from(magnitude).ok()
    };
    code.and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}
