//! Recorded answers of Go's own `text/template`: the same output, and the same error text.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use text_template::{
    FunctionSet, List, Map, MissingKey, NoHost, Options, Record, RecordType, Template, Type,
    UintKind, Value,
};

#[derive(Deserialize)]
struct Case {
    template: String,
    #[serde(default)]
    missing: String,
    #[serde(default)]
    output: String,
    /// In place of output that is no UTF-8, in base64.
    bytes: Option<String>,
    error: Option<String>,
}

static OWNER: RecordType = RecordType {
    name: "main.owner",
    fields: &[("Name", Type::String)],
    methods: &[],
};

static PET: RecordType = RecordType {
    name: "main.pet",
    fields: &[
        ("Name", Type::String),
        ("Age", Type::INT),
        ("Owner", Type::Pointer(&OWNER)),
        ("Any", Type::Any),
    ],
    methods: &[],
};

fn text_map(entries: &[(&str, Value)]) -> Vec<(Value, Value)> {
    entries
        .iter()
        .map(|(key, value)| (Value::from(*key), value.clone()))
        .collect()
}

fn any_map(entries: &[(&str, Value)]) -> Value {
    Map::of_any(text_map(entries)).into()
}

/// The same data as in `go/main.go`.
fn data() -> Value {
    let one = |v| Value::int(v);
    let pet = Record::new(&PET, vec!["Rex".into(), one(3)]);
    let petv = Record::new(
        &PET,
        vec![
            "Rex".into(),
            one(3),
            Value::Pointer(&OWNER, None),
            "x".into(),
        ],
    );
    let ints = [3, 1, 2].map(one).to_vec();
    any_map(&[
        ("s", "text".into()),
        ("empty", "".into()),
        ("n", one(7)),
        ("zero", one(0)),
        ("neg", one(-5)),
        ("f", 1.5.into()),
        ("t", true.into()),
        ("u", Value::Uint(UintKind::Uint64, 9)),
        ("i64", Value::Int(text_template::IntKind::Int64, 11)),
        ("byte", Value::Uint(UintKind::Uint8, 65)),
        ("nul", Value::Nil),
        ("num", Value::Number("5432".into())),
        ("bad", Value::Number("1.5x".into())),
        ("raw", Value::string(&b"a\xffb"[..])),
        (
            "list",
            List::of_any(vec![
                "x".into(),
                one(1),
                Value::Nil,
                2.5.into(),
                true.into(),
            ])
            .into(),
        ),
        ("strs", List::of_strings(["a", "b", "c"]).into()),
        ("ints", List::new(&Type::INT, ints).into()),
        ("nolist", List::nil(&Type::String).into()),
        ("none", List::of_any(vec![]).into()),
        (
            "m",
            any_map(&[
                ("b", one(1)),
                ("a", "x".into()),
                ("in", any_map(&[("k", "v".into())])),
                ("nul", Value::Nil),
            ]),
        ),
        (
            "strmap",
            Map::new(&Type::String, &Type::String, text_map(&[("k", "v".into())])).into(),
        ),
        (
            "anymap",
            Map::new(
                &Type::Any,
                &Type::Any,
                vec![("k".into(), "v".into()), ("b".into(), one(1))],
            )
            .into(),
        ),
        (
            "intmap",
            Map::new(
                &Type::INT,
                &Type::String,
                vec![(one(2), "two".into()), (one(1), "one".into())],
            )
            .into(),
        ),
        ("nomap", Map::nil(&Type::String, &Type::Any).into()),
        ("pet", Value::Pointer(&PET, Some(pet))),
        ("petv", Value::Record(petv)),
        ("nopet", Value::Pointer(&PET, None)),
        ("unicode", "héllo, 世界 \u{a0}\u{200b}😀".into()),
    ])
}

fn answer(case: &Case) -> Result<Vec<u8>, String> {
    let options = Options {
        name: "t",
        missing_key: match case.missing.as_str() {
            "error" => MissingKey::Error,
            "invalid" => MissingKey::Invalid,
            _ => MissingKey::Zero,
        },
        ..Options::default()
    };
    let template = Template::parse(&case.template, FunctionSet::default(), &options);
    let result = template.and_then(|template| template.execute(data(), &mut NoHost));
    result
        .map(|text| text.to_vec())
        .map_err(|error| error.go_text(str::to_owned))
}

fn expected(case: &Case) -> Result<Vec<u8>, String> {
    match (&case.error, &case.bytes) {
        (Some(error), _) => Err(error.clone()),
        (None, Some(bytes)) => Ok(base64(bytes)),
        (None, None) => Ok(case.output.clone().into_bytes()),
    }
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let codes: BTreeMap<u8, u32> = DIGITS.iter().copied().zip(0..).collect();
    let text = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::new();
    for group in text.chunks(4) {
        let bits = group.iter().fold(0, |bits, byte| bits << 6 | codes[byte]);
        let bits = bits << (6 * (4 - group.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    out
}

#[test]
fn answers_what_go_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/golden.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut failed = 0;
    let mut count = 0;
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        count += 1;
        let (ours, go) = (answer(&case), expected(&case));
        if ours != go {
            failed += 1;
            let shown = |answer: &Result<Vec<u8>, String>| match answer {
                Ok(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
                Err(error) => format!("error: {error}"),
            };
            println!(
                "{}\n  ours {}\n  Go   {}",
                case.template,
                shown(&ours),
                shown(&go)
            );
        }
    }
    println!("golden.jsonl: {} of {count} as Go", count - failed);
    assert_eq!(failed, 0);
}
