//! The recorded answers of the established injector, against ours.
//!
//! Recordings are read from the directory in `CONFORMANCE_DIR`, by default `../shared/conformance`
//! beside the workspace. Each request goes through the router that the server serves.
//!
//! How answers are compared:
//! * JSON by meaning. The order of operations, variables, mounts and containers counts. Where a
//!   recording says that its order was random, lists are compared as sets, and custom volumes are
//!   known by their mount path instead of their number.
//! * Lists of templates by destination, since only ours are sorted.
//! * Error texts: ours starts with the recorded one, cut off where Go's JSON decoder begins to
//!   speak ([`DECODER_WORDS`]).
//! * Admission warnings are ours alone and are left out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use injection::Settings;
use injection::settings::{FlavorSetting, ResourceDefaults};
use serde_json::{Map, Value, json};
use serve_tls::Connections;
use tower::ServiceExt as _;
use vault_injector::server::{App, Surface, limits, router};

/// Recordings that do not hold yet. It may only shrink: one that passes must leave.
const NOT_DONE: &[&str] = &[];

/// Where the words of Go's JSON decoder begin.
const DECODER_WORDS: [&str; 3] = ["json parse error", "json: ", "invalid character"];

const CONFIG_PLACEHOLDER: &str = "<base64 of config_*>";

