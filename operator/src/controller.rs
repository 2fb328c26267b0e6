//! The loop: what has to be reconciled, in which order, and what comes of it.
//!
//! ```text
//! watches, sessions ─ Trigger ─▶ Queue ─▶ reconcile ─ Outcome ─▶ Queue
//! ```

mod targets;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kube_support::{Queue, Urgency};
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::warn;

use crate::context::Context;
use crate::metrics::Kind;
use crate::names::{Name, StoreId};
use crate::objects::{store_refs, target};
use crate::work::{Key, Outcome, Trigger};
use crate::{cluster_external_secret, external_secret, push_secret, store};
use targets::Targets;

/// How long what is in work at the end may take: less than Kubernetes waits for a pod.
const LEAVING: Duration = Duration::from_secs(20);

/// Objects that are in work at the same time, whatever their stores.
const MOST: usize = 64;

/// How long after its store became ready an object is tried.
const GATHER: Duration = Duration::from_millis(900);

/// How long after somebody made a Secret an object looks at it that waits for it. Whole seconds tell
/// one sync from the next.
const SOON: Duration = Duration::from_secs(1);

/// Who shares places in the queue: the objects of one store, and each store by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Group {
    None,
    Of(StoreId),
    Checks(StoreId),
}

/// The wait after the first failure. A store is woken by what it refers to, and wakes its objects.
fn first_wait(key: &Key) -> Duration {
    match key {
        Key::ExternalSecret(_) | Key::ClusterExternalSecret(_) | Key::PushSecret(_) => {
            Duration::from_secs(3)
        }
        Key::Store(_) => Duration::from_secs(4),
    }
}

/// The series of a key in the metrics.
fn series(key: &Key) -> (Kind, Name) {
    match key {
        Key::ExternalSecret(name) => (Kind::ExternalSecret, name.clone()),
        Key::Store(id) => (Kind::of(id), id.0.clone()),
        Key::ClusterExternalSecret(name) => (Kind::ClusterExternalSecret, name.clone()),
        Key::PushSecret(name) => (Kind::PushSecret, name.clone()),
    }
}

/// See the module.
pub(crate) struct Controller {
    context: Arc<Context>,
    queue: Queue<Key, Group, Instant>,
    /// When each key that is ready became so.
    since: HashMap<Key, Instant>,
    work: JoinSet<Outcome>,
    in_work: HashMap<Id, Key>,
    targets: Targets,
}

impl Controller {
    /// A controller that has `places` objects of one store in work at a time.
    pub(crate) fn new(context: Arc<Context>, places: usize) -> Self {
        Self {
            context,
            queue: Queue::new(places),
            since: HashMap::new(),
            work: JoinSet::new(),
            in_work: HashMap::new(),
            targets: Targets::default(),
        }
    }

    /// Reconciles while this replica leads, until `stop`. What is in work then is brought to its end.
    pub(crate) async fn run(
        mut self,
        mut triggers: mpsc::UnboundedReceiver<Trigger>,
        mut leads: watch::Receiver<bool>,
        stop: impl Future<Output = ()>,
    ) {
        tokio::pin!(stop);
        loop {
            let is_leader = *leads.borrow_and_update();
            if is_leader {
                self.start();
            }
            let wake_at = self.queue.wake_at().filter(|_| is_leader);
            let sleep = async {
                match wake_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(trigger) = triggers.recv() => self.take(trigger),
                Some(done) = self.work.join_next_with_id() => self.finish(done),
                Ok(()) = leads.changed() => {}
                () = sleep => {}
                () = &mut stop => break,
            }
        }
        let end = async { while self.work.join_next().await.is_some() {} };
        if timeout(LEAVING, end).await.is_err() {
            warn!(
                "what was in work at the end is given up: Vault or the API server does not answer"
            );
        }
    }

