//! What one run of a template knows and notes down.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use text_template::{CallError, Value};

use super::OUTPUT_LIMIT;
use crate::effect::{Effects, FileWrite};
use crate::functions::Function;
use crate::pass::Pass;
use crate::{Context, Found, Request, Secrets};

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Calls of helpers and turns of loops.
const MOST_STEPS: usize = 1_000_000;
/// Bytes of all values together that helpers make.
const MOST_MADE: usize = 256 << 20;

/// What was found so far.
#[derive(Default)]
pub(super) struct Answers {
    found: BTreeMap<Request, Found>,
    env: BTreeMap<String, Option<String>>,
}

impl Answers {
    /// Looks for what a run asked for in vain; says whether anything is new.
    pub(super) fn complete(
        &mut self,
        missing: &BTreeSet<Request>,
        asked_env: &BTreeSet<String>,
        context: &Context<'_>,
    ) -> bool {
        let before = self.found.len() + self.env.len();
        for request in missing {
            if let Some(found) = context.secrets.lookup(request) {
                self.found.insert(request.clone(), found);
            }
        }
        for name in asked_env {
            self.env.insert(name.clone(), (context.env)(name));
        }
        self.found.len() + self.env.len() > before
    }
}

impl Secrets for Answers {
    fn lookup(&self, request: &Request) -> Option<Found> {
        self.found.get(request).cloned()
    }
}

pub(super) struct State {
    pub(super) answers: Answers,
    denylist: Arc<[String]>,
    now: Option<SystemTime>,
    sandbox: Option<PathBuf>,
    pub(super) used: BTreeSet<Request>,
    pub(super) missing: BTreeSet<Request>,
    pub(super) asked_env: BTreeSet<String>,
    pub(super) effects: Vec<FileWrite>,
    pub(super) confidential: bool,
    /// The error of a helper, which keeps values apart from words.
    pub(super) failure: Option<CallError>,
    steps: usize,
    made: usize,
}

impl State {
    pub(super) fn new(answers: Answers, denylist: &[String], context: &Context<'_>) -> Self {
        Self {
            answers,
            denylist: denylist.into(),
            now: context.now,
            sandbox: context.sandbox.map(Into::into),
            used: BTreeSet::new(),
            missing: BTreeSet::new(),
            asked_env: BTreeSet::new(),
            effects: Vec::new(),
            confidential: false,
            failure: None,
            steps: 0,
            made: 0,
        }
    }

    /// Counts steps of work.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), CallError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MOST_STEPS {
            return Err(CallError::new(format!(
                "the template takes more than {MOST_STEPS} steps"
            )));
        }
        Ok(())
    }

    /// Calls a function of the table.
    pub(super) fn call(
        &mut self,
        function: &Function,
        arguments: &[Value],
    ) -> Result<Value, CallError> {
        self.spend(1)?;
        if crate::functions::is_denied(&self.denylist, function.name()) {
            return Err(CallError::new("function is disabled"));
        }
        let (answers, asked) = (&self.answers, RefCell::new(BTreeSet::new()));
        let env = |name: &str| {
            if let Some(value) = answers.env.get(name) {
                return value.clone();
            }
            asked.borrow_mut().insert(name.to_owned());
            None
        };
        let context = Context {
            secrets: answers,
            env: &env,
            now: self.now,
            sandbox: self.sandbox.as_deref(),
            mask: None,
        };
        let mut pass = Pass::new(&context, &[]);
        pass.limit = OUTPUT_LIMIT;
        pass.effects = Effects(std::mem::take(&mut self.effects));
        let result = (function.body)(&mut pass, arguments);
        let Pass {
            used,
            missing,
            confidential,
            effects,
            ..
        } = pass;
        self.asked_env.append(&mut asked.into_inner());
        self.used.extend(used);
        self.missing.extend(missing);
        self.confidential |= confidential;
        self.effects = effects.0;
        let value = result?;
        let size = value.own_size();
        self.made = self.made.saturating_add(size);
        if self.made > MOST_MADE {
            return Err(CallError::new(format!(
                "all values of the template together take more than {MOST_MADE} bytes"
            )));
        }
        Ok(value)
    }
}

/// Runs `work` with a state, and gives the state back.
pub(super) fn scope<T>(state: State, work: impl FnOnce() -> T) -> (T, State) {
    STATE.set(Some(state));
    let result = work();
    let state = STATE.take();
    (
        result,
        state.expect("the state of a run must be there at its end"),
    )
}

/// Works on the state of the current run.
pub(super) fn with<T>(work: impl FnOnce(&mut State) -> Result<T, CallError>) -> Result<T, Failed> {
    STATE.with_borrow_mut(|state| {
        let state = state.as_mut().ok_or(Failed)?;
        work(state).map_err(|error| {
            state.failure = Some(error);
            Failed
        })
    })
}

/// A helper failed; the state knows why.
pub(super) struct Failed;

impl From<Failed> for handlebars::RenderError {
    fn from(_: Failed) -> Self {
        handlebars::RenderErrorReason::Other(String::from("a helper failed")).into()
    }
}
