//! No body makes the injector panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use injection::{Settings, admission};

fuzz_target!(|body: &[u8]| {
    let settings = Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    };
    let _ = admission::answer(body, &settings);
    let _ = admission::validate(body, &settings);
});
