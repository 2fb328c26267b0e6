use serde_json::{Value, json};

use super::*;

fn mk_review(kind: Kind, operation: &str, object: &Value) -> Value {
    json!({
        "apiVersion": VERSION,
        "kind": REVIEW,
        "request": {
            "uid": "u-1",
            "kind": {"group": "external-secrets.io", "version": "v1", "kind": kind.name()},
            "name": "one",
            "namespace": "team",
            "operation": operation,
            "object": object,
        },
    })
}

fn response(kind: Kind, operation: &str, object: &Value) -> Value {
    let body = mk_review(kind, operation, object).to_string();
    let reviewed = review(kind, body.as_bytes()).unwrap();
    let answer: Value = serde_json::from_slice(&reviewed.body).unwrap();
    assert_eq!(answer["apiVersion"], VERSION);
    assert_eq!(answer["kind"], REVIEW);
    assert_eq!(answer["response"]["uid"], "u-1");
    answer["response"].clone()
}

fn mk_store(namespace: &str) -> Value {
    let token = json!({"name": "token", "key": "token", "namespace": namespace});
    let vault = json!({"server": "http://vault", "auth": {"tokenSecretRef": token}});
    json!({"metadata": {"name": "one"}, "spec": {"provider": {"vault": vault}}})
}

#[test]
fn what_makes_no_sense_is_refused_with_upstreams_text_and_code() {
    let object =
        json!({"spec": {"target": {"creationPolicy": "None", "deletionPolicy": "Delete"}}});
    for operation in ["CREATE", "UPDATE"] {
        let response = response(Kind::ExternalSecret, operation, &object);
        let message = "deletionPolicy=Delete must not be used when the controller doesn't own the \
                       secret. Please set creationPolicy=Owner\neither data or dataFrom should be \
                       specified";
        let status = json!({"code": 403, "reason": "Forbidden", "message": message});
        assert_eq!(response["allowed"], false);
        assert_eq!(response["status"], status);
    }
}

#[test]
fn an_object_without_a_spec_is_one_with_an_empty_spec() {
    let response = response(Kind::ExternalSecret, "CREATE", &json!({"metadata": {}}));
    let message = &response["status"]["message"];
    assert_eq!(message, "either data or dataFrom should be specified");
}

#[test]
fn deletion_is_always_allowed() {
    for kind in Kind::ALL {
        let response = response(kind, "DELETE", &Value::Null);
        assert_eq!(response, json!({"uid": "u-1", "allowed": true}));
    }
}

#[test]
fn an_object_that_is_going_may_lose_its_finalizer_whatever_it_says() {
    let object = json!({"metadata": {"deletionTimestamp": "2026-11-30T00:00:00Z"}, "spec": {}});
    let response = response(Kind::ExternalSecret, "UPDATE", &object);
    assert_eq!(response["allowed"], true);
}

#[test]
fn a_store_of_a_namespace_reads_that_namespace_alone() {
    let allowed = |kind, namespace| {
        let response = response(kind, "CREATE", &mk_store(namespace));
        response["allowed"].as_bool().unwrap()
    };
    assert!(allowed(Kind::SecretStore, "team"));
    assert!(!allowed(Kind::SecretStore, "elsewhere"));
    assert!(allowed(Kind::ClusterSecretStore, "elsewhere"));
}

#[test]
fn an_object_that_cannot_be_read_is_a_bad_request_that_names_the_problem() {
    let object = json!({"spec": {"data": 5}});
    let response = response(Kind::ExternalSecret, "CREATE", &object);
    assert_eq!(response["allowed"], false);
    assert_eq!(response["status"]["code"], 400);
    let message = response["status"]["message"].as_str().unwrap();
    let start = "the ExternalSecret cannot be read: invalid type";
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn a_duration_that_cannot_be_read_has_upstreams_text_and_code() {
    let object = json!({"spec": {"refreshInterval": "ten minutes"}});
    let response = response(Kind::ExternalSecret, "CREATE", &object);
    let message = "time: invalid duration \"ten minutes\"";
    assert_eq!(response["status"], json!({"code": 400, "message": message}));
}

#[test]
fn what_is_not_a_review_for_the_path_gets_no_review() {
    let fine = mk_review(Kind::SecretStore, "CREATE", &mk_store(""));
    let mut old = fine.clone();
    old["apiVersion"] = "admission.k8s.io/v1beta1".into();
    let mut empty = fine.clone();
    empty["request"] = Value::Null;
    for (body, expected) in [
        (Value::Null, "the body is not an AdmissionReview: "),
        (
            old,
            "the body is not an AdmissionReview of admission.k8s.io/v1",
        ),
        (empty, "the AdmissionReview has no request"),
        (
            fine,
            "the AdmissionReview is about a SecretStore, but this path is for a ExternalSecret",
        ),
    ] {
        let error = review(Kind::ExternalSecret, body.to_string().as_bytes());
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn the_paths_are_those_of_upstreams_registrations() {
    let paths = Kind::ALL.map(|kind| kind.path("v1"));
    assert_eq!(
        paths,
        [
            "/validate-external-secrets-io-v1-secretstore",
            "/validate-external-secrets-io-v1-clustersecretstore",
            "/validate-external-secrets-io-v1-externalsecret",
        ]
    );
}
