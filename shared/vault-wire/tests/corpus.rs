//! The seed corpus of the fuzz targets, replayed: no answer and no path panics.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use jiff::Timestamp;
use vault_wire::kv::{self, Mount};
use vault_wire::{JsonText, Reply, RequestLine, Sent};

fn corpus(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn every_answer_of_the_corpus_is_read_by_the_reading_for_it() {
    let mut kinds = [0; 6];
    for text in corpus("answer") {
        let (status, body) = text.split_once('\n').unwrap();
        let reply = || Reply {
            status: status.parse().unwrap(),
            retry_after: None,
            request: RequestLine::new("GET", "http://vault/v1/a"),
            sent: Sent {
                token: None,
                body: None,
                plain_keys: &[],
            },
            body: JsonText::new(body.to_owned()),
            is_cut: false,
        };
        let readings = [
            reply().into_secret().is_ok(),
            reply().into_auth().is_ok(),
            reply().into_wrap_info().is_ok(),
            reply().into_token_info().is_ok(),
            reply().into_mount().is_ok(),
            reply().into_health().is_ok(),
        ];
        for (kind, was_read) in kinds.iter_mut().zip(readings) {
            *kind += u32::from(was_read);
        }
    }
    assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
}

#[test]
fn every_path_of_the_corpus_is_rewritten_or_left() {
    for text in corpus("path") {
        let mut lines = text.splitn(4, '\n');
        let [path, mount, namespace, header] = std::array::from_fn(|_| lines.next().unwrap());
        let mount = Mount {
            path: mount.to_owned(),
            kind: "kv".to_owned(),
            version: Some("2".to_owned()),
        };
        let read = kv::read_path(path, &mount, namespace);
        assert!(read.contains("data"), "{read}");
        let _ = (
            vault_wire::path_refusal(path),
            vault_wire::decoded_path(path),
        );
        let _ = vault_wire::retry_after(header, Timestamp::UNIX_EPOCH);
    }
}
