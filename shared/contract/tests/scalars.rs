//! Durations, numbers, names and codes at the limits of what they take.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use contract::GoDuration;
use contract::agent_config::{DurationText, PermsText, Switch, TemplateConfig};
use contract::annotations::{self, Annotations, Classification, Counterpart, counterpart};
use contract::diagnostics::{self, keys, pods};
use contract::duration::meant;
use contract::names::{config_part, is_config_part, is_signal, longest_value, part_number};
use contract::values::{parse_float, parse_int, parse_uint};
use serde_json::{Value, json};

fn nanos(nanoseconds: i64) -> GoDuration {
    GoDuration::from_nanos(nanoseconds)
}

#[test]
fn durations_add_up_and_convert_as_far_as_they_fit() {
    let second = GoDuration::checked_from_secs(1).unwrap();
    assert_eq!(second.checked_add(nanos(1)), Some(nanos(1_000_000_001)));
    assert_eq!(nanos(i64::MAX).checked_add(nanos(1)), None);
    assert_eq!(GoDuration::checked_from_secs(i64::MAX), None);
    assert_eq!(second.to_std(), Some(Duration::from_secs(1)));
    assert_eq!(nanos(-1).to_std(), None);
}

#[test]
fn durations_print_with_the_largest_unit_that_fits() {
    for (nanoseconds, expected) in [
        (999, "999ns"),
        (1_000, "1\u{b5}s"),
        (1_500, "1.5\u{b5}s"),
        (999_999, "999.999\u{b5}s"),
        (1_000_000, "1ms"),
        (1_020_000, "1.02ms"),
        (999_999_999, "999.999999ms"),
        (1_000_000_000, "1s"),
        (59_000_000_000, "59s"),
        (60_000_000_000, "1m0s"),
        (3_599_000_000_000, "59m59s"),
        (3_600_000_000_000, "1h0m0s"),
        (90_061_000_000_001, "25h1m1.000000001s"),
        (-1, "-1ns"),
    ] {
        assert_eq!(nanos(nanoseconds).to_string(), expected);
    }
}

#[test]
fn a_guess_turns_units_as_people_write_them_into_those_of_go() {
    for (text, expected) in [
        ("5 min", Some("5m")),
        ("1 hour 30 minutes", Some("1h30m")),
        ("1.5 Hours", Some("1.5h")),
        ("2 hrs", Some("2h")),
        ("30 sec", Some("30s")),
        ("1 second", Some("1s")),
        ("20 millis", Some("20ms")),
        ("7 days", Some("7d")),
        (" 10 s ", Some("10s")),
        ("90", Some("90")),
        ("soon", None),
        ("5 fortnights", None),
        ("1 day 12 hours", None),
    ] {
        assert_eq!(meant(text).as_deref(), expected, "{text}");
    }
    let digits = |length: usize| "0".repeat(length - 1) + "s";
    assert!(meant(&digits(40)).is_some());
    assert_eq!(meant(&digits(41)), None);
}

#[test]
fn a_duration_in_json_is_text_or_a_number_of_seconds() {
    let read = |value: Value| serde_json::from_value::<GoDuration>(value);
    let error = |value: Value| read(value).unwrap_err().to_string();
    assert_eq!(read(json!(60)).unwrap(), nanos(60_000_000_000));
    assert_eq!(read(json!(-1)).unwrap(), nanos(-1_000_000_000));
    let written = serde_json::to_value(nanos(90_000_000_000)).unwrap();
    assert_eq!(written, json!("1m30s"));
    assert!(error(json!(true)).contains("a duration such as \"1h30m\", or a number of seconds"));
    for seconds in [json!(u64::MAX), json!(i64::MAX), json!(i64::MIN)] {
        let error = error(seconds);
        assert!(error.contains("is too long"), "{error}");
    }
}

