//! The stand-in as a client sees it: over HTTP.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use api_server::ApiServer;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

const SECRETS: &str = "/api/v1/namespaces/default/secrets";
const WIDGETS: &str = "/apis/example.org/v1/namespaces/default/widgets";

struct Api {
    server: ApiServer,
    client: Client,
}

impl Api {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = ApiServer::start("127.0.0.1:0".parse().unwrap()).await;
        let client = Client::builder()
            .tls_certs_only([])
            .timeout(Duration::from_secs(20))
            .user_agent("tester/1.0")
            .build();
        Self {
            server: server.unwrap(),
            client: client.unwrap(),
        }
    }

    async fn send(&self, method: Method, path: &str, content_type: &str, body: &Value) -> Response {
        let request = self.client.request(method, self.server.url() + path);
        let request = request.header("Content-Type", content_type).json(body);
        request.send().await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let content_type = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let response = self.send(method, path, content_type, body).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn must(&self, method: Method, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!(status < 300, "{status} {answer}");
        answer
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.client.get(self.server.url() + path).send().await;
        let response = response.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn define_widgets(&self) {
        let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let version = |name: &str, is_stored: bool| {
            json!({
                "name": name,
                "served": true,
                "storage": is_stored,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {
                        "size": {"type": "integer", "default": 3},
                        "color": {"type": "string", "enum": ["red", "blue"]},
                    }},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                }}},
            })
        };
        let definition = json!({
            "metadata": {"name": "widgets.example.org"},
            "spec": {
                "group": "example.org",
                "scope": "Namespaced",
                "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
                "versions": [version("v1", true), version("v1beta1", false)],
            },
        });
        let defined = self.must(Method::POST, definitions, &definition).await;
        let conditions = defined["status"]["conditions"].as_array().unwrap();
        assert!(conditions.iter().any(|it| it["type"] == "Established"));
    }

    async fn secret(&self, name: &str, owners: &Value) -> Value {
        let metadata = json!({"name": name, "ownerReferences": owners});
        let secret = json!({"metadata": metadata, "stringData": {"a": "one"}});
        self.must(Method::POST, SECRETS, &secret).await
    }
}

#[tokio::test]
async fn versions_of_a_kind_share_one_object_with_its_defaults() {
    let api = Api::start().await;
    api.define_widgets().await;
    let beta = WIDGETS.replace("v1", "v1beta1");
    let widget = json!({"metadata": {"name": "w"}, "spec": {"other": true}});
    let created = api.must(Method::POST, &beta, &widget).await;
    assert_eq!(created["apiVersion"], "example.org/v1beta1");
    let (_, stored) = api.get(&format!("{WIDGETS}/w")).await;
    assert_eq!(stored["apiVersion"], "example.org/v1");
    assert_eq!(stored["spec"], json!({"size": 3}));
    assert_eq!(stored["metadata"]["uid"], created["metadata"]["uid"]);
}

#[tokio::test]
async fn the_generation_grows_with_the_spec_and_not_with_the_status() {
    let api = Api::start().await;
    api.define_widgets().await;
    let path = format!("{WIDGETS}/w");
    let widget = json!({"metadata": {"name": "w"}, "spec": {}});
    api.must(Method::POST, WIDGETS, &widget).await;
    let status = json!({"spec": {"size": 9}, "status": {"ready": true}});
    let patched = api
        .must(Method::PATCH, &format!("{path}/status"), &status)
        .await;
    assert_eq!(patched["spec"]["size"], 3);
    assert_eq!(patched["metadata"]["generation"], 1);
    let spec = json!({"spec": {"size": 9}, "status": {"ready": false}});
    let patched = api.must(Method::PATCH, &path, &spec).await;
    assert_eq!(patched["status"], json!({"ready": true}));
    assert_eq!(patched["metadata"]["generation"], 2);
}

#[tokio::test]
async fn refusals_are_status_objects() {
    let api = Api::start().await;
    api.define_widgets().await;
    let created = api.secret("s", &json!([])).await;
    let path = format!("{SECRETS}/s");
    let (status, answer) = api.get(&format!("{SECRETS}/other")).await;
    assert_eq!((status, &answer["reason"]), (404, &json!("NotFound")));
    assert_eq!(answer["message"], "secrets \"other\" not found");
    let (status, answer) = api
        .ask(Method::POST, SECRETS, &created_again(&created))
        .await;
    assert_eq!((status, &answer["reason"]), (409, &json!("AlreadyExists")));
    api.must(Method::PATCH, &path, &json!({"data": {"a": "dHdv"}}))
        .await;
    let (status, answer) = api.ask(Method::PUT, &path, &created).await;
    assert_eq!((status, &answer["reason"]), (409, &json!("Conflict")));
    let widget = json!({"metadata": {"name": "w"}, "spec": {"color": "green"}});
    let (status, answer) = api.ask(Method::POST, WIDGETS, &widget).await;
    assert_eq!((status, &answer["reason"]), (422, &json!("Invalid")));
    let nowhere = SECRETS.replace("default", "nowhere");
    let (status, _) = api
        .ask(Method::POST, &nowhere, &created_again(&created))
        .await;
    assert_eq!(status, 404);
}