    fn take(&mut self, trigger: Trigger) {
        match trigger {
            Trigger::New(key) => self.add(key, Urgency::First),
            Trigger::Changed(key) => self.add(key, Urgency::Change),
            Trigger::Wake(keys) => keys
                .into_iter()
                .for_each(|key| self.add(key, Urgency::Change)),
            Trigger::Soon(key) => {
                let group = self.group(&key);
                self.queue.add_at(key, group, Instant::now() + SOON);
            }
            Trigger::StoreReady(id) => {
                // Together with what else changes at such a moment.
                let at = Instant::now() + GATHER;
                let reading = self.context.objects.waiting_for(&id).into_iter();
                let pushing = self.context.objects.waiting_to_push(&id).into_iter();
                let keys = reading
                    .map(Key::ExternalSecret)
                    .chain(pushing.map(Key::PushSecret));
                for key in keys {
                    let group = self.group(&key);
                    self.queue.add_at(key, group, at);
                }
            }
        }
    }

    fn add(&mut self, key: Key, urgency: Urgency) {
        let group = self.group(&key);
        self.since.insert(key.clone(), Instant::now());
        self.queue.add(key, group, urgency);
    }

    fn group(&self, key: &Key) -> Group {
        match key {
            Key::Store(id) => Group::Checks(id.clone()),
            Key::ClusterExternalSecret(_) => Group::None,
            Key::PushSecret(name) => {
                let object = self.context.objects.push_secret(name);
                let stores = object.iter().flat_map(|it| &it.spec.secret_store_refs);
                let mut stores = stores.flat_map(|reference| {
                    self.context
                        .objects
                        .stores_meant(reference, &name.namespace)
                });
                stores.next().map_or(Group::None, |(id, _)| Group::Of(id))
            }
            Key::ExternalSecret(name) => {
                let object = self.context.objects.external_secret(name);
                let store = object
                    .as_deref()
                    .and_then(|object| store_refs(object).next());
                store.map_or(Group::None, |store| {
                    Group::Of(StoreId::of(store, &name.namespace))
                })
            }
        }
    }

    /// Whether nobody else writes the Secret of an object just now.
    fn may_start(&mut self, key: &Key) -> bool {
        let Key::ExternalSecret(name) = key else {
            return true;
        };
        let object = self.context.objects.external_secret(name);
        object.is_none_or(|object| self.targets.enter(target(&object), key))
    }

    /// Starts what there is a place for.
    fn start(&mut self) {
        let now = Instant::now();
        while self.work.len() < MOST
            && let Some(key) = self.queue.next(now)
        {
            if !self.may_start(&key) {
                self.queue.done(&key);
                continue;
            }
            // What became ready by its time did so at most a moment ago.
            let since = self.since.remove(&key).unwrap_or(now);
            let (context, of) = (Arc::clone(&self.context), key.clone());
            let task = self.work.spawn(async move {
                let began = Instant::now();
                let key_of = of.clone();
                let (kind, name) = series(&of);
                let outcome = match of {
                    Key::ExternalSecret(name) => {
                        external_secret::reconcile(&context, &name, since).await
                    }
                    Key::Store(id) => store::reconcile(&context, &id).await,
                    Key::ClusterExternalSecret(name) => {
                        cluster_external_secret::reconcile(&context, &name).await
                    }
                    Key::PushSecret(name) => push_secret::reconcile(&context, &name, since).await,
                };
                if context.knows(&key_of) {
                    context.metrics.reconciled(kind, &name, began.elapsed());
                } else {
                    context.metrics.forget(kind, &name);
                }
                outcome
            });
            self.in_work.insert(task.id(), key);
        }
    }

    fn finish(&mut self, done: Result<(Id, Outcome), JoinError>) {
        let (id, outcome) = match done {
            Ok(done) => done,
            Err(error) => (error.id(), Outcome::Retry),
        };
        let Some(key) = self.in_work.remove(&id) else {
            return;
        };
        for waiting in self.targets.leave(&key) {
            self.add(waiting, Urgency::First);
        }
        let now = Instant::now();
        match outcome {
            Outcome::Settled => self.queue.done(&key),
            Outcome::Again(wait) => {
                self.queue.done(&key);
                let group = self.group(&key);
                self.queue.add_at(key, group, now + wait);
            }
            Outcome::Retry => {
                let wait = self.queue.failed(&key, first_wait(&key));
                let group = self.group(&key);
                self.queue.add_at(key, group, now + wait);
            }
            Outcome::Now => {
                self.queue.done(&key);
                self.add(key, Urgency::Change);
            }
        }
    }
}
