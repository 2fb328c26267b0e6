//! What a request costs: `cargo run --release -p vault-model --example speed -- [LEASES]`.
#![allow(clippy::print_stdout, reason = "the figures are the program's output")]

use std::error::Error;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;
use vault_model::{Config, Model, Request, ServiceAccountToken};

const ROUNDS: usize = 200;
const START: Timestamp = Timestamp::constant(1_893_456_000, 0);

fn main() -> Result<(), Box<dyn Error>> {
    let leases = std::env::args().nth(1).map(|count| count.parse());
    let leases: usize = leases.transpose()?.unwrap_or(100_000);
    let mut model = prepared()?;
    let (mut tokens, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..leases {
        let token = login(&mut model)?;
        let read = Request::read("database/creds/app").with_token(&token);
        let body = model.handle(START, &read).body.unwrap_or_default();
        ids.push(body["lease_id"].as_str().unwrap_or_default().to_owned());
        tokens.push(token);
    }
    println!("{leases} tokens with a lease each");
    let token = |index: usize| &tokens[index * 7919 % leases];
    measure(&mut model, "KV read", |index| {
        Request::read("secret/data/team/app").with_token(token(index))
    })?;
    measure(&mut model, "lease renewal", |index| {
        let body = json!({ "lease_id": ids[index * 7919 % leases] });
        Request::write("sys/leases/renew", &body).with_token(token(index))
    })?;
    measure(&mut model, "token lookup", |index| {
        Request::read("auth/token/lookup-self").with_token(token(index))
    })?;
    measure(&mut model, "token renewal", |index| {
        Request::write("auth/token/renew-self", &json!({})).with_token(token(index))
    })?;
    measure(&mut model, "database credentials", |index| {
        Request::read("database/creds/app").with_token(token(index))
    })?;
    measure(&mut model, "certificate", |index| {
        let body = json!({ "common_name": "app.example.com" });
        Request::write("pki/issue/app", &body).with_token(token(index))
    })?;
    let jwt = jwt();
    measure(&mut model, "login", |_| {
        let body = json!({ "role": "app", "jwt": jwt });
        Request::write("auth/kubernetes/login", &body)
    })
}

/// Requests are made before they are timed. Of rounds of a thousand the median counts, so that what
/// else the machine does is left out.
fn measure(
    model: &mut Model,
    name: &str,
    request: impl Fn(usize) -> Request,
) -> Result<(), Box<dyn Error>> {
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let requests: Vec<Request> = (0..1000).map(|n| request(round * 1000 + n)).collect();
        let now = START + Duration::from_secs(round.try_into()?);
        let started = Instant::now();
        for request in &requests {
            let reply = model.handle(now, request);
            if reply.status != 200 {
                return Err(format!("{name}: {} {:?}", reply.status, reply.body).into());
            }
        }
        rounds.push(started.elapsed());
    }
    rounds.sort_unstable();
    let each = rounds[ROUNDS / 2] / 1000;
    println!("{name:22} {:6.2} µs", each.as_secs_f64() * 1e6);
    Ok(())
}

fn jwt() -> String {
    let token = ServiceAccountToken {
        namespace: "production",
        name: "app",
        audiences: &[],
        issued: START,
        ttl: Duration::from_secs(86_400),
    };
    token.unsigned()
}

fn login(model: &mut Model) -> Result<String, Box<dyn Error>> {
    let body = json!({ "role": "app", "jwt": jwt() });
    let reply = model.handle(START, &Request::write("auth/kubernetes/login", &body));
    let token = reply.body.unwrap_or_default()["auth"]["client_token"].take();
    Ok(token.as_str().ok_or("no token")?.to_owned())
}

fn prepared() -> Result<Model, Box<dyn Error>> {
    let mut model = Model::new(START, Config::default());
    let policy = r#"path "secret/data/team/*" { capabilities = ["read"] }
        path "database/creds/app" { capabilities = ["read"] }
        path "pki/issue/app" { capabilities = ["update"] }"#;
    let role = json!({
        "bound_service_account_names": "app",
        "bound_service_account_namespaces": "*",
        "policies": "app",
        "ttl": "24h",
    });
    let connection = json!({ "plugin_name": "p", "allowed_roles": "*" });
    let credentials = json!({ "db_name": "db", "default_ttl": "12h", "max_ttl": "24h" });
    let secret = json!({ "data": { "user": "app", "password": "correct horse battery staple" } });
    for (path, body) in [
        ("sys/policies/acl/app", json!({ "policy": policy })),
        ("sys/auth/kubernetes", json!({ "type": "kubernetes" })),
        (
            "auth/kubernetes/config",
            json!({ "kubernetes_host": "https://k8s" }),
        ),
        ("auth/kubernetes/role/app", role),
        ("secret/data/team/app", secret),
        ("sys/mounts/database", json!({ "type": "database" })),
        ("database/config/db", connection),
        ("database/roles/app", credentials),
        ("sys/mounts/pki", json!({ "type": "pki" })),
        (
            "pki/root/generate/internal",
            json!({ "common_name": "root" }),
        ),
        (
            "pki/roles/app",
            json!({ "allow_any_name": true, "ttl": "1h" }),
        ),
    ] {
        model.write(START, path, &body)?;
    }
    Ok(model)
}
