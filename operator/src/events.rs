//! Events on the objects that the operator serves, written beside the work: an API server that is slow
//! with them holds up nothing else.

use std::collections::HashMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource};
use kube_support::{CallError, call};
use serde_json::json;
use tokio::sync::mpsc;
use tracing::{debug, warn};

/// Events that wait to be written. Of more than that the newest are dropped.
const WAITING: usize = 2000;
/// Events of which another one is the same again.
const REMEMBERED: usize = 4096;
/// The longest text that the API server takes, in bytes.
const LONGEST: usize = 1024;

/// What is said, and by which part of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Said {
    pub(crate) component: &'static str,
    pub(crate) is_warning: bool,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

/// See the module.
pub(crate) struct Recorder(mpsc::Sender<(ObjectReference, Said)>);

impl Recorder {
    pub(crate) fn start(client: Client) -> Self {
        let (sender, received) = mpsc::channel(WAITING);
        tokio::spawn(write_all(client, received));
        Self(sender)
    }

    /// Writes an event on an object, or counts it if it is the same as before.
    pub(crate) fn record(&self, object: ObjectReference, mut said: Said) {
        let end = cut(&said.message, LONGEST).len();
        said.message.truncate(end);
        if self.0.try_send((object, said)).is_err() {
            warn!("an event was dropped: the API server is slow with them");
        }
    }
}

/// A reference to an object for its events.
pub(crate) fn reference<K>(object: &K) -> ObjectReference
where
    K: Resource<DynamicType = ()>,
{
    ObjectReference {
        // The API server's answers to writes do not say what they are.
        api_version: Some(K::api_version(&()).into_owned()),
        kind: Some(K::kind(&()).into_owned()),
        name: object.meta().name.clone(),
        namespace: object.meta().namespace.clone(),
        uid: object.meta().uid.clone(),
        resource_version: object.meta().resource_version.clone(),
        field_path: None,
    }
}

/// An event that was written.
struct Written {
    name: String,
    count: i32,
    number: u64,
}

async fn write_all(client: Client, mut received: mpsc::Receiver<(ObjectReference, Said)>) {
    let mut written = HashMap::<(Option<String>, Said), Written>::new();
    let mut number = 0_u64;
    while let Some((object, said)) = received.recv().await {
        number += 1;
        if written.len() >= REMEMBERED {
            let oldest = number.saturating_sub(REMEMBERED as u64 / 2);
            written.retain(|_, event| event.number > oldest);
        }
        // Events of the cluster's objects are in the namespace that there always is.
        let namespace = object.namespace.clone().unwrap_or_else(|| "default".into());
        let api = Api::<Event>::namespaced(client.clone(), &namespace);
        let key = (object.uid.clone(), said);
        if let Some(before) = written.get_mut(&key) {
            match repeat(&api, before).await {
                Ok(()) => {
                    before.number = number;
                    continue;
                }
                Err(CallError::NotFound { .. }) => {}
                Err(error) => {
                    debug!(%error, "an event was not counted");
                    continue;
                }
            }
        }
        match create(&api, &namespace, object, &key.1).await {
            Ok(name) => {
                let event = Written {
                    name,
                    count: 1,
                    number,
                };
                written.insert(key, event);
            }
            // Of an object whose namespace is being deleted, none can be written any more.
            Err(error) => debug!(%error, "an event was not written"),
        }
    }
}

async fn repeat(api: &Api<Event>, event: &mut Written) -> Result<(), CallError> {
    event.count += 1;
    let patch = json!({
        "count": event.count,
        "lastTimestamp": Time(Timestamp::now()),
    });
    let (parameters, patch) = (PatchParams::default(), Patch::Merge(&patch));
    let patched = api.patch(&event.name, &parameters, &patch);
    call("count an event", patched).await.map(drop)
}

async fn create(
    api: &Api<Event>,
    namespace: &str,
    object: ObjectReference,
    said: &Said,
) -> Result<String, CallError> {
    let now = Timestamp::now();
    let name = object.name.as_deref().unwrap_or_default();
    let event = Event {
        metadata: ObjectMeta {
            // As Kubernetes' own components name them.
            name: Some(format!("{}.{:x}", cut_name(name), now.as_nanosecond())),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        involved_object: object,
        reason: Some(said.reason.to_owned()),
        message: Some(said.message.clone()),
        type_: Some(if said.is_warning { "Warning" } else { "Normal" }.to_owned()),
        source: Some(EventSource {
            component: Some(said.component.to_owned()),
            host: None,
        }),
        first_timestamp: Some(Time(now)),
        last_timestamp: Some(Time(now)),
        count: Some(1),
        reporting_component: Some(said.component.to_owned()),
        ..Event::default()
    };
    let created = call("write an event", api.create(&PostParams::default(), &event)).await?;
    Ok(created.metadata.name.unwrap_or_default())
}

/// So much of a name that another part fits behind it.
fn cut_name(name: &str) -> &str {
    cut(name, 220)
}

/// The beginning of a text, of at most so many bytes.
fn cut(text: &str, most: usize) -> &str {
    let mut ends = (0..=most.min(text.len())).rev();
    let end = ends.find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}
