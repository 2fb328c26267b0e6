//! Error messages: where a mistake is, what it is, and never a secret.

use templating::{Context, ErrorKind, Options, Request, Secret, Template, TemplateError};

use crate::{CANARY, Known, mk_template, pass};

fn parse_error(source: &str) -> TemplateError {
    Template::parse(
        source,
        Options {
            name: "app.env".into(),
            ..Options::default()
        },
    )
    .unwrap_err()
}

#[test]
fn errors_say_where_and_what_and_suggest() {
    let error = parse_error("a: 1\n\nb: {{ with   secrt \"x\" }}{{ end }}");
    assert_eq!(
        error.to_string(),
        "template \"app.env\": line 3, column 14: function \"secrt\" is not defined \
         (did you mean \"secret\"?)"
    );
    assert_eq!(error.kind(), ErrorKind::Parse);
    assert_eq!((error.line(), error.column()), (3, 14));
    assert_eq!(
        error.go_text(),
        "parse: template: :3: function \"secrt\" not defined"
    );
}

#[test]
fn functions_of_consul_are_refused_by_name() {
    let error = parse_error(r#"{{ keyOrDefault "a" "b" }}"#);
    assert!(error.to_string().contains("Consul"), "{error}");
}

#[test]
fn an_execution_error_names_its_node() {
    let error = pass("x\n{{ \"a\" | split \",\" | toUpper }}", &Known::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "template \"app.env\": line 2, column 22: wrong type for value; expected string; \
         got []string (at toUpper)"
    );
    assert_eq!(error.kind(), ErrorKind::Execute);
}

#[test]
fn denied_functions_parse_and_fail_when_called() {
    let options = Options {
        function_denylist: vec!["env*".into(), "printf".into(), "executeTemplate".into()],
        ..Options::default()
    };
    for call in [
        "env \"A\"",
        "envOrDefault \"A\" \"b\"",
        "printf \"a\"",
        "executeTemplate \"a\"",
    ] {
        let template = Template::parse(&format!("{{{{{call}}}}}"), options.clone()).unwrap();
        let error = template
            .render(&Context::new(&Known::default(), &|_| None))
            .unwrap_err();
        assert!(error.message().ends_with("function is disabled"), "{error}");
    }
    let template = Template::parse("{{if false}}{{env \"A\"}}{{end}}ok", options).unwrap();
    assert!(
        template
            .render(&Context::new(&Known::default(), &|_| None))
            .is_ok()
    );
}

#[test]
fn no_error_and_no_debug_output_shows_a_secret() {
    let body = format!(
        r#"{{"request_id":"{CANARY}","data":{{"x":"{CANARY}","n":98765432109,
            "m":{{"{CANARY}":"{CANARY}"}},"l":["{CANARY}"]}}}}"#
    );
    let known = Known::default().secret("a", &body).file("/f", CANARY);
    let env = |_: &str| Some(String::from(CANARY));
    let failing = [
        "range .Data.x}}{{end",
        "range $a, $b := .Data.n.Int64}}{{end",
        "range .Data.x | toUpper}}{{end",
        "parseBool .Data.x",
        "parseInt .Data.x",
        "parseFloat .Data.x",
        "parseJSON .Data.x",
        "base64Decode .Data.x",
        "add .Data.x 1",
        "add .Data.n 1",
        "eq .Data.m .Data.m",
        "eq .Data.m .Data.l",
        "index .Data.l .Data.n.Int64",
        "index .Data.x .Data.l",
        "regexMatch (print \"(\" .Data.x) \"a\"",
        "secret \"p\" .Data.x",
        "explodeMap (mergeMap .Data.m (parseJSON `{\"c4n4ry-V41ue/b\": 1}`))",
        "scratch.Set \"m\" .Data.x}}{{scratch.MapSet \"m\" .Data.x 1",
        "executeTemplate .Data.x",
        ".Data.x | call",
        "call .Data.x",
        "loop .Data.x",
        ".Data.x.y",
        ".Data | join .Data.x",
        "timestamp .Data.x .Data.x",
        "printf .Data.n",
        "mustEnv (print .Data.x \"=\")}}{{parseBool (env \"A\")",
        "parseBool (file \"/f\")",
        "define \"t\"}}{{parseInt .}}{{end}}{{template \"t\" .Data.x",
    ];
    for action in failing {
        let (define, action) = match action.split_once("{{template") {
            Some((define, rest)) => (format!("{{{{{define}"), format!("template{rest}")),
            None => (String::new(), action.to_owned()),
        };
        let source = format!("{define}{{{{with secret \"a\"}}}}{{{{{action}}}}}{{{{end}}}}");
        // A canary that the template itself contains is no secret.
        let own = source.contains(CANARY);
        let template = mk_template(&source);
        let error = template.render(&Context::new(&known, &env)).unwrap_err();
        let shown = format!("{error} {error:?} {} {}", error.message(), error.go_text());
        for hidden in [CANARY, &CANARY.to_uppercase(), "98765432109"] {
            assert!(own || !shown.contains(hidden), "{action}: {shown}");
        }
    }
    let render = pass("{{with secret \"a\"}}{{.}}{{end}}{{file \"/f\"}}", &known).unwrap();
    let found = known.0.values().collect::<Vec<_>>();
    let shown = format!("{render:?} {found:?} {:?}", mk_template("{{1}}"));
    assert!(!shown.contains(CANARY), "{shown}");
    let write = Request::Write {
        path: "p".into(),
        data: [("k".into(), CANARY.into())].into(),
    };
    assert!(!format!("{write:?} {write}").contains(CANARY));
    let broken = Secret::from_response(format!("{{\"data\": \"{CANARY}\", {CANARY}").as_bytes());
    assert!(!format!("{:?}", broken.unwrap_err()).contains(CANARY));
}
