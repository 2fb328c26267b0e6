//! The data that all templates here are about, the same as in `main.go`.

use text_template::{List, Map, Record, RecordType, Type, UintKind, Value};

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

pub(crate) fn data() -> Value {
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
