//! From secrets to files: each template on its own.
//!
//! ```text
//! secret changed ─▶ the pages that use it ─▶ render ─┬─ complete ─▶ file ─▶ replaced? ─▶ command
//!                                                    ├─ waiting: has the store fetch what is missing
//!                                                    └─ failed: this page only
//! ```
//!
//! Before all pages were rendered once, what cannot be had may end the agent, as configured, but only
//! after the other pages are done; a broken template ends a single render soon, whatever they wait for.
//! After that nothing ends it and no file is ever taken away.

pub(crate) mod debounce;
mod effect;
mod page;
mod takeover;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use secret_files::Reader;
use templating::{Request, Secrets};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use crate::auth::Deliveries;
use crate::command::Commands;
use crate::config::{Environment, Settings, TemplateSettings};
use crate::exec::{LatestValues, Values};
use crate::ready::Marker;
use crate::state::Kept;
use crate::status::{Inquiries, RenderReport};
use crate::store::Store;
use page::{Exchange, Page, Pass};
use upkeep::Upkeep;

pub(crate) use page::{check, name_of, parsed};

/// How long a single render that cannot succeed goes on for the sake of other files. Kubernetes shows
/// why an init container failed only when it has ended.
const TIME_FOR_OTHERS: Duration = Duration::from_secs(5);

/// Files that one line of the log names.
const MOST_NAMED: usize = 10;

/// The templates of an agent.
pub(crate) struct Renderer {
    pages: Vec<Page>,
    reader: Reader,
    users: HashMap<Request, BTreeSet<usize>>,
    store: Store,
    commands: Commands,
    environment: Environment,
    deliveries: Deliveries,
    logs_in: bool,
    exit_on_failure: bool,
    once: bool,
    was_complete: bool,
    upkeep: Upkeep,
    /// Certificates in the files of an earlier agent.
    left: BTreeMap<Request, Kept>,
    /// When a single render ends that cannot succeed.
    ends_at: Option<Instant>,
    marker: Marker,
    inquiries: (Inquiries, mpsc::Receiver<oneshot::Sender<RenderReport>>),
    values: watch::Sender<Option<Arc<Values>>>,
    exchanges: (
        mpsc::Sender<Vec<TemplateSettings>>,
        mpsc::Receiver<Vec<TemplateSettings>>,
    ),
}

/// The first complete render did not come about.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RenderError {
    /// Templates that could not be rendered, each with its reason.
    #[error("not rendered: {}", .0.join("; "))]
    Templates(Vec<String>),
}

impl Renderer {
    /// Reads the templates. One that does not parse fails by itself, later.
    pub(crate) fn new(
        settings: &Settings,
        store: Store,
        deliveries: Deliveries,
        marker: Marker,
        reader: Reader,
    ) -> Self {
        Self {
            pages: Page::all(&settings.templates, &reader),
            reader,
            users: HashMap::new(),
            store,
            commands: Commands::new(settings.command_environment.clone()),
            environment: settings.environment.clone(),
            deliveries,
            logs_in: settings.login.is_some(),
            exit_on_failure: settings.rendering.exit_on_retry_failure,
            once: settings.exit_after_auth,
            was_complete: false,
            upkeep: Upkeep::new(settings.rendering.refresh.interval()),
            left: BTreeMap::new(),
            ends_at: None,
            marker,
            inquiries: mpsc::channel(4),
            values: watch::Sender::new(None),
            exchanges: mpsc::channel(1),
        }
    }

    /// Where to ask how it goes.
    pub(crate) fn inquiries(&self) -> Inquiries {
        self.inquiries.0.clone()
    }

    /// The variables of the program, once all of them are there, and again when one has changed.
    pub(crate) fn values(&self) -> LatestValues {
        self.values.subscribe()
    }

    /// Takes the templates that are to be rendered from now on.
    pub(crate) fn exchanges(&self) -> mpsc::Sender<Vec<TemplateSettings>> {
        self.exchanges.0.clone()
    }

