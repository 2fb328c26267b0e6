//! Renders in which a mask stands for the values.

use templating::{Context, Options, Outcome, Template};

use crate::{CANARY, Known, mk_template};

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
    assert_eq!(masked(&mk_template(defined), &known), "x*** x***");
    // Only what lays a text out takes it masked; all else is a value.
    let more = "{{ define \"d\" }}x{{ . }}\ny{{ end }}{{ executeTemplate \"d\" 1 | indent 2 }} \
                {{ executeTemplate \"d\" 1 | len }} {{ executeTemplate \"d\" 1 | base64Encode }} \
                {{ $x := executeTemplate \"d\" 1 }}{{ $x }} {{ print (executeTemplate \"d\" 1) }}";
    assert_eq!(
        masked(&mk_template(more), &known),
        "  x***\n  y *** *** *** ***"
    );
}

#[test]
fn a_mask_stands_for_each_value_of_a_handlebars_template_too() {
    let body = format!(r#"{{"data": {{"a": "{CANARY}", "x": "b=", "list": ["{CANARY}", 7]}}}}"#);
    let known = Known::default().secret("kv/app", &body);
    let of_secret = |text: &str| format!("{{{{#secret \"kv/app\"}}}}{text}{{{{/secret}}}}");
    for (text, wanted) in [
        ("a={{data.a}};", "a=***;"),
        // The value is the same as a text of the template, and is masked all the same.
        ("b={{data.x}}", "b=***"),
        ("{{{base64Encode data.a}}}-{{env \"HOME\"}}", "***-***"),
        (
            "{{#each data.list}}{{@index}}: {{this}}\n{{/each}}",
            "***: ***\n***: ***\n",
        ),
        ("{{#if data.a}}yes{{else}}no{{/if}}", "yes"),
        ("{{#*inline \"p\"}}<{{data.a}}>{{/inline}}{{> p}}", "<***>"),
        ("{{> line}}", "line: ***!"),
    ] {
        let options = Options {
            engine: templating::Engine::Handlebars,
            partials: templating::Partials::new([("line", "line: {{data.a}}!")]),
            ..Options::default()
        };
        let template = Template::parse(&of_secret(text), options).unwrap();
        assert_eq!(masked(&template, &known), wanted, "{text}");
    }
}
