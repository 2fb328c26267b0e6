//! The seed corpus of the fuzz target, replayed: what is read is printed as the same.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use contract::duration::{GoDuration, meant};

#[test]
fn the_corpus_of_durations_ends_with_a_duration_or_an_error() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/duration");
    let (mut read, mut guessed) = (0, 0);
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        if let Ok(duration) = GoDuration::parse_seconds(&text) {
            assert_eq!(duration.to_string().parse(), Ok(duration), "{text}");
            read += 1;
        } else if let Some(meant) = meant(&text) {
            GoDuration::parse_seconds(&meant).unwrap();
            guessed += 1;
        }
    }
    assert!(read >= 6 && guessed >= 1, "{read} read, {guessed} guessed");
}
