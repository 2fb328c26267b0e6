use operator_api::{PushDataToMatch, PushStoreRef, RegexpRewrite, TransformRewrite};

use super::*;
use crate::names::Name;

fn mk_source() -> Data {
    let pairs = [("db_user", "jane"), ("db_pw", "p1"), ("note", "x")];
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()));
    Data::from(pairs)
}

fn mk_data(secret_key: &str, path: &str, property: &str) -> PushData {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    PushData {
        r#match: PushDataMatch {
            secret_key: some(secret_key),
            remote_ref: PushRemoteRef {
                remote_key: path.to_owned(),
                property: some(property),
            },
        },
        ..PushData::default()
    }
}

fn mk_many(store: &str, expression: &str) -> PushDataTo {
    PushDataTo {
        store_ref: Some(PushStoreRef {
            name: Some(store.to_owned()),
            ..PushStoreRef::default()
        }),
        r#match: Some(PushDataToMatch {
            regexp: Some(expression.to_owned()),
        }),
        ..PushDataTo::default()
    }
}

fn planned(spec: &PushSecretSpec) -> Result<Vec<Entry>, Fault> {
    let id = StoreId(Name::new("ns", "vault"));
    let place = Place {
        id: &id,
        labels: &BTreeMap::new(),
    };
    entries(spec, &place, &mk_source())
}

/// Which key goes where.
fn arrows(spec: &PushSecretSpec) -> Vec<String> {
    let entries = planned(spec).unwrap_or_else(|fault| panic!("{}", fault.event()));
    let arrows = entries
        .iter()
        .map(|entry| format!("{} > {}", secret_key(&entry.data), written_key(&entry.data)));
    arrows.collect()
}

fn object_keys(entry: &Entry, source: &Data) -> Vec<String> {
    match entry.payload(source) {
        Ok(Payload::Object(data)) => data.into_keys().collect(),
        _ => panic!("an object must be written"),
    }
}

#[test]
fn data_to_takes_the_matching_keys_that_data_does_not_name() {
    let spec = PushSecretSpec {
        data: vec![mk_data("db_pw", "out/a", "p")],
        data_to: vec![
            PushDataTo {
                rewrite: vec![
                    PushRewrite::Regexp(RegexpRewrite {
                        source: "^db_".to_owned(),
                        target: "db/".to_owned(),
                    }),
                    PushRewrite::Transform(TransformRewrite {
                        template: "{{ .value | upper }}".to_owned(),
                    }),
                ],
                ..mk_many("vault", "^db_")
            },
            mk_many("other", ""),
        ],
        ..PushSecretSpec::default()
    };
    assert_eq!(arrows(&spec), ["db_pw > out/a/p", "db_user > DB/USER"]);
}

#[test]
fn a_bundle_has_the_matching_keys_alone() {
    let many = PushDataTo {
        remote_key: Some("out/bundle".to_owned()),
        ..mk_many("vault", "^db_")
    };
    let spec = PushSecretSpec {
        data_to: vec![many],
        ..PushSecretSpec::default()
    };
    let entries = planned(&spec).ok().unwrap();
    assert_eq!(arrows(&spec), [" > out/bundle"]);
    assert_eq!(object_keys(&entries[0], &mk_source()), ["db_pw", "db_user"]);
}

#[test]
fn two_keys_with_one_remote_key_are_refused() {
    let spec = PushSecretSpec {
        data_to: vec![PushDataTo {
            rewrite: vec![PushRewrite::Regexp(RegexpRewrite {
                source: ".*_.*".to_owned(),
                target: "same".to_owned(),
            })],
            ..mk_many("vault", "")
        }],
        ..PushSecretSpec::default()
    };
    let fault = planned(&spec).err().unwrap();
    assert!(
        fault.event().contains("remote key \"same\""),
        "{}",
        fault.event()
    );
}

#[test]
fn data_to_needs_a_store_of_secret_store_refs() {
    let id = StoreId(Name::new("ns", "vault"));
    let place = Place {
        id: &id,
        labels: &BTreeMap::new(),
    };
    let mut spec = PushSecretSpec {
        data_to: vec![mk_many("vault", "")],
        ..PushSecretSpec::default()
    };
    assert!(check_stores(&spec, std::slice::from_ref(&place)).is_ok());
    spec.data_to.push(mk_many("nope", ""));
    let fault = check_stores(&spec, &[place]).err().unwrap();
    assert!(fault.event().contains("dataTo[1]"), "{}", fault.event());
}

#[test]
fn keys_get_their_characters_back_before_they_are_chosen() {
    let source = Data::from([("a_U002f_b".to_owned(), b"x".to_vec())]);
    let entry = Entry {
        data: PushData {
            conversion_strategy: PushConversionStrategy::ReverseUnicode,
            ..mk_data("a/b", "out/a", "p")
        },
        keys: None,
    };
    assert!(matches!(entry.payload(&source), Ok(Payload::Value(value)) if value == b"x"));
    let whole = Entry {
        data: PushData {
            conversion_strategy: PushConversionStrategy::ReverseUnicode,
            ..mk_data("", "out/a", "")
        },
        keys: None,
    };
    assert_eq!(object_keys(&whole, &source), ["a/b"]);
    let missing = Entry {
        data: mk_data("nope", "out/a", "p"),
        keys: None,
    };
    let fault = missing.payload(&source).err().unwrap();
    assert_eq!(fault.event(), "secret key nope does not exist");
}

#[test]
fn what_is_not_written_any_more_is_obsolete() {
    let written = |entries: &[&PushData]| {
        let entries = entries
            .iter()
            .map(|data| (written_key(data), (*data).clone()));
        Written::from([("SecretStore/vault".to_owned(), entries.collect())])
    };
    let (user, pw) = (mk_data("u", "out/a", "u"), mk_data("p", "out/a", "p"));
    let before = written(&[&user, &pw]);
    assert_eq!(obsolete(&before, &written(&[&user])), written(&[&pw]));
    assert_eq!(obsolete(&before, &before), Written::new());
    assert_eq!(obsolete(&before, &Written::new()), before);
    assert_eq!(united(&written(&[&user]), written(&[&pw])), before);
}
