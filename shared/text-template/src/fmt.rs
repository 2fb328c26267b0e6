//! Go's `fmt`: `Sprint`, `Sprintln`, `Sprintf` and `%q`, byte for byte.
//!
//! Output is bounded: a format can ask for a megabyte of padding, and a value can be shared many
//! times over in what is printed.

mod float;
mod number;
mod printer;
mod printf;
mod quote;

use zeroize::Zeroizing;

use crate::value::Value;
pub use float::format_float;
use printer::Printer;
pub use quote::quote;
pub(crate) use quote::{is_print, unicode_name};

/// Why something cannot be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The text would be longer than the limit.
    #[error("the text is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The value nests too deep, or contains itself.
    #[error("the value is nested too deep to be printed")]
    TooDeep,
}

/// The bytes of a printed value; wiped when dropped.
pub type Printed = Zeroizing<Vec<u8>>;

/// Operands as `print` joins them: a space only where neither neighbour is a string.
pub fn sprint(operands: &[Value], limit: usize) -> Result<Printed, FormatError> {
    let mut printer = Printer::new(limit);
    let mut after_string = true;
    for (index, operand) in operands.iter().enumerate() {
        let is_string = operand.as_text().is_some();
        if index > 0 && !is_string && !after_string {
            printer.write(b" ");
        }
        printer.print_operand(operand, 'v');
        after_string = is_string;
    }
    printer.finish()
}

/// Operands as `println` joins them: always a space, and a newline at the end.
pub fn sprintln(operands: &[Value], limit: usize) -> Result<Printed, FormatError> {
    let mut printer = Printer::new(limit);
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            printer.write(b" ");
        }
        printer.print_operand(operand, 'v');
    }
    printer.write(b"\n");
    printer.finish()
}

/// Operands put into a format, with Go's words for what does not fit: `%!d(string=a)`.
pub fn sprintf(format: &[u8], operands: &[Value], limit: usize) -> Result<Printed, FormatError> {
    let mut printer = Printer::new(limit);
    printf::run(&mut printer, format, operands);
    printer.finish()
}
