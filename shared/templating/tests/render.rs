//! Templates against secrets: what is asked for, what is missing, what errors say and never say.

// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use templating::{
    Context, ErrorKind, Found, Options, Outcome, Render, Request, Secret, Secrets, Template,
    TemplateError,
};
use zeroize::Zeroizing;

const CANARY: &str = "c4n4ry-V41ue";

#[derive(Default)]
struct Known(BTreeMap<Request, Found>);

impl Known {
    fn secret(mut self, path: &str, body: &str) -> Self {
        let secret = Arc::new(Secret::from_response(body.as_bytes()).unwrap());
        self.0.insert(
            Request::Read { path: path.into() },
            Found::Secret(Some(secret)),
        );
        self
    }

    fn list(mut self, path: &str, names: &[&str]) -> Self {
        let names = names.iter().map(ToString::to_string).collect();
        self.0.insert(
            Request::List { path: path.into() },
            Found::List(Arc::new(names)),
        );
        self
    }

    fn file(mut self, path: &str, content: &str) -> Self {
        let content = Arc::new(Zeroizing::new(content.as_bytes().to_vec()));
        self.0.insert(Request::file(path), Found::File(content));
        self
    }
}

impl Secrets for Known {
    fn lookup(&self, request: &Request) -> Option<Found> {
        self.0.get(request).cloned()
    }
}

fn mk_template(source: &str) -> Template {
    Template::parse(
        source,
        Options {
            name: "app.env".into(),
            ..Options::default()
        },
    )
    .unwrap()
}

fn pass(source: &str, known: &Known) -> Result<Render, TemplateError> {
    mk_template(source).render(&Context::new(known, &|_| None))
}

