//! Which token the agent logs in with, and what a cloud's auth method gets.

use contract::names;
use serde_json::{Value, json};

use super::*;

const STANDARD: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const IRSA: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const POD_IDENTITY: &str = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";

fn mk_volume(name: &str, audience: Option<&str>, path: &str) -> Value {
    let mut token = json!({"path": path});
    if let Some(audience) = audience {
        token["audience"] = json!(audience);
    }
    json!({"name": name, "projected": {"sources": [{"serviceAccountToken": token}]}})
}

/// A pod with these volumes, mounted in this order.
fn mk_mounting(annotations: &[(&str, &str)], volumes: &[(&str, Value)]) -> Value {
    let mut pod = mk_pod(annotations);
    let mounts = volumes
        .iter()
        .map(|(path, volume)| json!({"name": volume["name"], "mountPath": path, "readOnly": true}));
    pod["spec"]["containers"][0]["volumeMounts"] = mounts.collect();
    pod["spec"]["volumes"] = volumes.iter().map(|(_, volume)| volume.clone()).collect();
    pod
}

fn token_path(pod: &Value) -> String {
    let config = config(&agent(
        &planned(pod, &mk_settings()),
        names::SIDECAR_CONTAINER,
    ));
    let path = &config["auto_auth"]["method"]["config"]["token_path"];
    path.as_str().unwrap().to_owned()
}

#[test]
fn the_pods_own_token_is_used_whatever_is_mounted_in_front_of_it() {
    let own = (STANDARD, mk_volume("kube-api-access", None, "token"));
    let data = json!({"name": "data", "emptyDir": {}});
    for (path, other) in [
        (IRSA, mk_volume("aws", Some("sts.amazonaws.com"), "token")),
        (
            POD_IDENTITY,
            mk_volume(
                "eks",
                Some("pods.eks.amazonaws.com"),
                "eks-pod-identity-token",
            ),
        ),
        ("/opt/app/serviceaccount/data", data),
    ] {
        let volumes = [(path, other), own.clone()];
        let native = mk_mounting(&[], &volumes);
        assert_eq!(token_path(&native), format!("{STANDARD}/token"));
        let outcome = decided(&native, &mk_settings());
        assert_eq!(outcome.warnings, [], "{path}");
        let compatible = mk_mounting(&[COMPATIBLE], &volumes);
        assert_eq!(token_path(&compatible), format!("{path}/token"));
        let warnings = decided(&compatible, &mk_settings()).warnings;
        assert!(
            warnings[0].text().contains("not with the pod's token"),
            "{warnings:?}"
        );
    }
}

#[test]
fn without_the_pods_token_a_projection_for_the_api_server_is_used_and_never_a_clouds() {
    let cloud = (IRSA, mk_volume("aws", Some("sts.amazonaws.com"), "token"));
    let mine = ("/tokens", mk_volume("mine", None, "jwt"));
    assert_eq!(
        token_path(&mk_mounting(&[], &[cloud.clone(), mine])),
        "/tokens/jwt"
    );
    let mut unmounted = mk_mounting(&[], std::slice::from_ref(&cloud));
    let volumes = unmounted["spec"]["volumes"].as_array_mut().unwrap();
    volumes.push(mk_volume("mine", None, "jwt"));
    assert_eq!(
        token_path(&unmounted),
        "/var/run/secrets/vault.hashicorp.com/serviceaccount/jwt"
    );
    let azure = mk_volume("azure", Some("api://AzureADTokenExchange"), "token");
    for only in [cloud, ("/var/run/secrets/azure/serviceaccount", azure)] {
        let outcome = decided(&mk_mounting(&[], &[only]), &mk_settings());
        let Decision::Deny(denial) = outcome.decision else {
            panic!("not denied");
        };
        assert!(
            denial
                .to_string()
                .ends_with("failed to find service account volume mount")
        );
    }
}

