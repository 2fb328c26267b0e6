//! HTTP: a request becomes a read, a write or a watch, and what comes of it an answer.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT, WARNING};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use dev_vault::ServiceAccountKeys;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::discovery;
use crate::refusal::Refusal;
use crate::route::{Objects, Parameters, Route};
use crate::selector::Selector;
use crate::state::{Id, State};
use crate::view::{Form, View};
use crate::watch::{self, Watch};
use crate::write::{self, DeleteOptions, Patch, Target};

/// The largest body that is read.
const LARGEST: usize = 8 << 20;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Server {
    state: Mutex<State>,
    pub(crate) keys: ServiceAccountKeys,
}

/// What the client gets: a status and a document, or the lines of a watch.
enum Answer {
    Document(StatusCode, Value),
    Stream(Body),
}

impl Server {
    pub(crate) fn new(state: State) -> Self {
        Self {
            state: Mutex::new(state),
            keys: ServiceAccountKeys::generate(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing must panic with this lock")
    }
}

/// Answers one request.
pub(crate) async fn answer(Shared(server): Shared<Arc<Server>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        let refusal = Refusal::new(
            413,
            "RequestEntityTooLarge",
            "the body cannot be read, or is too large",
        );
        return refuse(&refusal);
    };
    let route = Route::parse(parts.uri.path(), &server.state().kinds);
    let warning = match &route {
        Ok(Route::Objects(objects)) => {
            let version = objects.kind.version(&objects.version);
            version.and_then(|version| version.warning.clone())
        }
        _ => None,
    };
    let mut response = match route.and_then(|route| take(&server, route, &parts, &body)) {
        Ok(Answer::Document(status, document)) => respond(status, &document),
        Ok(Answer::Stream(lines)) => typed(StatusCode::OK, "application/json", lines),
        Err(refusal) => refuse(&refusal),
    };
    if let Some(text) = warning
        && let Ok(value) = HeaderValue::from_str(&format!("299 - {text:?}"))
    {
        response.headers_mut().insert(WARNING, value);
    }
    response
}

fn take(
    server: &Arc<Server>,
    route: Route,
    parts: &Parts,
    body: &Bytes,
) -> Result<Answer, Refusal> {
    let document = match route {
        Route::Health => json!("ok"),
        Route::Version => discovery::version(),
        Route::CoreVersions => discovery::core_versions(),
        Route::Groups => discovery::groups(&server.state().kinds),
        Route::Group(name) => discovery::group(&server.state().kinds, &name)?,
        Route::Resources { group, version } => {
            discovery::resources(&server.state().kinds, &group, &version)?
        }
        Route::OpenApi(None) => discovery::openapi_index(&server.state().kinds),
        Route::OpenApi(Some((group, version))) => {
            discovery::openapi(&server.state().kinds, &group, &version)
        }
        Route::Objects(objects) => {
            let parameters = Parameters::parse(parts.uri.query().unwrap_or_default());
            return objects_answer(server, &objects, &parameters, parts, body);
        }
    };
    Ok(Answer::Document(StatusCode::OK, document))
}

fn objects_answer(
    server: &Arc<Server>,
    objects: &Objects,
    parameters: &Parameters,
    parts: &Parts,
    body: &Bytes,
) -> Result<Answer, Refusal> {
    let form = Form::of(header(parts, &ACCEPT));
    let view = View {
        kind: &objects.kind,
        version: &objects.version,
        form,
    };
    if parts.method == Method::GET {
        return read(server, objects, parameters, view);
    }
    if parameters.dry_run {
        let message = "this stand-in does not support dryRun";
        return Err(Refusal::bad_request(message));
    }
    let is_status = match objects.subresource.as_deref() {
        None => false,
        Some("status" | "finalize") => true,
        Some("token") if objects.kind.resource() == "serviceaccounts" => {
            return issue_token(server, objects, body);
        }
        Some(_) => return Err(Refusal::no_such_path()),
    };
    let agent = header(parts, &USER_AGENT).split('/').next();
    let manager = parameters.field_manager.as_deref().or(agent);
    let target = Target {
        kind: Arc::clone(&objects.kind),
        version: objects.version.clone(),
        namespace: objects.namespace.clone(),
        is_status,
        manager: manager.unwrap_or_default().to_owned(),
    };
    let state = &mut *server.state();
    let shown = |status, object: &Value| Ok(Answer::Document(status, view.object(object)));
    match (&parts.method, objects.name.as_deref()) {
        (&Method::POST, None) => {
            let object = write::create(state, &target, parse(parts, body)?)?;
            shown(StatusCode::CREATED, &object)
        }
        (&Method::PUT, Some(name)) => {
            let object = write::replace(state, &target, name, parse(parts, body)?)?;
            shown(StatusCode::OK, &object)
        }
        (&Method::PATCH, Some(name)) => {
            let patch = Patch::parse(header(parts, &CONTENT_TYPE), body)?;
            let is_new = state.get(&target.id(name)).is_none();
            let object = write::patch(state, &target, name, &patch)?;
            let created = if is_new {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            shown(created, &object)
        }
        (&Method::DELETE, name) => {
            let options = DeleteOptions::parse(body, parameters.propagation_policy.as_deref())?;
            let Some(name) = name else {
                let selector = selector(parameters)?;
                let resource = target.kind.resource();
                let found = state.list(&resource, &target.namespace);
                let found = found.filter(|(_, object)| selector.matches(object));
                let names: Vec<_> = found.map(|(id, _)| id.name.clone()).collect();
                for name in &names {
                    write::delete(state, &target, name, &options)?;
                }
                let done = json!({"kind": "Status", "apiVersion": "v1", "status": "Success"});
                return Ok(Answer::Document(StatusCode::OK, done));
            };
            let gone = write::delete(state, &target, name, &options)?;
            Ok(Answer::Document(StatusCode::OK, gone))
        }
        (method, _) => Err(Refusal::new(
            405,
            "MethodNotAllowed",
            format!("the server does not allow {method} on the requested resource"),
        )),
    }
}

fn read(
    server: &Arc<Server>,
    objects: &Objects,
    parameters: &Parameters,
    view: View<'_>,
) -> Result<Answer, Refusal> {
    let resource = objects.kind.resource();
    if parameters.watch {
        let watch = Watch {
            kind: Arc::clone(&objects.kind),
            version: objects.version.clone(),
            form: view.form,
            namespace: objects.namespace.clone(),
            name: objects.name.clone(),
            selector: selector(parameters)?,
            deadline: watch::deadline(parameters.timeout_seconds),
        };
        let lines = watch::follow(server, watch, &parameters.resource_version)?;
        return Ok(Answer::Stream(lines));
    }
    let state = server.state();
    let document = if let Some(name) = &objects.name {
        let object = state.get(&Id::new(&resource, &objects.namespace, name));
        view.object(object.ok_or_else(|| Refusal::not_found(&resource, name))?)
    } else {
        let selector = selector(parameters)?;
        let found = state.list(&resource, &objects.namespace);
        let found = found.map(|(_, object)| &**object);
        let found: Vec<_> = found.filter(|object| selector.matches(object)).collect();
        view.list(&found, state.version())
    };
    Ok(Answer::Document(StatusCode::OK, document))
}

fn selector(parameters: &Parameters) -> Result<Selector, Refusal> {
    Selector::parse(&parameters.label_selector, &parameters.field_selector)
}

/// A token for a service account, signed by this server's own key.
fn issue_token(server: &Server, objects: &Objects, body: &Bytes) -> Result<Answer, Refusal> {
    let name = objects.name.as_deref().unwrap_or_default();
    let id = Id::new("serviceaccounts", &objects.namespace, name);
    if server.state().get(&id).is_none() {
        return Err(Refusal::not_found("serviceaccounts", name));
    }
    let mut request: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::bad_request(error.to_string()))?;
    let audiences = request["spec"]["audiences"].as_array();
    let audiences: Vec<_> = audiences
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let seconds = request["spec"]["expirationSeconds"]
        .as_u64()
        .unwrap_or(3600);
    let life = Duration::from_secs(seconds);
    let token = server.keys.mint(&objects.namespace, name, &audiences, life);
    let life = SignedDuration::try_from(life).unwrap_or(SignedDuration::MAX);
    let end = Timestamp::now()
        .saturating_add(life)
        .unwrap_or(Timestamp::MAX);
    request["status"] = json!({"token": token, "expirationTimestamp": format!("{end:.0}")});
    Ok(Answer::Document(StatusCode::CREATED, request))
}

/// An object as JSON, or as YAML if the client says so.
fn parse(parts: &Parts, body: &[u8]) -> Result<Value, Refusal> {
    let invalid = |error: String| Refusal::bad_request(format!("the body cannot be read: {error}"));
    let content_type = header(parts, &CONTENT_TYPE);
    if content_type.contains("protobuf") {
        let message = "this stand-in understands JSON alone";
        return Err(Refusal::new(415, "UnsupportedMediaType", message));
    }
    if content_type.contains("yaml") {
        let text = std::str::from_utf8(body).map_err(|error| invalid(error.to_string()))?;
        return serde_saphyr::from_str(text).map_err(|error| invalid(error.to_string()));
    }
    serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))
}

fn header<'a>(parts: &'a Parts, name: &HeaderName) -> &'a str {
    let value = parts.headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn refuse(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code);
    respond(
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        &refusal.status(),
    )
}

fn respond(status: StatusCode, document: &Value) -> Response {
    match document {
        Value::String(text) => typed(status, "text/plain", Body::from(text.clone())),
        document => typed(status, "application/json", Body::from(document.to_string())),
    }
}

fn typed(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
