//! No format makes `printf` panic or write without end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use text_template::{List, Value, fmt::sprintf};

fuzz_target!(|format: &[u8]| {
    let list = List::of_strings(["a", "b"]);
    let operands = [
        Value::int(-7),
        "x\"é".into(),
        1e6.into(),
        Value::Nil,
        list.into(),
    ];
    let _ = sprintf(format, &operands, 1 << 16);
});
