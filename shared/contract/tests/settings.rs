//! The settings of one block, and of the environment.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use contract::agent_config::check::{
    Backoff, ListenerKind, ListenerRole, LogFormat, LogLevel, QuietTime, Source, address, chosen,
    client_timeout, duration, host_and_port, listener_address, listener_kind, listener_role, login,
    max_retries, place, quiet_time, sealing, sink_file, source, template,
};
use contract::agent_config::{AutoAuth, DurationText, Listener, Sink, Template, Wait};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn block<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_listener_has_a_kind_a_role_and_an_address() {
    let listener = |kind: &str, role: &str, address: &str| -> Listener {
        block(json!({"type": kind, "role": role, "address": address}))
    };
    assert_eq!(
        listener_kind(&listener("tcp", "", ""), 0),
        Ok(ListenerKind::Tcp)
    );
    assert_eq!(
        listener_kind(&listener("unix", "", ""), 0),
        Ok(ListenerKind::Unix)
    );
    let error = listener_kind(&listener("udp", "", ""), 1)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "listener[1]: unknown type \"udp\": give tcp or unix");
    for role in ["", "default"] {
        assert_eq!(
            listener_role(&listener("", role, ""), 0),
            Ok(ListenerRole::Default)
        );
    }
    assert_eq!(
        listener_role(&listener("", "metrics_only", ""), 0),
        Ok(ListenerRole::MetricsOnly)
    );
    let error = listener_role(&listener("", "x", ""), 1)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("listener[1].role: unknown role \"x\""),
        "{error}"
    );
    for (kind, address) in [
        ("unix", "/s"),
        ("tcp", ""),
        ("tcp", "{{ GetPrivateIP }}"),
        ("tcp", "a:1"),
    ] {
        assert_eq!(
            listener_address(&listener(kind, "", address), 0),
            Ok(()),
            "{kind} {address}"
        );
    }
    for (kind, address) in [("unix", ""), ("tcp", "8200")] {
        assert!(
            listener_address(&listener(kind, "", address), 0).is_err(),
            "{kind} {address}"
        );
    }
}

#[test]
fn an_address_is_a_host_and_a_port() {
    for (text, expected) in [
        ("127.0.0.1:8200", Some(("127.0.0.1", 8200))),
        (" localhost:0 ", Some(("localhost", 0))),
        (":8200", Some(("", 8200))),
        ("[::1]:8200", Some(("::1", 8200))),
        ("::1:8200", None),
        ("[127.0.0.1]:8200", None),
        ("[::1:8200", None),
        ("localhost", None),
        ("localhost:65536", None),
    ] {
        assert_eq!(host_and_port(text), expected, "{text}");
    }
}

#[test]
fn the_address_of_the_server_has_a_scheme_a_host_and_no_password() {
    for text in [
        "",
        "http://v",
        "HTTPS://v:8200/path",
        "unix:///s",
        "http://a, https://b:1,",
        "http://[::1]:8200",
        "http://@v",
        "http://:@v",
        "http://v:",
    ] {
        assert_eq!(address("k", text), Ok(()), "{text}");
    }
    for (text, expected) in [
        ("http://", "begin with"),
        ("unix://s", "begin with"),
        ("v:8200", "begin with"),
        ("http://a,ftp://b", "begin with"),
        ("http://a#b", "query or fragment"),
        ("http://v:65536", "port"),
        ("http://[::1]:a", "port"),
        ("http://user@v", "user name or password"),
        ("https://user:@v", "user name or password"),
    ] {
        let error = address("k", text).unwrap_err().to_string();
        assert!(
            error.starts_with("k: ") && error.contains(expected),
            "{text}: {error}"
        );
    }
}

#[test]
fn pauses_between_logins_need_a_shorter_and_a_longer() {
    let minutes = Duration::from_secs(300);
    let default = Backoff::default();
    assert_eq!((default.min(), default.max()), (SECOND, minutes));
    assert!(Backoff::new(SECOND, SECOND).is_err() && Backoff::new(SECOND * 2, SECOND).is_err());
    let method = json!({"type": "cert", "min_backoff": "2s", "max_backoff": "0"});
    let auto_auth: AutoAuth = block(json!({"method": method}));
    let backoff = login(&auto_auth).unwrap().backoff;
    assert_eq!((backoff.min(), backoff.max()), (SECOND * 2, minutes));
}

