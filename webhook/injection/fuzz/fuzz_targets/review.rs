//! No body makes the injector panic.
#![no_main]

use injection::{Settings, admission};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let settings = Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    };
    let _ = admission::answer(body, &settings);
    let _ = admission::validate(body, &settings);
});