fn created_again(created: &Value) -> Value {
    json!({"metadata": {"name": created["metadata"]["name"]}})
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_none() {
    let api = Api::start().await;
    let created = api.secret("s", &json!([])).await;
    let path = format!("{SECRETS}/s");
    let replaced = api.must(Method::PUT, &path, &created).await;
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    assert_eq!(version(&replaced), version(&created));
    let fields = &created["metadata"]["managedFields"][0];
    assert_eq!(fields["manager"], "tester");
    let data = json!({".": {}, "f:a": {}});
    assert_eq!(fields["fieldsV1"]["f:data"], data);
    let empty = json!({"metadata": {"name": "empty"}});
    let empty = api.must(Method::POST, SECRETS, &empty).await;
    assert_eq!(empty.get("data"), None);
}

#[tokio::test]
async fn a_finalizer_holds_an_object_until_it_is_taken_off() {
    let api = Api::start().await;
    api.secret("s", &json!([])).await;
    let path = format!("{SECRETS}/s");
    let held = json!({"metadata": {"finalizers": ["example.org/hold"]}});
    api.must(Method::PATCH, &path, &held).await;
    let marked = api.must(Method::DELETE, &path, &json!({})).await;
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(api.get(&path).await.0, 200);
    let released = json!({"metadata": {"finalizers": null}});
    api.must(Method::PATCH, &path, &released).await;
    assert_eq!(api.get(&path).await.0, 404);
}

#[tokio::test]
async fn an_owner_takes_along_what_it_owns() {
    let api = Api::start().await;
    let owner = api.secret("owner", &json!([])).await;
    let reference = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
        "controller": true,
    });
    api.secret("owned", &json!([reference])).await;
    api.must(Method::DELETE, &format!("{SECRETS}/owner"), &json!({}))
        .await;
    assert_eq!(api.get(&format!("{SECRETS}/owned")).await.0, 404);
}

#[tokio::test]
async fn a_namespace_goes_with_everything_in_it() {
    let api = Api::start().await;
    let namespaces = "/api/v1/namespaces";
    api.must(
        Method::POST,
        namespaces,
        &json!({"metadata": {"name": "team"}}),
    )
    .await;
    let secrets = SECRETS.replace("default", "team");
    api.must(Method::POST, &secrets, &json!({"metadata": {"name": "s"}}))
        .await;
    api.must(Method::DELETE, &format!("{namespaces}/team"), &json!({}))
        .await;
    assert_eq!(api.get(&format!("{namespaces}/team")).await.0, 404);
    assert_eq!(api.get(&format!("{secrets}/s")).await.0, 404);
}

#[tokio::test]
async fn a_watch_continues_where_a_list_ended() {
    let api = Api::start().await;
    api.secret("before", &json!([])).await;
    let (_, list) = api.get(SECRETS).await;
    let version = list["metadata"]["resourceVersion"].as_str().unwrap();
    let url = format!(
        "{}{SECRETS}?watch=1&resourceVersion={version}",
        api.server.url()
    );
    let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    let mut watch = api
        .client
        .get(url)
        .header("Accept", accept)
        .send()
        .await
        .unwrap();
    api.secret("after", &json!([])).await;
    api.must(Method::DELETE, &format!("{SECRETS}/after"), &json!({}))
        .await;
    let mut text = Vec::new();
    while text.split(|byte| *byte == b'\n').count() < 3 {
        text.extend_from_slice(&watch.chunk().await.unwrap().unwrap());
    }
    let events: Vec<Value> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let seen: Vec<_> = events
        .iter()
        .map(|event| (&event["type"], &event["object"]["metadata"]["name"]))
        .collect();
    let after = json!("after");
    assert_eq!(
        seen,
        [(&json!("ADDED"), &after), (&json!("DELETED"), &after)]
    );
    assert_eq!(events[0]["object"]["kind"], "PartialObjectMetadata");
    assert!(events[0]["object"].get("data").is_none());
}

#[tokio::test]
async fn what_is_applied_and_then_left_out_goes() {
    let api = Api::start().await;
    let path = format!("{SECRETS}/s?fieldManager=kubectl");
    let apply = |data: Value| json!({"apiVersion": "v1", "kind": "Secret", "data": data});
    let kind = "application/apply-patch+yaml";
    let first = apply(json!({"a": "MQ==", "b": "MQ=="}));
    assert_eq!(
        api.send(Method::PATCH, &path, kind, &first).await.status(),
        201
    );
    let second = apply(json!({"a": "Mg=="}));
    let applied = api.send(Method::PATCH, &path, kind, &second).await;
    let applied: Value = applied.json().await.unwrap();
    assert_eq!(applied["data"], json!({"a": "Mg=="}));
}

#[tokio::test]
async fn clients_find_the_kinds_of_a_definition() {
    let api = Api::start().await;
    api.define_widgets().await;
    let (_, groups) = api.get("/apis").await;
    let groups = groups["groups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["name"] == "example.org");
    assert_eq!(group.unwrap()["preferredVersion"]["version"], "v1");
    let (_, resources) = api.get("/apis/example.org/v1beta1").await;
    let names = resources["resources"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|it| &it["name"]).collect();
    assert_eq!(names, ["widgets", "widgets/status"]);
    assert_eq!(api.get("/apis/example.org/v2").await.0, 404);
}

#[tokio::test]
async fn a_service_account_gets_a_token() {
    let api = Api::start().await;
    let path = "/api/v1/namespaces/default/serviceaccounts/default/token";
    let request = json!({"spec": {"audiences": ["vault"], "expirationSeconds": 600}});
    let answer = api.must(Method::POST, path, &request).await;
    let token = answer["status"]["token"].as_str().unwrap();
    assert_eq!(token.split('.').count(), 3);
    let other = path.replace("/default/token", "/other/token");
    assert_eq!(api.ask(Method::POST, &other, &request).await.0, 404);
}