    /// Renders whatever changes. Ends after the first complete render where that is wanted, and with
    /// an error where it cannot come about.
    pub(crate) async fn run(mut self) -> Result<(), RenderError> {
        info!(target: "agent.template.server", "starting template server");
        let environment = |name: &str| self.environment.get(name).map(str::to_owned);
        self.left = takeover::certificates(&self.pages, &environment, &self.reader);
        let mut due: BTreeSet<usize> = (0..self.pages.len()).collect();
        self.deliveries.mark_changed();
        loop {
            for index in std::mem::take(&mut due) {
                self.render(index);
            }
            if self.upkeep.has_lost {
                self.upkeep.has_lost = !self.pages.iter().all(Page::is_in_place);
            }
            // A template that changes later is to have its own.
            self.left.clear();
            if let Some(end) = self.end() {
                return end;
            }
            let next_check = self.next_check();
            let retries = self.pages.iter().filter_map(Page::retry_at);
            let retry_at = retries.chain(self.ends_at).min();
            tokio::select! {
                changed = self.store.changed() => {
                    due = self.pages_of(&changed);
                    if self.was_complete {
                        due.retain(|index| !self.pages[*index].postpone());
                    }
                }
                () = self.commands.finished() => {}
                Some(answer) = self.inquiries.1.recv() => {
                    // Who asked may have gone.
                    let _ = answer.send(self.report());
                }
                Some(templates) = self.exchanges.1.recv() => self.exchange(&templates),
                () = at(retry_at) => due = self.pages_to_retry(),
                () = at(next_check) => due = self.check_files(),
                Ok(()) = self.deliveries.changed() => {
                    if self.deliveries.borrow_and_update().is_some() {
                        info!(target: "agent.template.server", "template server received new token");
                    }
                }
            }
        }
    }

    fn render(&mut self, index: usize) {
        let secrets: &dyn Secrets = &self.store;
        let environment = |name: &str| self.environment.get(name).map(str::to_owned);
        let page = &mut self.pages[index];
        let Some(pass) = page.render(secrets, &environment) else {
            return;
        };
        let (before, rest) = self.pages.split_at_mut(index);
        if let Some((page, behind)) = rest.split_first_mut() {
            for other in before.iter_mut().chain(behind) {
                other.leave_files_to(page.placed());
            }
        }
        let Pass {
            wanted,
            unwanted,
            replaced,
        } = pass;
        for request in wanted {
            let name = self.pages[index].name_of(&request);
            let left = self.left.remove(&request);
            self.store.want(&request, &name, left);
            self.users.entry(request).or_default().insert(index);
        }
        for request in unwanted {
            self.store.release(&request);
            if let Some(users) = self.users.get_mut(&request) {
                users.remove(&index);
                if users.is_empty() {
                    self.users.remove(&request);
                }
            }
        }
        if replaced && let Some(command) = self.pages[index].command() {
            self.commands.trigger(command);
        }
    }

    fn report(&mut self) -> RenderReport {
        self.pages.iter_mut().for_each(Page::recognize);
        RenderReport {
            complete: self.was_complete && self.pages.iter().all(Page::is_in_place),
            templates: self
                .pages
                .iter()
                .map(|page| page.status(&self.store))
                .collect(),
            secrets: self.store.statuses(),
            commands: self.commands.statuses(),
        }
    }

    fn pages_of(&self, changed: &[Arc<Request>]) -> BTreeSet<usize> {
        let users = changed
            .iter()
            .filter_map(|request| self.users.get(&**request));
        users.flatten().copied().collect()
    }

    fn pages_to_retry(&self) -> BTreeSet<usize> {
        let now = Instant::now();
        let is_due = |page: &Page| page.retry_at().is_some_and(|at| at <= now);
        let pages = self.pages.iter().enumerate();
        pages
            .filter(|(_, page)| is_due(page))
            .map(|(index, _)| index)
            .collect()
    }

    /// When files are checked next; never where there are none, or the agent is about to end.
    fn next_check(&self) -> Option<Instant> {
        let has_files = !self.once && self.pages.iter().any(Page::has_files);
        has_files.then(|| self.upkeep.next())
    }

