//! Handlebars at eye level: the same secrets, functions, outcomes and limits.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use templating::{
    Certificate, CertificateParts, Context, Engine, Found, Options, Outcome, Partials, Render,
    Request, Secret, Secrets, Template, TemplateError,
};

const CANARY: &str = "c4n4ry-V41ue";

#[derive(Default)]
struct Known(BTreeMap<Request, Found>);

impl Known {
    fn secret(mut self, path: &str, data: &str) -> Self {
        let body = format!(r#"{{"lease_id":"l1","lease_duration":60,"data":{data}}}"#);
        let secret = Arc::new(Secret::from_response(body.as_bytes()).unwrap());
        self.0.insert(read(path), Found::Secret(Some(secret)));
        self
    }

    fn list(mut self, path: &str, names: &[&str]) -> Self {
        let names = names.iter().map(ToString::to_string).collect();
        let request = Request::List { path: path.into() };
        self.0.insert(request, Found::List(Arc::new(names)));
        self
    }
}

impl Secrets for Known {
    fn lookup(&self, request: &Request) -> Option<Found> {
        if let Request::Pki { .. } = request {
            let parts = CertificateParts {
                cert: "CERT\n",
                key: "KEY\n",
                ..Default::default()
            };
            return Some(Found::Pki(Arc::new(Certificate::new(parts))));
        }
        self.0.get(request).cloned()
    }
}

fn read(path: &str) -> Request {
    Request::Read { path: path.into() }
}

fn options() -> Options {
    Options {
        name: "app.env".into(),
        engine: Engine::Handlebars,
        ..Options::default()
    }
}

fn pass(source: &str, known: &Known) -> Result<Render, TemplateError> {
    let env = |name: &str| (name == "HOME").then(|| String::from("/root"));
    Template::parse(source, options())?.render(&Context::new(known, &env))
}

fn text(source: &str, known: &Known) -> String {
    match pass(source, known).unwrap().outcome {
        Outcome::Complete(text) => String::from_utf8(text.to_vec()).unwrap(),
        Outcome::Waiting { missing } => panic!("waits for {missing:?}"),
    }
}

fn error(source: &str, known: &Known) -> String {
    pass(source, known).unwrap_err().to_string()
}

fn app() -> Known {
    Known::default()
        .secret(
            "secret/data/app",
            r#"{"data":{"user":"u","password":"<a&b>\"'","port":5432,"tags":["x","y"]}}"#,
        )
        .list("apps", &["b", "a"])
}

#[test]
fn a_secret_has_the_names_of_vaults_json_and_nothing_is_escaped() {
    let source = r#"{{#with (secret "secret/data/app") as |s|}}{{s.data.data.password}} {{s.data.data.port}} {{s.lease_duration}}{{/with}}"#;
    assert_eq!(text(source, &app()), "<a&b>\"' 5432 60");
}

#[test]
fn block_helpers_take_a_secret_a_list_and_a_certificate() {
    let source = r#"{{#secret "secret/data/app" as |s|}}{{s.data.data.user}}{{data.data.user}}{{/secret}} {{#secrets "apps" as |name i|}}{{i}}={{name}}{{#unless @last}},{{/unless}}{{/secrets}} {{#pkiCert "pki/issue/x" "common_name=a"}}{{cert}}{{key}}{{/pkiCert}}"#;
    assert_eq!(text(source, &app()), "uu 0=a,1=b CERT\nKEY\n");
}

#[test]
fn functions_are_helpers_of_the_same_names() {
    let source = r#"{{toUpper (env "HOME")}} {{base64Encode "a"}} {{toJSON (parseJSON "{\"b\":[1,2.5],\"a\":null}")}} {{join "," (split "-" "a-b")}} {{sprig_quote 1}} {{printf "%05d|%q" 42 "x"}} {{add 1 2}}"#;
    assert_eq!(
        text(source, &Known::default()),
        "/ROOT YQ== {\"a\":null,\"b\":[1,2.5]} a,b \"1\" 00042|\"x\" 3"
    );
}

#[test]
fn a_pass_waits_for_all_that_it_can_know_of_and_goes_on_from_there() {
    let source = r#"{{#each (secrets "apps")}}{{#with (secret (print "apps/" this)) as |s|}}{{s.data.k}}{{/with}}{{/each}}{{#secret "x"}}{{/secret}}"#;
    let Outcome::Waiting { missing } = pass(source, &Known::default()).unwrap().outcome else {
        panic!("complete")
    };
    assert!(missing.contains(&Request::List {
        path: "apps".into()
    }));
    let known = Known::default().list("apps", &["a", "b"]).secret("x", "{}");
    let render = pass(source, &known).unwrap();
    let Outcome::Waiting { missing } = render.outcome else {
        panic!("complete")
    };
    // Strict blocks end the first pass at what is missing; what is there is used.
    assert!(missing.is_subset(&BTreeSet::from([read("apps/a"), read("apps/b")])));
    let known = known
        .secret("apps/a", r#"{"k":"1"}"#)
        .secret("apps/b", r#"{"k":"2"}"#);
    assert_eq!(text(source, &known), "12");
}

#[test]
fn a_pass_that_lacks_something_waits_even_if_it_fails() {
    for source in [
        r#"{{toUpper (lookup (secret "a") "data")}}"#,
        r#"{{#with (secret "a") as |s|}}{{s.data.x}}{{else}}{{parseInt "x"}}{{/with}}"#,
        r#"{{sprig_get (lookup (secret "a") "data") "x"}}"#,
    ] {
        let Outcome::Waiting { missing } = pass(source, &Known::default()).unwrap().outcome else {
            panic!("{source}: complete")
        };
        assert_eq!(missing, BTreeSet::from([read("a")]), "{source}");
    }
}

#[test]
fn a_missing_value_is_an_error_that_names_its_path() {
    let known = app();
    for source in [
        r#"{{#secret "secret/data/app" as |s|}}{{s.data.data.nope}}{{/secret}}"#,
        r#"{{#secret "secret/data/app" as |s|}}{{toUpper s.data.data.nope}}{{/secret}}"#,
        r#"{{#secret "secret/data/app" as |s|}}{{#each s.data.data.nope}}{{/each}}{{/secret}}"#,
    ] {
        let error = error(source, &known);
        assert!(
            error.contains("there is no value at s.data.data.nope"),
            "{error}"
        );
    }
}

#[test]
fn errors_say_where_and_what_was_meant() {
    assert_eq!(
        error("A=1\n  {{secrt \"x\"}}", &Known::default()),
        "template \"app.env\": line 2, column 3: function \"secrt\" is not defined (did you mean \"secret\"?)"
    );
    let unclosed = error("a\n{{#if x}}", &Known::default());
    assert!(
        unclosed.starts_with("template \"app.env\": line "),
        "{unclosed}"
    );
    assert!(error("{{key \"x\"}}", &Known::default()).contains("Consul"));
    assert!(
        error("{{#each (scratch)}}{{/each}}", &Known::default()).contains("Go templates alone")
    );
}

#[test]
fn no_error_shows_a_secret() {
    let known = Known::default().secret("x", &format!(r#"{{"k":"{CANARY}"}}"#));
    for call in [
        "parseInt",
        "parseJSON",
        "parseBool",
        "base64Decode",
        "sprig_fail",
        "mustEnv",
        "regexMatch \"(\"",
        "join \",\"",
        "secret \"y\"",
    ] {
        let source = format!(r#"{{{{#secret "x" as |s|}}}}{{{{{call} s.data.k}}}}{{{{/secret}}}}"#);
        let error = error(&source, &known);
        assert!(!error.contains(CANARY), "{error}");
    }
}

#[test]
fn a_denied_function_does_not_run() {
    let options = Options {
        function_denylist: vec!["en*".into()],
        ..options()
    };
    let template = Template::parse("{{env \"HOME\"}}", options).unwrap();
    let error = template
        .render(&Context::new(&Known::default(), &|_| None))
        .unwrap_err();
    assert!(error.message().contains("function is disabled"), "{error}");
}

#[test]
fn templates_of_a_pod_include_each_other_but_not_themselves() {
    let partials = Partials::new([
        ("head", "# {{title}}\n"),
        ("loop", "{{> loop2}}"),
        ("loop2", "{{> loop}}"),
        ("broken", "{{#if"),
    ]);
    let parse = |source: &str| {
        Template::parse(
            source,
            Options {
                partials: partials.clone(),
                ..options()
            },
        )
    };
    let render = parse("{{> head title=\"x\"}}y").unwrap();
    let render = render
        .render(&Context::new(&Known::default(), &|_| None))
        .unwrap();
    let Outcome::Complete(text) = render.outcome else {
        panic!("waits")
    };
    assert_eq!(text.as_slice(), b"# x\ny");
    for (source, words) in [
        ("{{> loop}}", "includes itself"),
        ("{{> nope}}", "there is no partial \"nope\""),
        ("{{> broken}}", "there is no partial \"broken\""),
        (
            "{{#*inline \"a\"}}{{> b}}{{/inline}}{{#*inline \"b\"}}{{> a}}{{/inline}}{{> a}}",
            "includes itself",
        ),
    ] {
        let error = parse(source).unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn a_template_is_bounded() {
    let known = Known::default();
    for source in [
        "{{#each (loop 100000)}}{{#each (loop 100000)}}{{/each}}{{/each}}",
        "{{#each (loop 1000000)}}{{sprig_repeat 100000 \"x\"}}{{/each}}",
    ] {
        let error = error(source, &known);
        assert!(
            error.contains("more than") || error.contains("longer than"),
            "{error}"
        );
    }
    for source in [
        "{{#if x}}".repeat(10_000),
        format!(
            "{{{{print {}1{}}}}}",
            "(print ".repeat(10_000),
            ")".repeat(10_000)
        ),
        format!("{{{{#if x}}}}{}{{{{/if}}}}", "{{else if x}}".repeat(10_000)),
    ] {
        assert!(error(&source, &known).contains("nested deeper"));
    }
}

/// What this thread took of a processor so far: a busy machine makes other clocks run on.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}

/// Asserts that eight times as much takes about eight times as long; what grows with the square
/// takes 64 times as long.
fn assert_linear(what: &str, work: impl Fn(usize)) {
    let took = |count| {
        let start = processor_time();
        work(count);
        let took = processor_time().saturating_sub(start);
        took.max(Duration::from_micros(1))
    };
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        small = small.min(took(100));
        large = large.min(took(800));
        if large < small * 20 {
            return;
        }
    }
    panic!("{what}: {small:?}, and eight times as much {large:?}");
}

#[test]
fn the_time_to_read_a_template_grows_with_its_length_alone() {
    for tag in [
        "{{#if a}}x{{/if}}",
        "{{~a~}}",
        "{{a}}",
        "{{{a}}} ",
        "{{> p}}",
        "{{> [p]}}",
        "\n{{#if a}}\n{{else if b}}\n{{else}}\n{{/if}}\n",
        "{{! a }}",
        "{{!-- a }}",
        "\\{{",
        "\\\\{{a}}",
        "{{{{raw}}}} a {{{{/raw}}}}",
        "{{#*inline \"p\"}}{{a}}{{/inline}}",
        "{{a [x\"] ['\"]}}",
        "{{nothing 1}}",
        "{{a \n",
        "[",
        "  ",
    ] {
        assert_linear(tag, |count| {
            let _ = Template::parse(&tag.repeat(count), options());
            let in_block = format!("{{{{#if a}}}}{}{{{{/if}}}}", tag.repeat(count));
            let _ = Template::parse(&in_block, options());
        });
    }
}

#[test]
fn the_time_to_read_the_templates_of_a_pod_grows_with_their_number_alone() {
    for source in [
        "{{#if a}}x{{/if}}",
        "{{> shared}}{{> shared}}",
        "{{#*inline \"x\"}}{{#*inline \"y\"}}{{> shared}}{{/inline}}{{/inline}}{{> x}}",
    ] {
        assert_linear(source, |count| {
            let count = count / 10;
            let shared = "{{a}}".repeat(count);
            let names: Vec<_> = (0..count).map(|number| number.to_string()).collect();
            let all = names.iter().map(|name| (name.as_str(), source));
            let partials = Partials::new(all.chain([("shared", shared.as_str())]));
            for _ in &names {
                let partials = partials.clone();
                let _ = Template::parse(
                    source,
                    Options {
                        partials,
                        ..options()
                    },
                );
            }
        });
    }
}

#[test]
fn files_are_written_only_when_the_pass_is_complete() {
    let source = r#"{{writeToFile "/a" "" "" "0600" "x"}}{{#secret "x"}}{{/secret}}"#;
    assert!(pass(source, &Known::default()).unwrap().effects.is_empty());
    let render = pass(source, &Known::default().secret("x", "{}")).unwrap();
    assert_eq!(render.effects.len(), 1);
}
