//! Values by verb and flags, into a bounded buffer.

use zeroize::Zeroizing;

use super::quote::{can_backquote, quote_with};
use super::{FormatError, Printed};
use crate::value::{Map, Record, RecordType, Text, Type, Value};

/// The flags, width and precision of one verb.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`: with field names.
    pub(super) plus_v: bool,
    /// `%#v`: as Go source.
    pub(super) sharp_v: bool,
}

/// Nobody prints a value that nests deeper, except one that contains itself.
const MAX_DEPTH: usize = 128;

/// A pointer below the top is printed as an address, which is never the same twice. This one is.
const SOME_ADDRESS: u64 = 0xc0_0000_0000;

pub(super) struct Printer {
    out: Zeroizing<Vec<u8>>,
    limit: usize,
    error: Option<FormatError>,
    pub(super) flags: Flags,
}

impl Printer {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            out: Zeroizing::default(),
            limit,
            error: None,
            flags: Flags::default(),
        }
    }

    pub(super) fn finish(self) -> Result<Printed, FormatError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.out),
        }
    }

    pub(super) fn failed(&self) -> bool {
        self.error.is_some()
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.out.len() + bytes.len() > self.limit {
            self.error = Some(FormatError::TooLong { limit: self.limit });
        }
        if self.error.is_none() {
            crate::buffer::append(&mut self.out, bytes);
        }
    }

    pub(super) fn write_str(&mut self, text: &str) {
        self.write(text.as_bytes());
    }

    pub(super) fn pad_with(&mut self, count: usize, byte: u8) {
        if self.out.len() + count > self.limit {
            self.error = Some(FormatError::TooLong { limit: self.limit });
            return;
        }
        self.write(&vec![byte; count]);
    }

    /// Text in its field: padded to the width, which counts characters.
    pub(super) fn pad(&mut self, bytes: &[u8]) {
        let width = self.flags.width.unwrap_or(0);
        // A byte that is no UTF-8 counts as one character.
        let length: usize = match width {
            0 => 0,
            _ => bytes
                .utf8_chunks()
                .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
                .sum(),
        };
        let missing = width.saturating_sub(length);
        if self.flags.minus {
            self.write(bytes);
            self.pad_with(missing, b' ');
        } else {
            self.pad_with(missing, if self.flags.zero { b'0' } else { b' ' });
            self.write(bytes);
        }
    }

    /// An operand of a call to print.
    pub(super) fn print_operand(&mut self, value: &Value, verb: char) {
        match verb {
            'T' => {
                let name = value.type_name();
                self.pad(self.truncated(name.as_bytes()));
            }
            'v' if matches!(value, Value::Nil) => self.pad(b"<nil>"),
            _ if matches!(value, Value::Nil) => self.bad_verb(value, verb),
            'p' => self.print_pointer(value),
            _ => self.print_value(value, verb, 0),
        }
    }

    fn print_value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MAX_DEPTH {
            self.error = Some(FormatError::TooDeep);
        }
        if self.failed() {
            return;
        }
        match value {
            Value::Nil if self.flags.sharp_v => self.write(b"interface {}(nil)"),
            Value::Nil => self.write(b"<nil>"),
            Value::Bool(truth) => match verb {
                't' | 'v' => self.pad(if *truth { b"true" } else { b"false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(_, int) => {
                if !self.print_integer(int.unsigned_abs(), *int < 0, true, verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Uint(_, uint) => {
                if !self.print_integer(*uint, false, false, verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Float(float) => {
                if !self.print_float(*float, verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Complex(re, im) => self.print_complex(value, (*re, *im), verb),
            Value::String(text) | Value::Number(text) => self.print_text(value, text, verb),
            Value::List(list) => {
                let open = self.open_list(list.type_of(), list.is_nil());
                let Some((between, close)) = open else { return };
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 {
                        self.write_str(between);
                    }
                    self.print_value(item, verb, depth + 1);
                }
                self.write_str(close);
            }
            Value::Map(map) => self.print_map(map, verb, depth),
            Value::Record(record) => self.print_record(record, verb, depth),
            Value::Pointer(_, Some(record)) if depth == 0 => {
                self.write(b"&");
                self.print_record(record, verb, depth + 1);
            }
            Value::Pointer(record_type, record) => {
                self.print_address(value, record_type, record.is_none(), verb);
            }
            Value::Object(object) if !self.flags.sharp_v && object.shown().is_some() => {
                let text = object.shown().unwrap_or_default();
                self.pad(text.as_bytes());
            }
            Value::Object(object) if depth == 0 && !object.is_channel() => {
                let name = object.type_name().trim_start_matches('*');
                self.write_str(&if self.flags.sharp_v {
                    format!("&{name}{{}}")
                } else {
                    "&{}".into()
                });
            }
            Value::Object(_) => self.write_str(&format!("{SOME_ADDRESS:#x}")),
        }
    }

    /// Opens a list; gives what stands between the items and what closes it.
    fn open_list(&mut self, ty: Type, nil: bool) -> Option<(&'static str, &'static str)> {
        if !self.flags.sharp_v {
            self.write(b"[");
            return Some((" ", "]"));
        }
        self.write_str(&ty.to_string());
        if nil {
            self.write(b"(nil)");
            return None;
        }
        self.write(b"{");
        Some((", ", "}"))
    }

    fn print_map(&mut self, map: &Map, verb: char, depth: usize) {
        let (between, close) = if self.flags.sharp_v {
            self.write_str(&map.type_of().to_string());
            if map.is_nil() {
                self.write(b"(nil)");
                return;
            }
            self.write(b"{");
            (", ", "}")
        } else {
            self.write(b"map[");
            (" ", "]")
        };
        for (index, (key, element)) in map.snapshot().entries().iter().enumerate() {
            if index > 0 {
                self.write_str(between);
            }
            self.print_value(key, verb, depth + 1);
            self.write(b":");
            self.print_value(element, verb, depth + 1);
        }
        self.write_str(close);
    }

    fn print_record(&mut self, record: &Record, verb: char, depth: usize) {
        if self.flags.sharp_v {
            self.write_str(record.record_type().name);
        }
        self.write(b"{");
        for (index, (name, _, value)) in record.fields().enumerate() {
            if index > 0 {
                self.write_str(if self.flags.sharp_v { ", " } else { " " });
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.write_str(name);
                self.write(b":");
            }
            self.print_value(value, verb, depth + 1);
        }
        self.write(b"}");
    }

    fn print_address(&mut self, value: &Value, ty: &RecordType, nil: bool, verb: char) {
        match verb {
            'v' if self.flags.sharp_v => {
                let address = if nil {
                    String::from("nil")
                } else {
                    format!("{SOME_ADDRESS:#x}")
                };
                self.write_str(&format!("(*{})({address})", ty.name));
            }
            'v' if nil => self.pad(b"<nil>"),
            'v' => self.pad(format!("{SOME_ADDRESS:#x}").as_bytes()),
            'b' | 'o' | 'd' | 'x' | 'X' => {
                let address = if nil { 0 } else { SOME_ADDRESS };
                self.print_integer(address, false, false, verb);
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn print_pointer(&mut self, value: &Value) {
        match value {
            Value::Pointer(_, Some(_)) | Value::Object(_) | Value::List(_) | Value::Map(_) => {
                self.pad(format!("{SOME_ADDRESS:#x}").as_bytes());
            }
            Value::Pointer(_, None) => self.pad(b"0x0"),
            _ => self.bad_verb(value, 'p'),
        }
    }

    fn print_complex(&mut self, value: &Value, (re, im): (f64, f64), verb: char) {
        if !matches!(
            verb,
            'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
        ) {
            return self.bad_verb(value, verb);
        }
        let plus = self.flags.plus;
        self.write(b"(");
        self.print_float(re, verb);
        self.flags.plus = true;
        self.print_float(im, verb);
        self.write(b"i)");
        self.flags.plus = plus;
    }

    fn print_text(&mut self, value: &Value, text: &Text, verb: char) {
        let bytes = text.as_bytes();
        match verb {
            'v' if self.flags.sharp_v => self.print_quoted(bytes),
            'v' | 's' => self.pad(self.truncated(bytes)),
            'q' => self.print_quoted(bytes),
            'x' => self.print_hex(bytes, false),
            'X' => self.print_hex(bytes, true),
            _ => self.bad_verb(value, verb),
        }
    }

    fn print_quoted(&mut self, bytes: &[u8]) {
        let bytes = self.truncated(bytes);
        let quoted = Zeroizing::new(if self.flags.sharp && can_backquote(bytes) {
            format!("`{}`", String::from_utf8_lossy(bytes))
        } else {
            quote_with(bytes, '"', self.flags.plus)
        });
        self.pad(quoted.as_bytes());
    }

    /// The first characters, as many as the precision allows.
    fn truncated<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let Some(mut left) = self.flags.precision else {
            return bytes;
        };
        let mut end = 0;
        for chunk in bytes.utf8_chunks() {
            let lengths = chunk.valid().chars().map(char::len_utf8);
            for length in lengths.chain(chunk.invalid().iter().map(|_| 1)) {
                if left == 0 {
                    return &bytes[..end];
                }
                left -= 1;
                end += length;
            }
        }
        bytes
    }

    fn print_hex(&mut self, bytes: &[u8], upper: bool) {
        let shown = self
            .flags
            .precision
            .map_or(bytes.len(), |p| p.min(bytes.len()));
        let prefix: &[u8] = if upper { b"0X" } else { b"0x" };
        let digits: &[u8; 16] = if upper {
            b"0123456789ABCDEF"
        } else {
            b"0123456789abcdef"
        };
        let mut text = Zeroizing::new(Vec::with_capacity(shown.saturating_mul(5).min(self.limit)));
        for (index, byte) in bytes[..shown].iter().enumerate() {
            if index > 0 && self.flags.space {
                text.push(b' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                text.extend_from_slice(prefix);
            }
            text.push(digits[usize::from(byte >> 4)]);
            text.push(digits[usize::from(byte & 15)]);
            if text.len() > self.limit {
                break;
            }
        }
        self.pad(&text);
    }

    /// `%!d(string=a)`
    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) {
        self.write_str(&format!("%!{verb}("));
        if matches!(value, Value::Nil) {
            self.write(b"<nil>");
        } else {
            self.write_str(&value.type_name());
            self.write(b"=");
            self.print_value(value, 'v', 0);
        }
        self.write(b")");
    }
}
