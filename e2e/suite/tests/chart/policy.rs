//! The admission policy that confines the injector's ServiceAccount. What it denies is seen in the cluster.

use serde_json::{Value, json};

use crate::helm::{manifests, objects, of_kind, parse, read};

const ENABLED: &str = "--set=injector.admissionPolicy.enabled=true";
const POLICY: &str = "ValidatingAdmissionPolicy";
const BINDING: &str = "ValidatingAdmissionPolicyBinding";

fn is_installed(options: &[&str]) -> bool {
    let rendered = objects(options);
    let both = [POLICY, BINDING].map(|kind| of_kind(&rendered, kind).is_some());
    assert_eq!(both[0], both[1], "{options:?}");
    both[0]
}

#[test]
#[ignore = "needs Helm: make test"]
fn the_policy_is_there_if_it_is_asked_for_and_confines_something() {
    let since = "--kube-version=1.30.0";
    assert!(!is_installed(&[since]));
    assert!(is_installed(&[since, ENABLED]));
    assert!(!is_installed(&["--kube-version=1.29.9", ENABLED]));
    let known = "--api-versions=admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy";
    assert!(is_installed(&["--kube-version=1.29.9", known, ENABLED]));
    for without in [
        "--set=injector.certs.secretName=mine",
        "--set=injector.certs.certManager.enabled=true",
        "--set=injector.enabled=false",
    ] {
        assert!(!is_installed(&[since, ENABLED, without]), "{without}");
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn the_policy_is_about_the_account_that_the_pods_run_as() {
    for naming in [
        "--set=global.namespace=",
        "--set=global.namespace=secrets,injector.fullnameOverride=mine",
    ] {
        let rendered = objects(&[ENABLED, naming]);
        let account = &of_kind(&rendered, "ServiceAccount").unwrap()["metadata"];
        let deployment = of_kind(&rendered, "Deployment").unwrap();
        let policy = of_kind(&rendered, POLICY).unwrap();
        let pod = &deployment["spec"]["template"]["spec"];
        assert_eq!(pod["serviceAccountName"], account["name"]);
        let expected = format!(
            "request.userInfo.username == 'system:serviceaccount:{}:{}'",
            account["namespace"].as_str().unwrap(),
            account["name"].as_str().unwrap()
        );
        assert_eq!(
            policy["spec"]["matchConditions"][0]["expression"],
            *expected
        );
        let binding = &of_kind(&rendered, BINDING).unwrap()["spec"];
        assert_eq!(binding["policyName"], policy["metadata"]["name"]);
    }
}

#[test]
fn a_policy_that_cannot_be_evaluated_denies() {
    let installed = parse(&read(&manifests().join("install.yaml")));
    let policy = &of_kind(&installed, POLICY).unwrap()["spec"];
    assert_eq!(policy["failurePolicy"], "Fail");
    let binding = &of_kind(&installed, BINDING).unwrap()["spec"];
    assert_eq!(binding["validationActions"], json!(["Deny"]));
    assert_eq!(binding.get("matchResources"), None::<&Value>);
}
