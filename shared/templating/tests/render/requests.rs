//! The requests of a render, and its output once they are answered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use templating::{Context, Found, Request};

use crate::{Known, missing, mk_template, pass, read, text};

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
