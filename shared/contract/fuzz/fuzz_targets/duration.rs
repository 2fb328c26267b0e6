//! No text makes the readers of durations panic, and what they read is printed as the same.
#![no_main]

use contract::duration::{GoDuration, meant};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for read in [text.parse::<GoDuration>(), GoDuration::parse_seconds(text)] {
        if let Ok(duration) = read {
            assert_eq!(duration.to_string().parse(), Ok(duration));
        }
    }
    if let Some(meant) = meant(text) {
        GoDuration::parse_seconds(&meant).expect("a duration that was meant must be one");
    }
});
