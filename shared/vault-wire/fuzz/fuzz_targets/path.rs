//! No path, mount, header or text makes its reading panic.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use vault_wire::kv::{self, Mount};

// A path, a mount, a namespace and a header, each a line.
fuzz_target!(|input: &str| {
    let mut lines = input.splitn(4, '\n');
    let [path, mount, namespace, header] =
        std::array::from_fn(|_| lines.next().unwrap_or_default());
    let _ = vault_wire::path_refusal(path);
    let _ = vault_wire::decoded_path(path);
    let _ = vault_wire::visible(path);
    let _ = vault_wire::shortened(path.to_owned(), mount.len());
    let _ = vault_wire::redacted(path, [mount, namespace]);
    let _ = vault_wire::retry_after(header, Timestamp::UNIX_EPOCH);
    let mount = Mount {
        path: mount.to_owned(),
        kind: "kv".to_owned(),
        version: Some("2".to_owned()),
    };
    let read = kv::read_path(path, &mount, namespace);
    let _ = kv::metadata_path(&read, &mount, namespace);
    let _ = kv::list_path(path, &mount);
});
