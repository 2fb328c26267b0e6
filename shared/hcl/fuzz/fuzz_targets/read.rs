//! No text makes the reader panic or run on.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(object) = hcl::parse(text) {
        let _ = hcl::generic(&object);
    }
});