#[test]
fn a_template_with_a_clouds_token_gets_the_one_that_kubernetes_adds() {
    let cloud = (IRSA, mk_volume("aws", Some("sts.amazonaws.com"), "token"));
    let raw = RawValue::from_string(mk_mounting(&[], &[cloud]).to_string()).unwrap();
    let request = Request {
        namespace: "apps",
        object: Some(Object::Raw(&raw)),
        origin: Origin::Template { kind: "Deployment" },
    };
    let Decision::Inject(plan) = decide(request, &mk_settings()).decision else {
        panic!("not injected");
    };
    let config = config(&agent(&plan, names::SIDECAR_CONTAINER));
    let path = &config["auto_auth"]["method"]["config"]["token_path"];
    assert_eq!(*path, json!(format!("{STANDARD}/token")));
}

/// The mounts and the copied variables of the sidecar.
fn given(pod: &Value) -> (Vec<Value>, Vec<Value>) {
    let agent = agent(&planned(pod, &mk_settings()), names::SIDECAR_CONTAINER);
    let clouds = ["AWS_", "AZURE_", "GOOGLE_", "GCE_"];
    let variables = agent["env"].as_array().unwrap().iter().filter(|variable| {
        let name = variable["name"].as_str().unwrap();
        clouds.iter().any(|cloud| name.starts_with(cloud))
    });
    let mounts = agent["volumeMounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|mount| {
            ["aws", "eks", "azure", "gcp"]
                .iter()
                .any(|name| mount["name"] == *name)
        });
    (mounts.cloned().collect(), variables.cloned().collect())
}

#[test]
fn an_aws_login_gets_each_of_its_mounts_once_and_needs_no_token_of_kubernetes() {
    let annotations = [
        ("auth-type", "aws"),
        ("auth-config-type", "iam"),
        COMPATIBLE,
    ];
    let volumes = [(IRSA, mk_volume("aws", Some("sts.amazonaws.com"), "token"))];
    let (mounts, _) = given(&mk_mounting(&annotations[..2], &volumes));
    assert_eq!(
        mounts,
        [json!({"name": "aws", "mountPath": IRSA, "readOnly": true})]
    );
    let compatible = mk_mounting(&annotations, &volumes);
    assert_eq!(given(&compatible).0.len(), 2, "as upstream");
    let warnings = decided(&compatible, &mk_settings()).warnings;
    assert!(
        warnings
            .iter()
            .any(|it| it.text().contains("mount aws twice at")),
        "{warnings:?}"
    );
}

#[test]
fn an_eks_pod_identity_reaches_the_agent() {
    let audience = Some("pods.eks.amazonaws.com");
    let volume = mk_volume("eks", audience, "eks-pod-identity-token");
    let mut pod = mk_mounting(
        &[("auth-type", "aws"), ("auth-config-type", "iam")],
        &[(POD_IDENTITY, volume)],
    );
    let uri =
        json!({"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1"});
    let file = json!({
        "name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "value": format!("{POD_IDENTITY}/eks-pod-identity-token"),
    });
    let region = json!({
        "name": "AWS_REGION",
        "valueFrom": {"configMapKeyRef": {"name": "aws", "key": "region"}},
    });
    let key = json!({"name": "AWS_SECRET_ACCESS_KEY", "value": "of-another-service"});
    pod["spec"]["containers"][0]["env"] = json!([uri, file, region, key]);
    let (mounts, variables) = given(&pod);
    assert_eq!(mounts.len(), 1);
    assert_eq!(variables, [region, uri, file]);
}

#[test]
fn an_azure_workload_identity_reaches_the_agent() {
    let path = "/var/run/secrets/azure/tokens";
    let volume = mk_volume(
        "azure",
        Some("api://AzureADTokenExchange"),
        "azure-identity-token",
    );
    let own = (STANDARD, mk_volume("kube-api-access", None, "token"));
    let mut pod = mk_mounting(
        &[("auth-type", "azure"), ("auth-config-resource", "vault")],
        &[(path, volume), own],
    );
    let variables = json!([
        {"name": "AZURE_CLIENT_ID", "value": "client"},
        {"name": "AZURE_TENANT_ID", "value": "tenant"},
        {"name": "AZURE_FEDERATED_TOKEN_FILE", "value": format!("{path}/azure-identity-token")},
        {"name": "AZURE_AUTHORITY_HOST", "value": "https://login.microsoftonline.com/"},
    ]);
    pod["spec"]["containers"][0]["env"] = variables.clone();
    let (mounts, given) = given(&pod);
    assert_eq!(
        mounts,
        [json!({"name": "azure", "mountPath": path, "readOnly": true})]
    );
    assert_eq!(json!(given), variables);
}