#[test]
fn numbers_out_of_range_and_texts_that_are_no_numbers_have_different_messages() {
    let int = |text: &str| parse_int(text).unwrap_err().to_string();
    let uint = |text: &str| parse_uint(text).unwrap_err().to_string();
    let float = |text: &str| parse_float(text).unwrap_err().to_string();
    for text in ["99999999999999999999", "-99999999999999999999"] {
        assert!(int(text).ends_with("value out of range"), "{text}");
    }
    for text in ["-", "+", "1.5", "--1"] {
        assert!(int(text).ends_with("invalid syntax"), "{text}");
    }
    assert!(uint("99999999999999999999").ends_with("value out of range"));
    for text in ["+1", "-99999999999999999999"] {
        assert!(uint(text).ends_with("invalid syntax"), "{text}");
    }
    assert!(float("1e999").ends_with("value out of range"));
    for text in ["+nan", "-NaN"] {
        assert!(float(text).ends_with("invalid syntax"), "{text}");
    }
    assert!(parse_float("nan").unwrap().is_nan());
    assert_eq!(parse_float("+inf"), Ok(f64::INFINITY));
    assert_eq!(parse_float("-1.5"), Ok(-1.5));
}

#[test]
fn signals_have_names_and_numbers() {
    for text in ["HUP", "sigusr1", "SIGTERM", "1", "31"] {
        assert!(is_signal(text), "{text}");
    }
    for text in ["nginx", "", "SIG", "0", "32", "SIGSIGHUP"] {
        assert!(!is_signal(text), "{text}");
    }
}

#[test]
fn the_further_parts_of_a_configuration_are_numbered_from_two() {
    assert_eq!(config_part(2), "VAULT_CONFIG_2");
    assert_eq!(part_number("VAULT_CONFIG_2"), Some(2));
    assert_eq!(part_number("VAULT_CONFIG_10"), Some(10));
    assert!(is_config_part("VAULT_CONFIG_3"));
    for name in [
        "VAULT_CONFIG",
        "VAULT_CONFIG_",
        "VAULT_CONFIG_1",
        "VAULT_CONFIG_02",
        "VAULT_CONFIG_+2",
    ] {
        assert!(!is_config_part(name), "{name}");
    }
    // The name, the sign and the zero byte count, too.
    assert_eq!(
        longest_value("VAULT_CONFIG") + "VAULT_CONFIG=\0".len(),
        131_072
    );
}

#[test]
fn switches_durations_and_modes_are_read_from_text_and_numbers() {
    let switch = |value: Value| serde_json::from_value::<Switch>(value).map(|it| it.0);
    assert!(switch(json!(1)).unwrap() && switch(json!("T")).unwrap());
    assert!(!switch(json!(0)).unwrap() && !switch(json!(false)).unwrap());
    assert!(switch(json!(2)).is_err() && switch(json!("on")).is_err());

    let mode = |value: Value| serde_json::from_value::<PermsText>(value).map(|it| it.mode());
    assert_eq!(mode(json!(416)).unwrap(), Ok(Some(0o640)));
    assert_eq!(mode(json!("0o640")).unwrap(), Ok(Some(0o640)));
    assert_eq!(mode(json!("7777")).unwrap(), Ok(Some(0o7777)));
    assert!(mode(json!("10000")).unwrap().is_err());
    for value in [json!(-1), json!(1.5), json!(true)] {
        let error = mode(value).unwrap_err().to_string();
        assert!(error.contains("is not a file mode"), "{error}");
    }

    let written = |duration: DurationText| duration.duration();
    assert_eq!(written(DurationText::new("")), Ok(None));
    assert_eq!(written(DurationText::new("0")), Ok(Some(Duration::ZERO)));
    let config = json!({"static_secret_render_interval": true});
    let config: TemplateConfig = serde_json::from_value(config).unwrap();
    assert!(config.static_secret_render_interval.duration().is_err());
}