#[test]
fn a_wrapped_login_has_one_sink_that_does_not_wrap() {
    let read = |kind: &str, sinks: Value| {
        let config = json!({"token_file_path": "/t"});
        let method = json!({"type": kind, "wrap_ttl": "5m", "config": config});
        let auto_auth: AutoAuth = block(json!({"method": method, "sink": sinks}));
        login(&auto_auth)
            .map(|it| it.wrap_ttl)
            .map_err(|it| it.to_string())
    };
    assert_eq!(read("cert", json!([{}])), Ok(Some(SECOND * 300)));
    for (kind, sinks, expected) in [
        ("cert", json!([]), "0 or many sinks defined"),
        ("cert", json!([{}, {}]), "0 or many sinks defined"),
        (
            "cert",
            json!([{"wrap_ttl": "1m"}]),
            "both on auth method and sink",
        ),
        (
            "token_file",
            json!([{}]),
            "method \"token_file\" has no login",
        ),
    ] {
        let error = read(kind, sinks).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let none: AutoAuth = block(json!({"method": {"type": "cert", "wrap_ttl": "0"}}));
    assert_eq!(login(&none).unwrap().wrap_ttl, None);
    for auto_auth in [json!({}), json!({"method": {}})] {
        assert!(login(&block(auto_auth)).is_err());
    }
}

#[test]
fn a_sink_has_a_path_a_mode_and_an_owner() {
    let read = |config: Value| {
        let sink: Sink = block(json!({"type": "file", "config": config, "wrap_ttl": "0"}));
        sink_file(&sink, 1)
            .map(|it| (it.mode, it.uid, it.gid, it.wrap_ttl))
            .map_err(|it| it.to_string())
    };
    let mode = |mode: Value| read(json!({"path": "/t", "mode": mode}));
    assert_eq!(read(json!({"path": "/t"})), Ok((0o640, None, None, None)));
    assert_eq!(mode(json!(0)), Ok((0o640, None, None, None)));
    assert_eq!(mode(json!(511)), Ok((0o777, None, None, None)));
    assert_eq!(mode(json!("0600")), Ok((0o600, None, None, None)));
    for value in [json!(512), json!("8"), json!(true), json!(-1)] {
        assert!(
            mode(value)
                .unwrap_err()
                .starts_with("auto_auth.sink[1].mode: not a file mode")
        );
    }
    let owned = json!({"path": "/t", "uid": -1, "gid": "10"});
    assert_eq!(read(owned), Ok((0o640, None, Some(10), None)));
    assert!(
        read(json!({"path": "/t", "uid": -2}))
            .unwrap_err()
            .starts_with("auto_auth.sink[1].uid")
    );
    for config in [json!({}), json!({"path": ""}), json!({"path": 1})] {
        assert!(read(config).unwrap_err().contains("'path' not specified"));
    }
    for (kind, expected) in [
        ("", "sink type must be specified"),
        ("x", "Unknown sink type \"x\""),
    ] {
        let sink: Sink = block(json!({"type": kind}));
        let error = sink_file(&sink, 0).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let wrapped: Sink = block(json!({"type": "file", "config": {"path": "/t"}, "wrap_ttl": "1s"}));
    assert_eq!(sink_file(&wrapped, 0).unwrap().wrap_ttl, Some(SECOND));
}

#[test]
fn an_encrypted_sink_has_a_kind_and_a_key() {
    let read = |sink: Value| {
        let sink: Sink = block(sink);
        let read = sealing(&sink, 0).map_err(|it| it.to_string())?;
        Ok::<_, String>(read.map(|it| (it.key.to_owned(), it.derives)))
    };
    let key = || "/k".to_owned();
    assert_eq!(read(json!({})), Ok(None));
    assert_eq!(
        read(json!({"dh_type": "curve25519", "dh_path": "/k"})),
        Ok(Some((key(), false)))
    );
    let derived = json!({"dh_type": "curve25519", "dh_path": "/k", "derive_key": true, "aad": "x"});
    assert_eq!(read(derived), Ok(Some((key(), true))));
    for (sink, expected) in [
        (json!({"aad": "x"}), "specifying AAD data without"),
        (json!({"aad_env_var": "X"}), "specifying AAD data without"),
        (
            json!({"derive_key": true}),
            "specifying 'derive_key' data without",
        ),
        (json!({"dh_path": "/k"}), "specifying 'dh_path' without"),
        (
            json!({"dh_type": "curve25519"}),
            "specifying 'dh_type' without",
        ),
        (
            json!({"dh_type": "x", "dh_path": "/k"}),
            "invalid value for 'dh_type'",
        ),
    ] {
        let error = read(sink).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_template_has_one_text_and_the_time_limit_of_its_command() {
    assert_eq!(source("/t", ""), Some(Source::File("/t")));
    assert_eq!(source("", "x"), Some(Source::Contents("x")));
    assert_eq!((source("", ""), source("/t", "x")), (None, None));
    let named: Template = block(json!({"destination": "/d"}));
    assert_eq!(place(&named, 1), "template[1] (/d)");
    assert_eq!(place(&Template::default(), 2), "template[2]");

    let limit = |exec: Value, outer: &str| {
        let written =
            json!({"destination": "/d", "contents": "x", "exec": exec, "command_timeout": outer});
        let written: Template = block(written);
        template(&written, 0)
            .map(|it| it.command_timeout)
            .map_err(|it| it.to_string())
    };
    assert_eq!(limit(json!(null), ""), Ok(None));
    assert_eq!(limit(json!(null), "1s"), Ok(Some(SECOND)));
    assert_eq!(limit(json!({"timeout": "2s"}), "1s"), Ok(Some(SECOND * 2)));
    assert_eq!(limit(json!({}), "1s"), Ok(Some(SECOND)));
    for (key, exec, outer) in [
        ("command_timeout", json!(null), "x"),
        ("exec.timeout", json!({"timeout": "x"}), ""),
        ("exec.kill_timeout", json!({"kill_timeout": "x"}), ""),
        ("exec.splay", json!({"splay": "x"}), ""),
    ] {
        let error = limit(exec, outer).unwrap_err();
        assert!(
            error.starts_with(&format!("template[0] (/d).{key}: ")),
            "{error}"
        );
    }
}

#[test]
fn quiet_time_is_read_from_text_or_a_block() {
    let read = |wait: Value| quiet_time(&block::<Wait>(wait));
    let wait = |min: u32, max: u32| {
        Ok(Some(QuietTime {
            min: SECOND * min,
            max: SECOND * max,
        }))
    };
    assert_eq!(read(json!("2s")), wait(2, 8));
    assert_eq!(read(json!("2s: 3s")), wait(2, 3));
    assert_eq!(read(json!("2s:2s")), wait(2, 2));
    assert_eq!(read(json!({"min": "2s"})), wait(2, 8));
    assert_eq!(
        read(json!({"min": 1, "max": 5, "enabled": true})),
        wait(1, 5)
    );
    for off in [
        json!("0s"),
        json!(":5s"),
        json!({"min": "1s", "enabled": false}),
        json!({}),
    ] {
        assert_eq!(read(off.clone()), Ok(None), "{off}");
    }
    for (wrong, expected) in [
        (json!("3s:2s"), "is shorter than the shortest"),
        (json!("3"), "missing unit"),
        (json!("1s:2"), "missing unit"),
        (json!("-1s"), "is negative"),
        (json!({"max": "x"}), "invalid duration"),
    ] {
        let error = read(wrong).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn variables_of_the_agent_are_read() {
    assert_eq!(client_timeout("1"), Ok(SECOND));
    assert!(client_timeout("-1s").unwrap_err().contains("is negative"));
    assert!(
        client_timeout("x")
            .unwrap_err()
            .contains("invalid duration")
    );
    assert_eq!(max_retries("3"), Ok(3));
    assert!(
        max_retries("-1")
            .unwrap_err()
            .contains("not a whole number")
    );
    let levels: [LogLevel; 5] =
        ["Trace", "debug", "notice", "warn", " ERR "].map(|text| text.parse().unwrap());
    assert_eq!(
        levels,
        [
            LogLevel::Trace,
            LogLevel::Debug,
            LogLevel::Info,
            LogLevel::Warn,
            LogLevel::Error
        ]
    );
    for text in ["", "STANDARD"] {
        assert_eq!(text.parse(), Ok(LogFormat::Standard));
    }
}

#[test]
fn a_chosen_duration_is_not_zero() {
    let text = DurationText::new;
    assert_eq!(duration("k", &text("0")), Ok(Some(Duration::ZERO)));
    assert_eq!(chosen("k", &text("0")), Ok(None));
    assert_eq!(chosen("k", &text("")), Ok(None));
    assert_eq!(chosen("k", &text("1s")), Ok(Some(SECOND)));
    assert_eq!(chosen("k", &text("-1s")).unwrap_err().key(), Some("k"));
}