fn text(source: &str, known: &Known) -> String {
    match pass(source, known).unwrap().outcome {
        Outcome::Complete(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Outcome::Waiting { missing } => panic!("waits for {missing:?}"),
    }
}

/// The text as people see it who are not to see its values.
fn masked(template: &Template, known: &Known) -> String {
    let context = Context {
        mask: Some("***"),
        ..Context::new(known, &|_| Some(CANARY.to_owned()))
    };
    match template.render(&context).unwrap().outcome {
        Outcome::Complete(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Outcome::Waiting { missing } => panic!("waits for {missing:?}"),
    }
}

fn missing(source: &str, known: &Known) -> BTreeSet<Request> {
    match pass(source, known).unwrap().outcome {
        Outcome::Complete(_) => BTreeSet::new(),
        Outcome::Waiting { missing } => missing,
    }
}

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

fn read(path: &str) -> Request {
    Request::Read { path: path.into() }
}

#[test]
fn one_pass_finds_all_that_does_not_depend_on_what_is_missing() {
    let source = r#"{{with secret "a"}}{{.Data.x}}{{end}}{{with secret "/b/"}}{{end}}"#;
    assert_eq!(
        missing(source, &Known::default()),
        BTreeSet::from([read("a"), read("b")])
    );
}

#[test]
fn what_a_render_changes_in_a_secret_ends_with_it() {
    let known = Known::default().secret("a", r#"{"data":{"l":[{"k":1}]}}"#);
    let change = r#"{{$m := index (secret "a").Data.l 0}}{{$_ := sprig_set $m "k" (add 1 ($m.k | sprig_int))}}{{(secret "a").Data.l}}"#;
    for _ in 0..2 {
        assert_eq!(text(change, &known), "[map[k:2]]");
        assert_eq!(text(r#"{{(secret "a").Data.l}}"#, &known), "[map[k:1]]");
    }
}

#[test]
fn a_change_of_a_secret_repeats_neither_files_nor_values_kept_by_name() {
    let known = Known::default().secret("a", r#"{"data":{"k":"1"}}"#);
    let source = r#"{{scratch.SetX "n" "first"}}{{"x" | writeToFile "/f" "" "" "0600" "append"}}{{sprig_set (secret "a").Data "n" (scratch.Get "n")}}"#;
    let render = pass(source, &known).unwrap();
    assert_eq!(render.effects.len(), 1);
    assert_eq!(text(source, &known), "map[k:1 n:first]");
}

#[test]
fn a_pass_that_lacks_nothing_fails() {
    let known = Known::default().secret("a", r#"{"data":{"x":"y"}}"#);
    let source = r#"{{(secret "a").Data.x | parseInt}}{{(secret "b").Data.x}}"#;
    assert!(pass(source, &known).is_err());
}

#[test]
fn what_depends_on_a_list_is_found_in_the_next_pass() {
    let source =
        r#"{{range secrets "apps/"}}{{with secret (print "apps/" .)}}{{.Data.x}} {{end}}{{end}}"#;
    let known = Known::default();
    assert_eq!(
        missing(source, &known),
        BTreeSet::from([Request::List {
            path: "apps".into()
        }])
    );
    let known = known.list("apps", &["b", "a"]);
    assert_eq!(
        missing(source, &known),
        BTreeSet::from([read("apps/a"), read("apps/b")])
    );
    let known = known
        .secret("apps/a", r#"{"data":{"x":1}}"#)
        .secret("apps/b", r#"{"data":{"x":2}}"#);
    assert_eq!(text(source, &known), "1 2 ");
    assert_eq!(pass(source, &known).unwrap().used.len(), 3);
}

#[test]
fn the_order_of_a_writes_arguments_does_not_matter() {
    let a = missing(
        r#"{{secret "pki/issue/x" "a=1" " b = 2 "}}"#,
        &Known::default(),
    );
    let b = missing(
        r#"{{secret "/pki/issue/x" "b=2" "" "a=1"}}"#,
        &Known::default(),
    );
    assert_eq!(a, b);
    let data = BTreeMap::from([("a".into(), "1".into()), ("b".into(), "2".into())]);
    assert_eq!(
        a,
        BTreeSet::from([Request::Write {
            path: "pki/issue/x".into(),
            data
        }])
    );
}

#[test]
fn an_empty_argument_makes_a_write_without_data() {
    let request = Request::Write {
        path: "p".into(),
        data: BTreeMap::new(),
    };
    assert_eq!(
        missing(r#"{{secret "p" ""}}"#, &Known::default()),
        BTreeSet::from([request])
    );
}

#[test]
fn a_query_is_part_of_the_request() {
    let source = r#"{{secret "kv/a?version=2"}}{{secret "kv/a"}}"#;
    let requests = missing(source, &Known::default());
    assert_eq!(
        requests,
        BTreeSet::from([read("kv/a"), read("kv/a?version=2")])
    );
}

#[test]
fn a_write_without_an_answer_is_nil_and_not_missing() {
    let mut known = Known::default();
    let request = Request::Write {
        path: "kv/a".into(),
        data: [("k".into(), "v".into())].into(),
    };
    known.0.insert(request, Found::Secret(None));
    assert_eq!(
        text(r#"{{with secret "kv/a" "k=v"}}x{{else}}nil{{end}}"#, &known),
        "nil"
    );
}

#[test]
fn numbers_keep_their_literal_text() {
    let body = r#"{"data":{"a":1.10,"b":12345678901234567890,"c":1e3}}"#;
    let known = Known::default().secret("a", body);
    let source =
        r#"{{with secret "a"}}{{.Data.a}} {{.Data.b}} {{.Data.c}} {{.Data|toJSON}}{{end}}"#;
    assert_eq!(
        text(source, &known),
        r#"1.10 12345678901234567890 1e3 {"a":1.10,"b":12345678901234567890,"c":1e3}"#
    );
}

#[test]
fn a_response_without_data_has_an_empty_map() {
    let known = Known::default().secret("a", r#"{"data":null,"warnings":["w"]}"#);
    let source =
        r#"{{with secret "a"}}{{.Data}} {{.Data|toJSON}} {{.Data.x}} {{.Warnings}}{{end}}"#;
    assert_eq!(text(source, &known), "map[] null <no value> [w]");
}

#[test]
fn a_file_is_what_it_contains() {
    let known = Known::default().file("/a", "content\n");
    assert_eq!(
        text(r#"{{file "/a" | trimSpace}}|{{file ""}}"#, &known),
        "content|"
    );
}

#[test]
fn a_file_is_asked_for_with_its_sandbox_and_one_that_is_refused_fails_with_the_reason() {
    let folder = Path::new("/in");
    let request = Request::File {
        path: "/etc/passwd".into(),
        sandbox: Some(folder.into()),
    };
    let mut known = Known::default();
    let reason = "it is outside of sandbox".into();
    known.0.insert(request, Found::Refused(reason));
    let context = Context {
        sandbox: Some(folder),
        ..Context::new(&known, &|_| None)
    };
    let template = mk_template(r#"{{file "/in/../etc/passwd"}}"#);
    let error = template.render(&context).unwrap_err();
    let words = "'/etc/passwd' cannot be read: it is outside of sandbox";
    assert!(error.message().contains(words), "{error}");
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

#[test]
fn the_longer_a_text_is_the_smaller_its_expression_may_be() {
    let known = Known::default()
        .file("/short", &"é".repeat(1 << 14))
        .file("/long", &"é".repeat(1 << 19));
    let search = |expression: &str, file: &str| {
        let source = format!("{{{{file \"/{file}\" | regexMatch `^{expression}`}}}}");
        pass(&source, &known).map_err(|error| error.message().to_owned())
    };
    assert!(search(r"\pL", "long").is_ok());
    assert!(search(r"\pL{20}", "short").is_ok());
    let error = search(r"\pL{5}", "long").unwrap_err();
    assert!(error.contains("expression too large"), "{error}");
    // It is an expression, so the answer is not that it does not match.
    let source = "{{file \"/long\" | sprig_regexMatch `\\pL{5}`}}";
    assert!(pass(source, &known).is_err());
}

#[test]
fn long_work_ends_with_an_error() {
    let known = Known::default().file("/f", &"a".repeat(8 << 20));
    for source in [
        "{{range loop 1000000}}{{range loop 1000}}{{end}}{{end}}",
        "{{sprig_until 1000000}}",
        "{{range $i, $x := loop 1000000}}{{scratch.MapSet \"m\" (print $i) 1}}{{end}}",
        "{{file \"/f\" | regexMatch \"(a?){100}b\"}}",
        "{{file \"/f\" | replaceAll \"a\" \"bbbb\"}}",
        "{{loop 1000000000}}",
        "{{\"x\" | indent 100000000}}",
        "{{executeTemplate \"\"}}",
    ] {
        let error = pass(source, &known).unwrap_err();
        let told = ["more than", "longer than", "maximum"]
            .iter()
            .any(|w| error.message().contains(w));
        assert!(told, "{error}");
    }
}

#[test]
fn a_template_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Template>();
    shared::<Found>();
}

/// Calls of every function with all sorts of arguments.
fn calls() -> impl Strategy<Value = String> {
    let names: Vec<&str> = templating::functions().map(|doc| doc.name).collect();
    let argument = prop::sample::select(vec![
        "\"a\"",
        "\"\"",
        "\",\"",
        "`a=1,b=2`",
        "1",
        "-1",
        "0",
        "2.5",
        "true",
        "nil",
        "\"[1\"",
        "(parseJSON `{\"a\":{\"b\":[1,null,\"x\"]}}`)",
        "(split \",\" \"a,b\")",
        "\"\\xff\"",
        "(loop 3)",
        "scratch",
        "(secret \"s\")",
        "(secret \"s\").Data",
        "9223372036854775807",
        "(printf \"%20000d\" 1)",
        "\"(a*)*\"",
    ]);
    (
        prop::sample::select(names),
        prop::collection::vec(argument, 0..4),
    )
        .prop_map(|(name, arguments)| format!("{{{{{name} {}}}}}", arguments.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_call_makes_a_function_panic(source in calls()) {
        let known = Known::default().secret("s", r#"{"data":{"a":1,"b":{"c":"d"}}}"#);
        if let Ok(template) = Template::parse(&source, Options::default()) {
            let _ = template.render(&Context::new(&known, &|_| None));
        }
    }

    #[test]
    fn no_body_makes_reading_a_response_panic(body in "[{}\\[\\]\":,a0-9.eE\\\\u-]{0,30}|\\PC{0,20}") {
        let _ = Secret::from_response(body.as_bytes());
    }

    #[test]
    fn no_expression_makes_a_search_panic(
        expression in "[\\[\\](){}?*+|^$.\\\\:<>,=&iPpQExdD0-9ék-]{0,16}|\\PC{0,12}",
        replacement in "[${}a0-9é]{0,6}",
    ) {
        let known = Known::default().file("/e", &expression).file("/r", &replacement);
        let source = r#"{{"aé1-Kk" | regexReplaceAll (file "/e") (file "/r")}}"#;
        let _ = pass(source, &known);
    }

    #[test]
    fn json_reads_back_what_it_wrote(text in ".*") {
        let known = Known::default().file("/f", &text);
        let json = self::text("{{file \"/f\" | toJSON}}", &known);
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text.clone());
        let again = self::text("{{file \"/f\" | toJSON | parseJSON}}", &known);
        prop_assert_eq!(again, text);
    }
}

#[test]
fn a_mask_stands_for_each_printed_value_and_changes_no_decision() {
    let body = format!(r#"{{"data": {{"a": "{CANARY}", "empty": "", "list": ["{CANARY}", 7]}}}}"#);
    let known = Known::default().secret("kv/app", &body);
    let of_secret = |text: &str| format!("{{{{ with secret \"kv/app\" }}}}{text}{{{{ end }}}}");
    for (text, wanted) in [
        ("a={{ .Data.a }};", "a=***;"),
        (
            "{{ .Data.a | base64Encode }}-{{ printf \"%q\" .Data.a }}",
            "***-***",
        ),
        ("{{ .Data | toJSON }} {{ . }}", "*** ***"),
        ("[{{ .Data.empty }}{{ .Data.no }}]", "[<no value>]"),
        (
            "{{ range $k, $v := .Data.list }}{{ $k }}: {{ $v }}\n{{ end }}",
            "***: ***\n***: ***\n",
        ),
        (
            "{{ $x := .Data.a }}{{ if eq $x \"c4n4ry-V41ue\" }}yes {{ $x }}{{ end }}",
            "yes ***",
        ),
        ("{{ env \"HOME\" }}{{ len .Data.a }}{{ 1 }}", "*********"),
    ] {
        assert_eq!(
            masked(&mk_template(&of_secret(text)), &known),
            wanted,
            "{text}"
        );
    }
    let defined = "{{ define \"d\" }}x{{ . }}{{ end }}{{ template \"d\" 1 }} \
                   {{ if eq (executeTemplate \"d\" 1) \"x1\" }}{{ executeTemplate \"d\" 2 }}{{ end }}";
    assert_eq!(masked(&mk_template(defined), &known), "x*** ***");
}

#[test]
fn a_mask_is_the_whole_of_a_handlebars_text() {
    let known = Known::default();
    let options = Options {
        engine: templating::Engine::Handlebars,
        ..Options::default()
    };
    let template = Template::parse("a {{env \"HOME\"}} b", options).unwrap();
    assert_eq!(masked(&template, &known), "***");
}
