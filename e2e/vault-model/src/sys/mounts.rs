//! Enabling secrets engines and auth methods, and telling clients what is where.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::auth_methods::AuthMethod;
use crate::database::Database;
use crate::kv;
use crate::request::{Operation, Request};
use crate::state::{Caller, Engine, Mount, State};
use crate::tokens::SYSTEM_MAX_TTL;

/// `sys/mounts/…` and `sys/auth/…`.
pub(super) fn handle(state: &mut State, kind: &str, rest: &str, request: &Request) -> Outcome {
    let path = format!("{}/", rest.trim_matches('/'));
    match (kind, rest, request.operation) {
        ("mounts", "", Operation::Read) => {
            let mounts: Map<String, Value> = state
                .here
                .mounts
                .iter()
                .map(|(path, mount)| (path.clone(), view(path, mount)))
                .collect();
            Ok(Secret::data("system", Value::Object(mounts)).into())
        }
        ("auth", "", Operation::Read) => {
            let mounts: Map<String, Value> = state
                .here
                .auth
                .iter()
                .map(|(path, method)| (path.clone(), json!({ "type": method.kind() })))
                .collect();
            Ok(Secret::data("system", Value::Object(mounts)).into())
        }
        (_, "", _) => Err(Refusal::unsupported()),
        ("mounts", _, Operation::Write) if rest.ends_with("/tune") => Ok(Answer::Empty),
        ("mounts", _, Operation::Write) => enable_engine(state, path, request),
        ("mounts", _, Operation::Read) => {
            let mount = state.here.mounts.get(&path);
            let mount = mount
                .ok_or_else(|| Refusal::bad_request(format!("No secret engine mount at {path}")))?;
            Ok(Secret::data("system", view(&path, mount)).into())
        }
        ("mounts", _, Operation::Delete) => {
            state.here.mounts.remove(&path);
            state.here.leases.revoke_prefix(&path);
            Ok(Answer::Empty)
        }
        ("auth", _, Operation::Write) => enable_auth(state, path, request),
        ("auth", _, Operation::Delete) => {
            state.here.auth.remove(&path);
            Ok(Answer::Empty)
        }
        _ => Err(Refusal::unsupported()),
    }
}

/// `sys/internal/ui/mounts/{path}`: for whoever may do something in the mount.
pub(crate) fn describe(state: &State, caller: &Caller, path: &str) -> Outcome {
    let denied = || {
        let message = "preflight capability check returned 403: no policy reaches this mount";
        Refusal::new(403, message)
    };
    let rights = state.rights(caller).ok_or_else(denied)?;
    if let Some(mount) = state.auth_mount_of(path) {
        let full = format!("auth/{mount}");
        if !rights.touch(&full) {
            return Err(denied());
        }
        return Ok(Secret::data(
            "system",
            json!({ "path": full, "type": state.here.auth[mount].kind(), "options": null }),
        )
        .into());
    }
    let mount = state.mount_of(path).ok_or_else(denied)?;
    if !rights.touch(mount) {
        return Err(denied());
    }
    Ok(Secret::data("system", view(mount, &state.here.mounts[mount])).into())
}

fn enable_engine(state: &mut State, path: String, request: &Request) -> Outcome {
    if state.here.mounts.contains_key(&path) {
        return Err(Refusal::bad_request(format!(
            "path is already in use at {path}"
        )));
    }
    let version = request
        .body
        .get("options")
        .and_then(|options| options.get("version"));
    let version = version.map(|version| {
        version
            .as_str()
            .map_or_else(|| version.to_string(), str::to_owned)
    });
    let engine = match (request.text("type"), version.as_deref()) {
        (Some("kv-v2"), _) | (Some("kv"), Some("2")) => Engine::Kv2(kv::v2::V2::new(state.product)),
        (Some("kv" | "kv-v1" | "generic"), _) => Engine::Kv1(kv::V1::default()),
        (Some("database"), _) => Engine::Database(Database::default()),
        (Some("pki"), _) => Engine::Pki(Box::default()),
        (kind, _) => {
            let kind = kind.unwrap_or_default();
            return Err(Refusal::bad_request(format!(
                "plugin not found in the catalog: {kind}"
            )));
        }
    };
    state.here.mounts.insert(
        path,
        Mount::new(
            engine,
            request.text("description").unwrap_or_default(),
            &mut state.ids,
        ),
    );
    Ok(Answer::Empty)
}

fn enable_auth(state: &mut State, path: String, request: &Request) -> Outcome {
    if path == "token/" || state.here.auth.contains_key(&path) {
        return Err(Refusal::bad_request(format!(
            "path is already in use at {path}"
        )));
    }
    let kind = request.text("type").unwrap_or_default();
    let method = AuthMethod::new(kind)
        .ok_or_else(|| Refusal::bad_request(format!("plugin not found in the catalog: {kind}")))?;
    state.here.auth.insert(path, method);
    Ok(Answer::Empty)
}

fn view(path: &str, mount: &Mount) -> Value {
    let options = mount
        .engine
        .version()
        .map(|version| json!({ "version": version }));
    json!({
        "path": path,
        "type": mount.engine.kind(),
        "options": options,
        "accessor": mount.accessor,
        "description": mount.description,
        "config": {
            "default_lease_ttl": SYSTEM_MAX_TTL.as_secs(),
            "max_lease_ttl": SYSTEM_MAX_TTL.as_secs(),
            "force_no_cache": false,
        },
        "local": false,
        "seal_wrap": false,
        "external_entropy_access": false,
        "uuid": mount.uuid,
    })
}
