//! No kept state makes its reading panic, also where its hash is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

#[expect(dead_code, reason = "nothing is written here")]
#[path = "../../src/state/entry.rs"]
mod entry;

/// For [`entry`], whose parent has it.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fuzz_target!(|text: &str| {
    let _ = entry::parse(text);
    // Facts, a newline, the body.
    let (facts, body) = text.split_once('\n').unwrap_or((text, ""));
    let hash = Sha256::new()
        .chain_update(facts)
        .chain_update([0])
        .chain_update(body)
        .finalize();
    let text = format!("vault-agent-state 1 {}\n{facts}\n{body}", hex(&hash));
    let _ = entry::parse(&text);
});
