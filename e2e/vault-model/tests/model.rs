//! The machine as a simulation uses it: the same replies for the same requests, and switches.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use vault_model::{
    Config, Fault, LeaseView, Model, Operation, Reply, Request, ServiceAccountToken,
};

const START: Timestamp = Timestamp::constant(1_893_456_000, 0);
const MINUTE: Duration = Duration::from_secs(60);

struct World {
    model: Model,
    now: Timestamp,
}

impl World {
    /// A server with a Kubernetes role, a database role of ten minutes, a PKI role and a secret.
    fn new(seed: u64) -> Self {
        let config = Config {
            seed,
            ..Config::default()
        };
        let mut world = Self {
            model: Model::new(START, config),
            now: START,
        };
        let policy = r#"path "secret/data/app" { capabilities = ["read"] }
            path "database/creds/app" { capabilities = ["read"] }
            path "pki/issue/app" { capabilities = ["update"] }"#;
        world.write("sys/policies/acl/app", json!({ "policy": policy }));
        world.write("sys/auth/kubernetes", json!({ "type": "kubernetes" }));
        world.write(
            "auth/kubernetes/config",
            json!({ "kubernetes_host": "https://k8s" }),
        );
        world.set_role("app");
        world.write("secret/data/app", json!({ "data": { "user": "app" } }));
        world.write("sys/mounts/database", json!({ "type": "database" }));
        let connection = json!({ "plugin_name": "p", "allowed_roles": "*" });
        world.write("database/config/db", connection);
        let role = json!({ "db_name": "db", "default_ttl": "10m", "max_ttl": "1h" });
        world.write("database/roles/app", role);
        world.write("sys/mounts/pki", json!({ "type": "pki" }));
        world.write(
            "pki/root/generate/internal",
            json!({ "common_name": "root" }),
        );
        world.write(
            "pki/roles/app",
            json!({ "allow_any_name": true, "ttl": "1h" }),
        );
        world
    }

    fn set_role(&mut self, account: &str) {
        let role = json!({
            "bound_service_account_names": account,
            "bound_service_account_namespaces": "*",
            "policies": "app",
            "ttl": "30m",
        });
        self.write("auth/kubernetes/role/app", role);
    }

    #[allow(clippy::needless_pass_by_value, reason = "bodies are written in place")]
    fn write(&mut self, path: &str, body: Value) -> Value {
        self.model.write(self.now, path, &body).unwrap()
    }

    fn login(&mut self) -> Reply {
        let jwt = ServiceAccountToken {
            namespace: "production",
            name: "app",
            audiences: &[],
            issued: self.now,
            ttl: MINUTE,
        };
        let body = json!({ "role": "app", "jwt": jwt.unsigned() });
        let request = Request::write("auth/kubernetes/login", &body);
        self.model.handle(self.now, &request)
    }

