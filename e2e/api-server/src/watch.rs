//! Watches: a line of JSON for each change, until the client has enough or its time is over.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::kinds::Kind;
use crate::refusal::Refusal;
use crate::selector::Selector;
use crate::server::Server;
use crate::state::{Change, Id, State};
use crate::view::{Form, View};

/// A watch ends after an hour if the client does not say when.
const LONGEST: u64 = 3600;

/// What a client watches.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) kind: Arc<Kind>,
    pub(crate) version: String,
    pub(crate) form: Form,
    pub(crate) namespace: String,
    pub(crate) name: Option<String>,
    pub(crate) selector: Selector,
    pub(crate) deadline: Instant,
}

struct Following {
    server: Arc<Server>,
    watch: Watch,
    latest: watch::Receiver<u64>,
    seen: u64,
    first: Vec<u8>,
    is_over: bool,
}

/// When a watch ends.
pub(crate) fn deadline(seconds: Option<u64>) -> Instant {
    Instant::now() + Duration::from_secs(seconds.unwrap_or(LONGEST).min(LONGEST))
}

/// The body of the answer. Without a version to begin after, what is there comes first.
pub(crate) fn follow(server: &Arc<Server>, watch: Watch, after: &str) -> Result<Body, Refusal> {
    let state = server.state();
    let latest = state.latest();
    let mut first = Vec::new();
    let seen = if matches!(after, "" | "0") {
        for (id, object) in state.list(&watch.kind.resource(), &watch.namespace) {
            if watch.is_about(id) && watch.selector.matches(object) {
                watch.line("ADDED", object, &mut first);
            }
        }
        state.version()
    } else {
        let invalid =
            |_| Refusal::bad_request(format!("resourceVersion: {after:?} is not a number"));
        after.parse().map_err(invalid)?
    };
    drop(state);
    let following = Following {
        server: Arc::clone(server),
        watch,
        latest,
        seen,
        first,
        is_over: false,
    };
    let lines = stream::unfold(following, |mut following| async move {
        let lines = following.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(lines)), following))
    });
    Ok(Body::from_stream(lines))
}

impl Following {
    async fn next(&mut self) -> Option<Vec<u8>> {
        if !self.first.is_empty() {
            return Some(std::mem::take(&mut self.first));
        }
        while !self.is_over {
            self.latest.borrow_and_update();
            let lines = self.lines();
            if !lines.is_empty() {
                return Some(lines);
            }
            let changed = timeout_at(self.watch.deadline, self.latest.changed()).await;
            self.is_over = !matches!(changed, Ok(Ok(())));
        }
        None
    }

    fn lines(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        let state: &State = &self.server.state();
        if let Some(changes) = state.since(self.seen) {
            changes.for_each(|change| self.watch.change(change, &mut lines));
        } else {
            let message = format!("too old resource version: {}", self.seen);
            let gone = Refusal::new(410, "Expired", message).status();
            write(&json!({"type": "ERROR", "object": gone}), &mut lines);
            self.is_over = true;
        }
        self.seen = self.seen.max(state.version());
        lines
    }
}

impl Watch {
    fn is_about(&self, id: &Id) -> bool {
        id.resource == self.kind.resource()
            && (self.namespace.is_empty() || id.namespace == self.namespace)
            && self.name.as_ref().is_none_or(|name| *name == id.name)
    }

    /// What a change is to a client that sees a part of the objects.
    fn change(&self, change: &Change, lines: &mut Vec<u8>) {
        if !self.is_about(&change.id) {
            return;
        }
        let seen = |object: &Option<Arc<Value>>| {
            let object = object.clone();
            object.filter(|object| self.selector.matches(object))
        };
        match (seen(&change.before), seen(&change.after)) {
            (None, Some(object)) => self.line("ADDED", &object, lines),
            (Some(_), Some(object)) => self.line("MODIFIED", &object, lines),
            (Some(object), None) => {
                let mut last = Value::clone(&object);
                last["metadata"]["resourceVersion"] = change.version.to_string().into();
                self.line("DELETED", &last, lines);
            }
            (None, None) => {}
        }
    }

    fn line(&self, event: &str, object: &Value, lines: &mut Vec<u8>) {
        let view = View {
            kind: &self.kind,
            version: &self.version,
            form: self.form,
        };
        write(
            &json!({"type": event, "object": view.object(object)}),
            lines,
        );
    }
}

fn write(event: &Value, lines: &mut Vec<u8>) {
    lines.extend_from_slice(event.to_string().as_bytes());
    lines.push(b'\n');
}
