//! No text makes the lexer or the parser panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use text_template::{FunctionSet, Options, Template};

fuzz_target!(|source: &str| {
    let _ = Template::parse(source, FunctionSet::default(), &Options::default());
});