#[test]
fn the_credentials_file_of_google_is_mounted_as_the_application_has_it() {
    let own = (STANDARD, mk_volume("kube-api-access", None, "token"));
    let secret = json!({"name": "gcp", "secret": {"secretName": "key"}});
    let mut pod = mk_mounting(
        &[("auth-type", "gcp"), ("auth-config-type", "gce")],
        &[own, ("/etc/gcp", secret)],
    );
    let variable = json!({"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": "/etc/gcp/key.json"});
    pod["spec"]["containers"][0]["env"] = json!([variable]);
    pod["spec"]["containers"][0]["volumeMounts"][1]["subPath"] = json!("prod");
    let (mounts, variables) = given(&pod);
    let expected =
        json!({"name": "gcp", "mountPath": "/etc/gcp", "readOnly": true, "subPath": "prod"});
    assert_eq!(mounts, [expected]);
    assert_eq!(variables, [variable]);
}

#[test]
fn a_token_for_another_audience_or_in_a_secret_is_taken_as_a_last_resort_and_told() {
    let secret = json!({"name": "sa", "secret": {"secretName": "app-token"}});
    for (volume, file) in [
        (mk_volume("mine", Some("vault"), "jwt"), "jwt"),
        (secret, "token"),
    ] {
        let path = "/var/run/secrets/vault/serviceaccount";
        let cloud = (IRSA, mk_volume("aws", Some("sts.amazonaws.com"), "token"));
        let pod = mk_mounting(&[], &[cloud, (path, volume)]);
        assert_eq!(token_path(&pod), format!("{path}/{file}"));
        let warnings = decided(&pod, &mk_settings()).warnings;
        let text = warnings[0].text();
        assert!(
            text.starts_with("the pod has no token for the API server"),
            "{text}"
        );
        assert!(
            text.contains(&format!("logs in with {path}/{file}:")),
            "{text}"
        );
        assert_eq!(warnings.len(), 1);
    }
    let google = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p";
    let data = json!({"name": "data", "emptyDir": {}});
    for (path, volume) in [
        (
            "/opt/serviceaccount",
            mk_volume("gcp", Some(google), "token"),
        ),
        (
            IRSA,
            json!({"name": "aws", "secret": {"secretName": "aws"}}),
        ),
        ("/opt/serviceaccount", data),
    ] {
        let outcome = decided(&mk_mounting(&[], &[(path, volume)]), &mk_settings());
        assert!(matches!(outcome.decision, Decision::Deny(_)), "{path}");
    }
}

#[test]
fn of_two_tokens_in_one_volume_the_one_for_the_api_server_is_used() {
    let tokens = json!([
        {"serviceAccountToken": {"path": "vault-token", "audience": "vault"}},
        {"serviceAccountToken": {"path": "token"}},
    ]);
    let volume = json!({"name": "tokens", "projected": {"sources": tokens}});
    let pod = mk_mounting(&[], &[(STANDARD, volume)]);
    assert_eq!(token_path(&pod), format!("{STANDARD}/token"));
}

#[test]
fn a_denial_names_the_token_that_no_container_mounts() {
    let mut pod = mk_mounting(&[], &[]);
    pod["spec"]["volumes"] = json!([mk_volume("mine", Some("vault"), "jwt")]);
    let Decision::Deny(denial) = decided(&pod, &mk_settings()).decision else {
        panic!("not denied");
    };
    let text = denial.text();
    assert!(
        text.contains("failed to find service account volume mount; "),
        "{text}"
    );
    assert!(
        text.contains("a projected token for audience \"vault\" in volume mine"),
        "{text}"
    );
}