#[test]
fn empty_settings_are_left_out_of_what_is_written() {
    let written = |value: Value| {
        let config: contract::AgentConfig = serde_json::from_value(value).unwrap();
        serde_json::to_value(config).unwrap()
    };
    assert_eq!(written(json!({})), json!({"exit_after_auth": false}));
    let full = json!({
        "exit_after_auth": true, "revoke_on_shutdown": true, "revoke_grace": "5s",
        "template": [{
            "destination": "/d", "left_delimiter": "", "right_delimiter": "", "perms": "0640",
        }],
    });
    assert_eq!(written(full.clone()), full);
}

#[test]
fn blocks_and_lists_may_be_null_or_empty() {
    let config = json!({
        "vault": null, "template": null, "listener": [], "cache": [{}],
        "disable_keep_alives": " a ,,b,", "disable_idle_connections": [1, true],
    });
    let config: contract::AgentConfig = serde_json::from_value(config).unwrap();
    assert!(config.vault.is_none() && config.template.is_empty() && config.listener.is_empty());
    assert!(config.cache.is_some());
    assert_eq!(config.disable_keep_alives, ["a", "b"]);
    assert_eq!(config.disable_idle_connections, ["1", "true"]);
}

#[test]
fn annotations_are_read_for_each_name_and_named_in_errors() {
    let spec = &annotations::ERROR_ON_MISSING_KEY;
    let annotations = Annotations::new([
        ("vault.hashicorp.com/error-on-missing-key-db", "true"),
        ("openbao.org/error-on-missing-key-web", "so"),
        ("vault.hashicorp.com/agent-cache-listener-port", "x"),
    ]);
    assert_eq!(annotations.get_for(spec, "db"), Some("true"));
    assert_eq!(annotations.get_for(spec, "DB"), None);
    assert_eq!(annotations.get(spec), None);
    assert_eq!(annotations.bool_for(spec, "db", false), Ok(true));
    assert_eq!(annotations.bool_for(spec, "none", true), Ok(true));
    let error = annotations.bool_for(spec, "web", false).unwrap_err();
    assert_eq!(error.key, "openbao.org/error-on-missing-key-web");
    assert_eq!(annotations.key_for(spec, "web"), error.key);
    assert_eq!(
        spec.full_key_for("a"),
        "vault.hashicorp.com/error-on-missing-key-a"
    );
    assert_eq!(annotations::ROLE.full_key(), "vault.hashicorp.com/role");

    let port = &annotations::CACHE_LISTENER_PORT;
    assert_eq!(
        annotations.key(port),
        "vault.hashicorp.com/agent-cache-listener-port"
    );
    assert!(annotations.uint(port, 1).is_err() && annotations.int(port, 1).is_err());
    assert!(annotations.float(port, 1.0).is_err());
    let absent = &annotations::RUN_AS_USER;
    assert_eq!(annotations.uint(absent, 7), Ok(7));
    assert_eq!(annotations.int(absent, -7), Ok(-7));
    assert_eq!(annotations.float(absent, 0.5), Ok(0.5));
    let all: Vec<_> = annotations.iter().collect();
    assert_eq!(
        all,
        [
            ("agent-cache-listener-port", "x"),
            ("error-on-missing-key-db", "true"),
            ("error-on-missing-key-web", "so")
        ]
    );
    assert_eq!(
        annotations::classify("vault.hashicorp.com/"),
        Classification::Unknown
    );
}

#[test]
fn a_key_of_another_product_has_its_counterpart() {
    let service = Counterpart::Key("service".to_owned());
    assert_eq!(counterpart("vault-addr"), Some(service));
    assert_eq!(counterpart("vault-addr-x"), None);
    assert_eq!(counterpart("roles"), None);
}

#[test]
fn a_code_leads_to_its_row_and_belongs_to_one_subject() {
    assert!(keys::contains(keys::UNKNOWN) && !pods::contains(keys::UNKNOWN));
    let row = diagnostics::find(keys::UNKNOWN).unwrap();
    assert_eq!(
        (row.code, serde_json::to_value(row.code).unwrap()),
        (keys::UNKNOWN, json!("VI-1001"))
    );
    assert_eq!(diagnostics::find("VI-9999".parse().unwrap()), None);
}
