//! No answer of a server makes one of its readings panic.
#![no_main]

use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use vault_wire::{JsonText, LeaseId, Reply, RequestLine, Response, Sent, kv};

// The status, a newline, the body.
fuzz_target!(|input: &str| {
    let (status, body) = input.split_once('\n').unwrap_or(("200", input));
    let reply = || Reply {
        status: status.parse().unwrap_or(200),
        retry_after: None,
        request: RequestLine::new("GET", "http://vault/v1/a"),
        sent: Sent {
            token: None,
            body: Some("{\"password\": \"secret\"}".into()),
            plain_keys: &[],
        },
        body: JsonText::new(body.to_owned()),
        is_cut: false,
    };
    let now = SystemTime::now();
    let _ = reply().fail_unless_success();
    let _ = reply().into_auth();
    let _ = reply().into_wrap_info();
    let _ = reply().into_token_info();
    let _ = reply().into_wrapped_path();
    let _ = reply().into_health();
    if let Some(id) = LeaseId::new("a/1") {
        let _ = reply().into_lease(&id);
    }
    if let Ok(mount) = reply().into_mount() {
        let path = kv::read_path("a/b?version=2", &mount, "ns");
        let _ = kv::metadata_path(&path, &mount, "ns");
        let _ = kv::list_path("a/b", &mount);
    }
    if let Ok(secret) = reply().into_secret() {
        let _ = kv::is_latest(secret.as_ref(), Some(1), now);
    }
    if let Ok(response) = Response::from_body(JsonText::new(body.to_owned())) {
        let _ = response.keys();
        if let Some(version) = response
            .data
            .as_ref()
            .and_then(kv::SecretVersion::from_data)
        {
            let _ = version.is_gone(now);
        }
    }
});