    /// Notes whether all files are as they were left. Returns the pages to render again for those
    /// that are not.
    fn check_files(&mut self) -> BTreeSet<usize> {
        self.pages.iter_mut().for_each(Page::recognize);
        let pages = self.pages.iter().enumerate();
        let lost = pages.filter(|(_, page)| !page.is_in_place());
        let lost: BTreeSet<usize> = lost.map(|(index, _)| index).collect();
        let pages = self.pages.iter_mut();
        let mut news: Vec<String> = pages.flat_map(Page::new_losses).collect();
        if !news.is_empty() {
            let more = news.len().saturating_sub(MOST_NAMED);
            news.truncate(MOST_NAMED);
            if more > 0 {
                news.push(format!("and {more} more"));
            }
            warn!(
                target: "agent.template.server",
                "files were removed or changed by somebody else, and will be rendered again: {}",
                news.join(", ")
            );
            self.marker.clear();
        }
        if self.upkeep.checked(!lost.is_empty(), Instant::now()) {
            lost
        } else {
            BTreeSet::new()
        }
    }

    /// Whether, and how, this is the end.
    fn end(&mut self) -> Option<Result<(), RenderError>> {
        if !self.was_complete {
            self.was_complete = self.pages.iter().all(Page::is_done);
            if self.was_complete && !self.pages.is_empty() {
                info!(target: "agent.template.server", "all templates rendered");
            }
        }
        if self.was_complete {
            self.publish();
        }
        let is_logged_in = !self.logs_in || self.deliveries.borrow().is_some();
        if self.was_complete && is_logged_in && !self.upkeep.has_lost {
            self.marker.set();
        }
        if self.was_complete {
            if !self.once || !is_logged_in || !self.commands.is_idle() {
                return None;
            }
            // The files are there, and the application that they are for waits for this end.
            for failure in self
                .commands
                .statuses()
                .iter()
                .filter_map(|it| it.error.as_ref())
            {
                warn!(target: "agent", error = %failure, "exiting with 0 although a command failed, because all files are written");
            }
            return Some(Ok(()));
        }
        let is_hopeless = self.once && self.pages.iter().any(Page::is_hopeless);
        let now = Instant::now();
        self.ends_at = is_hopeless.then(|| self.ends_at.unwrap_or(now + TIME_FOR_OTHERS));
        let is_over = self.ends_at.is_some_and(|end| end <= now);
        let ends =
            self.exit_on_failure || is_hopeless || self.pages.iter().any(Page::cannot_be_set);
        let settled = |page: &Page| page.is_done() || page.failure(&self.store).is_some();
        let are_settled = || self.commands.is_idle() && self.pages.iter().all(settled);
        if !ends || !(is_over || are_settled()) {
            return None;
        }
        let unrendered = self.pages.iter().filter(|page| !page.is_done());
        let reasons = unrendered
            .filter_map(|page| page.failure(&self.store))
            .collect();
        error!(target: "agent.template.server", "template server: not all templates can be rendered");
        Some(Err(RenderError::Templates(reasons)))
    }
}

impl Renderer {
    /// Goes over to other templates, or to other texts of the same ones. Those that are as they were
    /// keep their files, secrets and leases; one that is wrong leaves all as it is.
    fn exchange(&mut self, templates: &[TemplateSettings]) {
        let Exchange {
            pages,
            changed,
            unwanted,
        } = match Page::exchange(&mut self.pages, templates, &self.reader) {
            Ok(exchange) => exchange,
            Err(reason) => {
                error!(target: "agent.template.server", error = %reason, "changed templates cannot be used, the old ones are kept");
                return;
            }
        };
        self.pages = pages;
        self.users.clear();
        for (index, page) in self.pages.iter().enumerate() {
            for request in page.used() {
                self.users.entry(request.clone()).or_default().insert(index);
            }
        }
        if !changed.is_empty() || !unwanted.is_empty() {
            let (changed, templates) = (changed.len(), self.pages.len());
            info!(target: "agent.template.server", changed, templates, "templates changed");
        }
        for index in changed {
            self.render(index);
        }
        // Only now, so that a secret that the new text uses as well is never without a user.
        for request in unwanted.into_iter().flatten() {
            self.store.release(&request);
        }
    }

    fn publish(&mut self) {
        if !self.pages.iter().all(Page::is_done) {
            // A variable was added, and is not there yet.
            return;
        }
        let values: Values = self.pages.iter().filter_map(Page::variable).collect();
        self.values.send_if_modified(|latest| {
            let is_new = latest.as_deref() != Some(&values);
            if is_new {
                *latest = Some(Arc::new(values));
            }
            is_new
        });
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
