//! No template of go-sockaddr panics or runs on.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|template: &str| {
    let _ = templating::sockaddr(template);
});
