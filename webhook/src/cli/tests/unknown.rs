//! Variables, words and flags that the injector does not have.

use super::super::*;
use super::configured;

#[test]
fn a_variable_that_looks_like_ours_is_warned_of_with_the_one_that_is_meant() {
    let unknown = |names: &[&str]| -> Vec<String> {
        let variables: Vec<_> = names.iter().map(|name| (*name, "x")).collect();
        let configuration = configured(&["-vault-address=http://v"], &variables).unwrap();
        let unknown = configuration.unknown_variables.iter();
        unknown.map(ToString::to_string).collect()
    };
    for (name, meant) in [
        ("AGENT_INJECT_VAULT_ADR", "AGENT_INJECT_VAULT_ADDR"),
        ("AGENT_INJECT_VAULT_ADDRESS", "AGENT_INJECT_VAULT_ADDR"),
        ("AGENT_INJECT_MEMORY_LIMIT", "AGENT_INJECT_MEM_LIMIT"),
        ("AGENT_INJECTOR_LOG_LEVEL", "AGENT_INJECT_LOG_LEVEL"),
        ("AGENT_INJECT_BAO_ADDRESS", "AGENT_INJECT_VAULT_ADDR"),
        ("AGENT_INJECT_TLS_CERTFILE", "AGENT_INJECT_TLS_CERT_FILE"),
    ] {
        assert_eq!(
            unknown(&[name]),
            [format!(
                "{name} is not a variable of the injector and is ignored: did you mean {meant}? [VI-1603]"
            )]
        );
    }
    assert_eq!(
        unknown(&["AGENT_INJECT_NOTHING_LIKE_IT"]),
        ["AGENT_INJECT_NOTHING_LIKE_IT is not a variable of the injector and is ignored [VI-1603]"]
    );
    let of_a_service = [
        "AGENT_INJECT_SERVICE_HOST",
        "AGENT_INJECT_SERVICE_PORT_HTTPS",
        "AGENT_INJECT_PORT_443_TCP_ADDR",
        "OTHER",
    ];
    assert_eq!(unknown(&of_a_service), [""; 0]);
}

#[test]
fn words_that_belong_to_nothing_are_refused_with_what_was_meant() {
    for (arguments, expected) in [
        (
            &["-strict", "foo"][..],
            "unexpected argument \"foo\" [VI-1604]",
        ),
        (
            &["-strict", "lint"],
            "unexpected argument \"lint\": a command comes first",
        ),
        (
            &["-strict", "lnit"],
            "unexpected argument \"lnit\": did you mean lint?",
        ),
        (
            &["-strict", "true"],
            "unexpected argument \"true\": a switch is written with =",
        ),
        (
            &["-vault-adress=x"],
            "unknown flag --vault-adress: did you mean --vault-address?",
        ),
        (&["--diff"], "unknown flag --diff [VI-1605]"),
        (&["-listen"], "--listen needs a value"),
    ] {
        let stop = configured(arguments, &[]).unwrap_err();
        assert!(matches!(stop, Stop::Usage(_)), "{arguments:?}: {stop}");
        assert!(stop.to_string().starts_with(expected), "{stop}");
        assert!(!stop.to_string().contains("tip:"), "{stop}");
    }
}
