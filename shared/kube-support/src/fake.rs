//! An API server in memory, for tests: objects by their path, with resource versions, conflicts,
//! and what server-side apply does to webhooks. It can be told to fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "in a test, a request that is not what it should be is to fail it"
)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::watch;

/// Waits for a value; the test's clock is paused, so this takes no time.
pub async fn eventually(receiver: &mut watch::Receiver<bool>, value: bool) {
    tokio::time::timeout(
        Duration::from_secs(600),
        receiver.wait_for(|it| *it == value),
    )
    .await
    .expect("must come in time")
    .unwrap();
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Value>,
    version: u64,
    failures: Vec<(String, u16)>,
    requests: Vec<String>,
}

/// The server; its clones are the same server.
#[derive(Clone, Debug, Default)]
pub struct Fake(Arc<Mutex<State>>);

impl Fake {
    /// A client of it.
    pub fn client(&self) -> Client {
        let fake = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let fake = fake.clone();
            async move { Ok::<_, Infallible>(fake.answer(request).await) }
        });
        Client::new(service, "default")
    }

    /// An object by its plural and name.
    pub fn get(&self, path: &str) -> Option<Value> {
        self.0.lock().unwrap().objects.get(path).cloned()
    }

    /// Puts an object there, or another in its place.
    pub fn put(&self, path: &str, object: Value) {
        self.0.lock().unwrap().store(path, object);
    }

    /// Removes an object.
    pub fn remove(&self, path: &str) {
        self.0.lock().unwrap().objects.remove(path);
    }

    /// Requests whose method and path have this in them fail from here on.
    pub fn fail(&self, part: &str, status: u16) {
        let mut state = self.0.lock().unwrap();
        state.failures.push((part.to_owned(), status));
    }

    /// No request fails from here on.
    pub fn heal(&self) {
        self.0.lock().unwrap().failures.clear();
    }

    /// How many requests had this in their method and path.
    pub fn count(&self, part: &str) -> usize {
        let state = self.0.lock().unwrap();
        state.requests.iter().filter(|it| it.contains(part)).count()
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await.unwrap();
        let body: Option<Value> = serde_json::from_slice(&body).ok();
        let line = format!("{} {}", parts.method, parts.uri);
        let (status, answer) = self.0.lock().unwrap().handle(
            &parts.method,
            parts.uri.path(),
            parts.uri.query().unwrap_or_default(),
            &line,
            body,
        );
        Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(Body::from(answer.to_string().into_bytes()))
            .unwrap()
    }
}

fn failure(status: u16) -> (u16, Value) {
    let answer = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "as told",
        "reason": "AsTold", "code": status,
    });
    (status, answer)
}

/// The plural and, where there is one, the name: `secrets/x` of `/api/v1/namespaces/a/secrets/x`.
fn key(path: &str) -> String {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    let rest = match parts.first() {
        Some(&"api") => &parts[2..],
        _ => parts.get(3..).unwrap_or_default(),
    };
    let rest = if rest.first() == Some(&"namespaces") {
        &rest[2..]
    } else {
        rest
    };
    rest.join("/")
}

impl State {
    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(path.to_owned(), object.clone());
        object
    }

    fn handle(
        &mut self,
        method: &Method,
        path: &str,
        query: &str,
        line: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        self.requests.push(line.to_owned());
        if let Some((_, status)) = self.failures.iter().find(|(part, _)| line.contains(part)) {
            return failure(*status);
        }
        let path = if path == "/version" {
            "version".to_owned()
        } else {
            key(path)
        };
        if query.contains("watch=") {
            return (200, json!(null));
        }
        match (method.as_str(), body) {
            ("GET", _) => match self.objects.get(&path) {
                Some(object) => (200, object.clone()),
                None => failure(404),
            },
            ("POST", Some(object)) => {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let path = format!("{path}/{name}");
                if self.objects.contains_key(&path) {
                    return failure(409);
                }
                (201, self.store(&path, object))
            }
            ("PUT", Some(object)) => {
                let Some(held) = self.objects.get(&path) else {
                    return failure(404);
                };
                if held["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] {
                    return failure(409);
                }
                (200, self.store(&path, object))
            }
            ("PATCH", Some(applied)) => {
                assert!(query.contains("fieldManager="), "{query}");
                let Some(mut held) = self.objects.get(&path).cloned() else {
                    return failure(404);
                };
                for webhook in applied["webhooks"].as_array().unwrap() {
                    let held = held["webhooks"].as_array_mut().unwrap();
                    let known = held.iter_mut().find(|it| it["name"] == webhook["name"]);
                    let Some(known) = known else {
                        return failure(422);
                    };
                    known["clientConfig"]["caBundle"] = webhook["clientConfig"]["caBundle"].clone();
                }
                (200, self.store(&path, held))
            }
            _ => failure(405),
        }
    }
}