#[tokio::test]
async fn recorded_answers_hold_in_the_compatible_flavour() {
    let Some(recordings) = recordings() else {
        return;
    };
    let cases = recordings["cases"]
        .as_array()
        .expect("cases must be a list");
    let (mut passed, mut wrong) = (0, Vec::new());
    for case in cases {
        let name = case["name"].as_str().expect("a case must have a name");
        let listed = NOT_DONE.contains(&name);
        match (check(&recordings["base_handler"], case).await, listed) {
            (Ok(()), false) => passed += 1,
            (Ok(()), true) => {
                passed += 1;
                wrong.push(format!("{name}: passes, so it has to leave the list"));
            }
            (Err(problem), false) => wrong.push(format!("{name}: {problem}")),
            (Err(_), true) => {}
        }
    }
    say(&format!(
        "conformance injector.json: {passed} of {} pass",
        cases.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Prints past the test harness, which keeps the output of tests that pass to itself.
fn say(line: &str) {
    writeln!(io::stdout(), "{line}").expect("stdout must be open");
}

fn recordings() -> Option<Value> {
    let directory = env::var_os("CONFORMANCE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
        PathBuf::from,
    );
    let file = directory.join("injector.json");
    match fs::read_to_string(&file) {
        Ok(text) => Some(serde_json::from_str(&text).expect("injector.json must be JSON")),
        Err(error) => {
            let ci = env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "{} cannot be read: {error}", file.display());
            let file = file.display();
            say(&format!(
                "conformance injector.json: skipped, {file} cannot be read: {error}"
            ));
            None
        }
    }
}

async fn check(base: &Value, case: &Value) -> Result<(), String> {
    let mut handler = base
        .as_object()
        .expect("base_handler must be an object")
        .clone();
    if let Some(overrides) = case["handler_overrides"].as_object() {
        handler.extend(overrides.clone());
    }
    let (status, text) = send(settings(handler), case).await;

    // Where upstream drops the connection, we answer 400.
    let panicked = case.get("panic").is_some();
    let expected = if panicked {
        400
    } else {
        case["http_status"].as_u64().unwrap_or_default()
    };
    same("status", &json!(status.as_u16()), &json!(expected))?;
    if panicked {
        return Ok(());
    }
    if let Some(recorded) = case["response_text"].as_str() {
        return same_message(&text, recorded);
    }
    let mut answer: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let response = answer["response"]
        .as_object_mut()
        .ok_or("there is no response")?;
    response.remove("warnings");
    let patch = response.remove("patch").map(|patch| decode(&patch));
    let mut recorded = case["response"].clone();
    let message = "/response/status/message";
    if let (Some(ours), Some(theirs)) = (answer.pointer_mut(message), recorded.pointer_mut(message))
    {
        same_message(
            ours.as_str().unwrap_or_default(),
            theirs.as_str().unwrap_or_default(),
        )?;
        *ours = theirs.clone();
    }
    same("response", &answer, &recorded)?;

    let mut ours = patch.unwrap_or(Value::Null);
    let mut our_configs = take_configs(&mut ours);
    let mut theirs = case["patch"].clone();
    let mut their_configs: Map<String, Value> = case
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.starts_with("config_"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for configs in [&mut our_configs, &mut their_configs] {
        configs.values_mut().for_each(sort_templates);
    }
    if case["nondeterministic_order"] == true {
        as_sets(&mut ours);
        as_sets(&mut theirs);
    }
    same("patch", &ours, &theirs)?;
    same(
        "configuration",
        &Value::Object(our_configs),
        &Value::Object(their_configs),
    )
}

async fn send(settings: Settings, case: &Value) -> (StatusCode, String) {
    let body = case["request_raw"]
        .as_str()
        .map_or_else(|| case["request"].to_string(), ToOwned::to_owned);
    let content_type = case["content_type"].as_str().unwrap_or("application/json");
    let request = Request::post("/mutate")
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(body))
        .expect("a request must be made");
    let connections = Connections::new(limits());
    let connection = connections
        .admit(IpAddr::V4(Ipv4Addr::LOCALHOST))
        .expect("there must be room");
    let surface = Surface {
        metrics: true,
        requires_certificate: false,
    };
    let response = router(App::new(settings, ""), surface)
        .layer(Extension(connection))
        .oneshot(request)
        .await
        .expect("no error type");
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("a body must be read");
    (
        status,
        String::from_utf8(body.to_vec()).expect("an answer must be text"),
    )
}

/// The recorded handler's fields as our settings. All of them are taken, so that none is ignored.
fn settings(mut handler: Map<String, Value>) -> Settings {
    let mut take = |key: &str| {
        handler
            .remove(key)
            .unwrap_or_else(|| panic!("no field {key}"))
    };
    let text = |value: Value| value.as_str().expect("must be text").to_owned();
    let flag = |value: Value| value.as_bool().expect("must be a boolean");
    // An id that is not set is the default, as with our flags.
    let id = |value: Value, default| match text(value).as_str() {
        "" => default,
        id => id.parse().expect("an id must be a number"),
    };
    for unused in [
        "Clientset",
        "Log",
        "RequireAnnotation",
        "ShareProcessNamespace",
    ] {
        take(unused);
    }
    let settings = Settings {
        vault_address: text(take("VaultAddress")),
        image: text(take("ImageVault")),
        flavor: FlavorSetting::Compatible,
        auth_type: text(take("VaultAuthType")),
        auth_path: text(take("VaultAuthPath")),
        auth_min_backoff: text(take("AuthMinBackoff")),
        auth_max_backoff: text(take("AuthMaxBackoff")),
        vault_namespace: text(take("VaultNamespace")),
        proxy_address: text(take("ProxyAddress")),
        vault_ca_cert_bytes: text(take("VaultCACertBytes")),
        revoke_on_shutdown: flag(take("RevokeOnShutdown")),
        run_as_user: id(take("UserID"), 100),
        run_as_group: id(take("GroupID"), 1000),
        run_as_same_user: flag(take("SameID")),
        set_security_context: flag(take("SetSecurityContext")),
        default_template: text(take("DefaultTemplate"))
            .parse()
            .expect("must be map or json"),
        resources: ResourceDefaults {
            limits_cpu: Some(text(take("ResourceLimitCPU"))),
            limits_memory: Some(text(take("ResourceLimitMem"))),
            limits_ephemeral: Some(text(take("ResourceLimitEphemeral"))),
            requests_cpu: Some(text(take("ResourceRequestCPU"))),
            requests_memory: Some(text(take("ResourceRequestMem"))),
            requests_ephemeral: Some(text(take("ResourceRequestEphemeral"))),
        },
        exit_on_retry_failure: flag(take("ExitOnRetryFailure")),
        static_secret_render_interval: text(take("StaticSecretRenderInterval")),
        max_connections_per_host: take("MaxConnectionsPerHost")
            .as_i64()
            .expect("must be whole"),
        lease_renewal_threshold: take("LeaseRenewalThreshold")
            .as_f64()
            .expect("must be a number"),
        disable_idle_connections: text(take("DisableIdleConnections")),
        disable_keep_alives: text(take("DisableKeepAlives")),
        ..Settings::default()
    };
    assert!(
        handler.is_empty(),
        "fields that no setting takes: {handler:?}"
    );
    settings
}

fn same(what: &str, ours: &Value, theirs: &Value) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    Err(format!(
        "{what} differs\n  ours:     {ours}\n  recorded: {theirs}"
    ))
}

fn same_message(ours: &str, recorded: &str) -> Result<(), String> {
    let end = DECODER_WORDS
        .iter()
        .filter_map(|words| recorded.find(words))
        .min();
    let expected = &recorded[..end.unwrap_or(recorded.len())];
    if ours.starts_with(expected) {
        return Ok(());
    }
    Err(format!(
        "message differs\n  ours:     {ours}\n  recorded: {recorded}"
    ))
}

fn decode(patch: &Value) -> Value {
    let bytes = STANDARD
        .decode(patch.as_str().expect("a patch must be text"))
        .expect("base64");
    serde_json::from_slice(&bytes).expect("a patch must be JSON")
}

/// Takes the configurations out of a patch, by container, and leaves the placeholder.
fn take_configs(patch: &mut Value) -> Map<String, Value> {
    let mut configs = Map::new();
    for operation in patch.as_array_mut().into_iter().flatten() {
        let Some(value) = operation.get_mut("value") else {
            continue;
        };
        let container = if value.is_array() {
            &mut value[0]
        } else {
            value
        };
        let name = container["name"].as_str().unwrap_or_default().to_owned();
        let Some(variables) = container.get_mut("env").and_then(Value::as_array_mut) else {
            continue;
        };
        for variable in variables
            .iter_mut()
            .filter(|variable| variable["name"] == "VAULT_CONFIG")
        {
            configs.insert(format!("config_{name}"), decode(&variable["value"]));
            variable["value"] = json!(CONFIG_PLACEHOLDER);
        }
    }
    configs
}

fn sort_templates(config: &mut Value) {
    if let Some(templates) = config.get_mut("template").and_then(Value::as_array_mut) {
        templates.sort_by_key(|template| {
            (
                template["destination"].to_string(),
                template["contents"].to_string(),
            )
        });
    }
}

/// Names custom volumes by their paths and sorts every list.
fn as_sets(value: &mut Value) {
    let mut names = Vec::new();
    custom_volumes(value, &mut names);
    let mut text = value.to_string();
    for (name, path) in names {
        text = text.replace(&format!("{name}\""), &format!("custom {path}\""));
    }
    *value = serde_json::from_str(&text).expect("a renamed patch must be JSON");
    sort(value);
}

fn custom_volumes(value: &Value, names: &mut Vec<(String, String)>) {
    match value {
        Value::Array(list) => list.iter().for_each(|item| custom_volumes(item, names)),
        Value::Object(object) => {
            if let (Some(Value::String(name)), Some(Value::String(path))) =
                (object.get("name"), object.get("mountPath"))
                && name.starts_with("vault-secrets-custom-")
            {
                names.push((name.clone(), path.clone()));
            }
            object.values().for_each(|item| custom_volumes(item, names));
        }
        _ => {}
    }
}

fn sort(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.iter_mut().for_each(sort);
            list.sort_by_key(ToString::to_string);
        }
        Value::Object(object) => object.values_mut().for_each(sort),
        _ => {}
    }
}
