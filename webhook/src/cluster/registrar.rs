//! Where our webhooks are registered: reading their `caBundle`, applying a better one, and
//! noticing that someone has changed it.

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt as _;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, WatchParams};
use kube::core::WatchEvent;
use kube::{Api, Client};
use tokio::sync::Notify;
use tracing::{debug, info};

use super::FIELD_MANAGER;
use super::bundle::{Kind, Registration};
use kube_support::{CallError, call, call_opt};
use process::cut;

/// How long the API server keeps a watch open. Less than five minutes passes every proxy.
const WATCH_SECONDS: u32 = 290;
/// The pause before a watch is opened again, so that one that ends at once does no harm.
const PAUSE: Duration = Duration::from_secs(5);

/// The configurations of one name, of both kinds.
#[derive(Clone)]
pub struct Registrar {
    client: Client,
    name: String,
    hosts: Vec<String>,
}

impl Registrar {
    /// Looks after the webhooks that call one of `hosts`, in the configurations named `name`;
    /// after all that call a service where there are no hosts.
    pub fn new(client: Client, name: &str, hosts: &[String]) -> Self {
        Self {
            client,
            name: name.to_owned(),
            hosts: hosts.to_vec(),
        }
    }

    /// The configurations' name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Our webhooks as they are registered now. That there is no validating configuration, or that
    /// it may not be read, is as good as none: the established chart has none.
    pub async fn read(&self) -> Result<Vec<Registration>, CallError> {
        let mut registrations = Vec::new();
        for kind in Kind::ALL {
            let doing = format!("read {} {}", kind.name(), self.name);
            let object = match call_opt(&doing, self.api(kind).get(&self.name)).await {
                Err(CallError::Forbidden { doing, message }) if kind == Kind::Validating => {
                    debug!(doing, answer = message, "Not allowed: left alone");
                    None
                }
                answer => answer?,
            };
            let registration = object.map(|object| self.registration(kind, &object));
            registrations.extend(registration.filter(|it| !it.hooks.is_empty()));
        }
        Ok(registrations)
    }

    /// Gives our webhooks the bundles that `wanted` finds for what they have, and returns what is
    /// registered then. Nothing is sent where nothing is wanted.
    pub async fn apply(
        &self,
        registration: Registration,
        wanted: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<Registration, CallError> {
        let bundles: Vec<_> = registration
            .hooks
            .iter()
            .map(|hook| (hook.name.as_str(), wanted(&hook.bundle)))
            .collect();
        if bundles.iter().all(|(_, wanted)| wanted.is_none()) {
            return Ok(registration);
        }
        // All of ours are named each time: what is left out of an apply is taken for given up.
        let bundles = bundles
            .into_iter()
            .zip(&registration.hooks)
            .map(|((name, wanted), hook)| (name, wanted.unwrap_or_else(|| hook.bundle.clone())));
        let kind = registration.kind;
        let patch = Patch::Apply(Registration::patch(kind, &self.name, bundles));
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let doing = format!("set the caBundle of {} {}", kind.name(), self.name);
        let api = self.api(kind);
        let object = call(&doing, api.patch(&self.name, &parameters, &patch)).await?;
        info!(
            kind = kind.name(),
            name = self.name,
            webhooks = registration.hooks.len(),
            "caBundle set"
        );
        Ok(self.registration(kind, &object))
    }

    /// Gives a hint when a configuration has changed, or may have; runs until it is dropped.
    pub async fn hints(&self, hint: &Notify) {
        tokio::join!(
            self.watch(Kind::Mutating, hint),
            self.watch(Kind::Validating, hint)
        );
    }

    async fn watch(&self, kind: Kind, hint: &Notify) {
        let api = self.api(kind);
        let parameters = WatchParams::default()
            .fields(&format!("metadata.name={}", self.name))
            .timeout(WATCH_SECONDS);
        loop {
            match api.watch_metadata(&parameters, "0").await {
                Ok(events) => {
                    let mut events = std::pin::pin!(events);
                    while let Some(event) = events.next().await {
                        match event {
                            Ok(WatchEvent::Bookmark(_)) => {}
                            Ok(WatchEvent::Error(_)) | Err(_) => break,
                            Ok(_) => hint.notify_one(),
                        }
                    }
                }
                Err(error) => debug!(
                    kind = kind.name(),
                    error = &*cut(&error.to_string()),
                    "Watch failed"
                ),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let resource = match kind {
            Kind::Mutating => ApiResource::erase::<MutatingWebhookConfiguration>(&()),
            Kind::Validating => ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
        };
        Api::all_with(self.client.clone(), &resource)
    }

    fn registration(&self, kind: Kind, object: &DynamicObject) -> Registration {
        Registration::new(kind, &object.data["webhooks"], &self.hosts)
    }
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar")
            .field("name", &self.name)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
