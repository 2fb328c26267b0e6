//! What becomes of a Secret, and what is left alone.

use serde_json::{Value, json};

use super::*;

fn mk_object(target: &Value) -> ExternalSecret {
    serde_json::from_value(json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "es", "namespace": "team", "uid": "u-1"},
        "spec": {"target": target},
    }))
    .unwrap()
}

fn mk_secret(metadata: &Value, data: &[(&str, &str)]) -> Secret {
    let mut secret: Secret = serde_json::from_value(json!({ "metadata": metadata })).unwrap();
    secret.metadata.name = Some("es".to_owned());
    secret.metadata.namespace = Some("team".to_owned());
    secret.type_ = Some("Opaque".to_owned());
    let data = data.iter().map(|(key, value)| {
        let value = ByteString(value.as_bytes().to_vec());
        ((*key).to_owned(), value)
    });
    secret.data = Some(data.collect());
    secret
}

fn mk_data(entries: &[(&str, &str)]) -> Data {
    let entries = entries.iter();
    entries
        .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
        .collect()
}

fn run(
    object: &ExternalSecret,
    data: &[(&str, &str)],
    existing: Option<&Secret>,
) -> Result<Mutated, Failed> {
    let policy = object.spec.target.creation_policy;
    let desired = Desired {
        keep_existing: matches!(
            policy,
            CreationPolicy::Merge | CreationPolicy::CreateOrMerge
        ),
        ..Desired::default()
    };
    mutate(object, &desired, &mk_data(data), existing)
}

fn secret(mutated: Result<Mutated, Failed>) -> Secret {
    let mutated = mutated.map_err(|failed| failed.fault.event().to_owned());
    mutated.unwrap().secret
}

fn keys(secret: &Secret) -> Vec<&str> {
    secret
        .data
        .iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect()
}

#[test]
fn a_secret_that_is_as_it_was_written_is_not_changed() {
    for policy in ["Owner", "Orphan", "CreateOrMerge"] {
        let object = mk_object(&json!({"creationPolicy": policy}));
        let written = secret(run(&object, &[("a", "1")], None));
        let again = secret(run(&object, &[("a", "1")], Some(&written)));
        assert_eq!(written, again, "{policy}");
    }
}

#[test]
fn an_owner_replaces_the_data_and_keeps_labels_of_others() {
    let object = mk_object(&json!({}));
    let existing = mk_secret(&json!({"labels": {"theirs": "x"}}), &[("b", "2")]);
    let secret = secret(run(&object, &[("a", "1")], Some(&existing)));
    assert_eq!(keys(&secret), ["a"]);
    assert_eq!(secret.labels()["theirs"], "x");
    assert_eq!(secret.labels()[MANAGED], "true");
    assert_eq!(secret.owner_references()[0].uid, "u-1");
    assert_eq!(
        secret.annotations()[DATA_HASH],
        data_hash(&mk_data(&[("a", "1")]))
    );
}

#[test]
fn merging_keeps_keys_of_others_and_drops_own_ones_that_left_the_spec() {
    let object = mk_object(&json!({"creationPolicy": "Merge"}));
    let manager = field_manager("es");
    let existing = mk_secret(
        &json!({"managedFields": [
            {"manager": manager, "operation": "Update", "fieldsV1": {"f:data": {"f:old": {}}}},
        ]}),
        &[("old", "1"), ("theirs", "2")],
    );
    let secret = secret(run(&object, &[("new", "3")], Some(&existing)));
    assert_eq!(keys(&secret), ["new", "theirs"]);
    assert!(secret.owner_references().is_empty());
}

#[test]
fn what_somebody_else_controls_is_not_taken() {
    let owned = |kind: &str| {
        mk_secret(
            &json!({"ownerReferences": [{
                "apiVersion": "external-secrets.io/v1", "kind": kind, "name": "other",
                "uid": "u-2", "controller": true,
            }]}),
            &[],
        )
    };
    for (policy, kind, words) in [
        (
            "Owner",
            "ExternalSecret",
            "target is owned by another ExternalSecret",
        ),
        (
            "Merge",
            "ExternalSecret",
            "target is owned by another ExternalSecret",
        ),
        (
            "Owner",
            "Thing",
            "failed to take ownership of target secret",
        ),
    ] {
        let object = mk_object(&json!({"creationPolicy": policy}));
        let failed = run(&object, &[("a", "1")], Some(&owned(kind)))
            .err()
            .unwrap();
        assert_eq!(failed.words, words, "{policy} {kind}");
    }
    let object = mk_object(&json!({"creationPolicy": "Merge"}));
    assert!(run(&object, &[("a", "1")], Some(&owned("Thing"))).is_ok());
}

#[test]
fn an_orphan_gives_up_what_it_owned_before() {
    let written = secret(run(&mk_object(&json!({})), &[("a", "1")], None));
    let object = mk_object(&json!({"creationPolicy": "Orphan"}));
    let orphan = secret(run(&object, &[("a", "1")], Some(&written)));
    assert!(orphan.owner_references().is_empty());
    assert!(!orphan.labels().contains_key(CREATED_BY));
}

#[test]
fn an_immutable_secret_keeps_its_data_and_says_so_where_it_should_not_be_immutable() {
    let object = mk_object(&json!({"immutable": true}));
    let written = secret(run(&object, &[("a", "1")], None));
    assert_eq!(written.immutable, Some(true));
    let kept = run(&object, &[("a", "2")], Some(&written)).ok().unwrap();
    assert!(kept.refused.is_none());
    assert_eq!(kept.secret, written);
    let object = mk_object(&json!({}));
    let refused = run(&object, &[("a", "2")], Some(&written)).ok().unwrap();
    assert_eq!(refused.secret.data, written.data);
    let words = refused.refused.unwrap().words;
    assert_eq!(words, "could not update secret, target is immutable");
}