    fn logged_in(&mut self) -> String {
        let body = self.login().body.unwrap();
        body["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    fn get(&mut self, token: &str, path: &str) -> Reply {
        let request = Request::read(path).with_token(token);
        self.model.handle(self.now, &request)
    }

    fn credentials(&mut self, token: &str) -> LeaseView {
        let body = self.get(token, "database/creds/app").body.unwrap();
        let leases = self.model.leases(self.now);
        let found = leases
            .into_iter()
            .find(|lease| lease.id == body["lease_id"]);
        found.unwrap()
    }
}

#[test]
fn the_same_seed_gives_the_same_replies_and_another_gives_others() {
    let told = |seed| {
        let mut world = World::new(seed);
        let token = world.logged_in();
        let mut replies = vec![world.login()];
        for path in ["secret/data/app", "database/creds/app", "sys/health"] {
            replies.push(world.get(&token, path));
        }
        let wanted = json!({ "common_name": "app.example.com" });
        let issue = Request::write("pki/issue/app", &wanted).with_token(&token);
        replies.push(world.model.handle(world.now, &issue));
        assert!(replies.iter().all(|reply| reply.status == 200));
        format!("{replies:?}")
    };
    assert_eq!(told(7), told(7));
    assert_ne!(told(7), told(8));
}

#[test]
fn leases_and_tokens_end_by_time_alone() {
    let mut world = World::new(1);
    let token = world.logged_in();
    let lease = world.credentials(&token);
    assert!(world.model.is_alive(START, &lease.subject));
    assert_eq!(world.model.count_tokens(START), 2);

    world.now = START + 9 * MINUTE;
    let renewal = json!({ "lease_id": lease.id });
    let renew = Request::write("sys/leases/renew", &renewal).with_token(&token);
    assert_eq!(world.model.handle(world.now, &renew).status, 200);
    assert!(world.model.is_alive(START + 18 * MINUTE, &lease.subject));
    assert!(!world.model.is_alive(START + 19 * MINUTE, &lease.subject));
    assert_eq!(world.model.count_leases(START + 19 * MINUTE), 0);

    world.now = START + 29 * MINUTE;
    let last = world.credentials(&token);
    world.now = START + 30 * MINUTE;
    assert_eq!(world.get(&token, "secret/data/app").status, 403);
    assert!(
        !world.model.is_alive(world.now, &last.subject),
        "a lease ends with its token"
    );
    assert_eq!(world.model.tokens(world.now).len(), 1);
}

#[test]
fn what_a_simulation_switches_shows_in_the_next_reply() {
    let mut world = World::new(1);
    let token = world.logged_in();
    let lease = world.credentials(&token);
    assert_eq!(world.model.revoke_leases("database/creds/"), 1);
    assert!(!world.model.is_alive(START, &lease.subject));

    world.model.set_sealed(true);
    assert_eq!(world.get(&token, "secret/data/app").status, 503);
    world.model.set_sealed(false);
    world.write("secret/data/app", json!({ "data": { "user": "next" } }));
    let reply = world.get(&token, "secret/data/app");
    assert_eq!(reply.body.unwrap()["data"]["data"]["user"], "next");

    world.write("sys/policies/acl/app", json!({ "policy": "" }));
    assert_eq!(world.get(&token, "secret/data/app").status, 403);
    world.set_role("other");
    assert_eq!(world.login().status, 403);

    let accessor = world.model.accessor(&token).unwrap().to_owned();
    assert_eq!(world.model.revoke_tokens(Some(&accessor)), 1);
    assert_eq!(world.get(&token, "auth/token/lookup-self").status, 403);
}

#[test]
fn faults_strike_clients_and_not_the_simulation_and_are_counted() {
    let mut world = World::new(1);
    let token = world.logged_in();
    let fault = Fault::status("secret/", 429).errors(&["slow down"]);
    world.model.add_fault(fault.retry_after("7").times(2));
    let reply = world.get(&token, "secret/data/app");
    assert_eq!(
        (reply.status, reply.retry_after.as_deref()),
        (429, Some("7"))
    );
    assert_eq!(reply.body.unwrap(), json!({ "errors": ["slow down"] }));
    assert!(world.model.read(START, "secret/data/app").is_ok());
    assert_eq!(world.get(&token, "secret/data/app").status, 429);
    assert_eq!(world.get(&token, "secret/data/app").status, 200);

    assert_eq!(world.model.count(Operation::Read, "secret/"), 3);
    assert_eq!(world.model.count(Operation::Write, ""), 1);
    assert_eq!(world.model.count_status(429), 2);
    world.model.clear_counts();
    assert_eq!(world.model.count(Operation::Read, ""), 0);
}

#[test]
fn a_token_that_ends_takes_all_below_it_along() {
    let mut world = World::new(1);
    let root = world.model.root_token().to_owned();
    let mut parent = root.clone();
    let mut chain = Vec::new();
    for _ in 0..1000 {
        let make = json!({ "policies": ["root"], "ttl": "1h" });
        let request = Request::write("auth/token/create", &make).with_token(&parent);
        let body = world.model.handle(START, &request).body.unwrap();
        body["auth"]["client_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut parent);
        chain.push(parent.clone());
    }
    assert_eq!(world.model.count_tokens(START), 1001);
    let end = json!({ "token": chain[0] });
    world.write("auth/token/revoke", end);
    assert_eq!(world.model.count_tokens(START), 1);
    assert_eq!(world.get(&root, "auth/token/lookup-self").status, 200);
}

#[test]
fn an_answer_as_text_is_the_same_answer() {
    let (mut first, mut second) = (World::new(7), World::new(7));
    let mut ask = |request: &dyn Fn(&str) -> Request| {
        let token = first.model.root_token().to_owned();
        let request = request(&token);
        let Reply { status, body, .. } = first.model.answer(START, &request);
        let (status_of_text, text) = second.model.answer_text(START, &request);
        let parsed = (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap());
        assert_eq!((status, &body), (status_of_text, &parsed));
        body.unwrap_or_default()
    };
    let read = |path: &'static str| move |token: &str| Request::read(path).with_token(token);
    let write = |value: u64| {
        move |token: &str| {
            let body = json!({ "data": { "value": value } });
            Request::write("secret/data/app", &body).with_token(token)
        }
    };
    ask(&|token| {
        let policy = json!({ "policy": "" });
        Request::write("sys/policies/acl/other", &policy).with_token(token)
    });
    ask(&read("secret/data/app"));
    ask(&read("database/creds/app"));
    ask(&read("auth/token/lookup-self"));
    ask(&read("secret/data/missing"));
    ask(&|_| Request::read("secret/data/app").with_token("nobody's"));
    // Metadata is kept as text until it changes.
    let latest = |metadata: Value| metadata["data"]["current_version"].clone();
    assert_eq!(latest(ask(&read("secret/metadata/app"))), 1);
    ask(&write(2));
    assert_eq!(latest(ask(&read("secret/metadata/app"))), 2);
    ask(&|token| Request::delete("secret/data/app").with_token(token));
    let metadata = ask(&read("secret/metadata/app"));
    assert_ne!(metadata["data"]["versions"]["2"]["deletion_time"], "");
    ask(&|token| {
        let body = json!({ "max_versions": 3 });
        Request::write("secret/metadata/app", &body).with_token(token)
    });
    assert_eq!(ask(&read("secret/metadata/app"))["data"]["max_versions"], 3);
}

#[test]
fn a_static_password_is_the_one_that_a_read_would_give() {
    let mut world = World::new(7);
    let role = json!({ "db_name": "db", "username": "app", "rotation_period": "10m" });
    world.write("database/static-roles/app", role);
    for minutes in [0, 1, 10, 35] {
        let now = START + MINUTE * minutes;
        let password = world.model.static_password(now, "database/", "app");
        let password = password.unwrap().to_owned();
        let read = world.model.read(now, "database/static-creds/app").unwrap();
        assert_eq!(read["data"]["password"], password.as_str());
    }
    let missing = |mount: &str, role: &str, model: &mut Model| {
        model.static_password(START, mount, role).is_none()
    };
    assert!(missing("database/", "other", &mut world.model));
    assert!(missing("secret/", "app", &mut world.model));
}
