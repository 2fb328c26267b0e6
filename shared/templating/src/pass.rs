//! The state of one pass over a template: what it asked for and what was not there.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use text_template::{Arguments, CallError, Host, Value};

use crate::effect::{Effects, FileWrite};
use crate::functions::{self, Scratch};
use crate::{Context, Found, Request, Secret};

pub(crate) struct Pass<'a> {
    pub(crate) context: &'a Context<'a>,
    entries: &'a [functions::Entry],
    pub(crate) used: BTreeSet<Request>,
    pub(crate) missing: BTreeSet<Request>,
    /// Something that may be secret was read: from here on errors show no values.
    pub(crate) confidential: bool,
    pub(crate) effects: Effects,
    pub(crate) scratch: Arc<Scratch>,
    /// Secrets with maps of their own, in a pass that changes them; else they are shared.
    own_secrets: Option<BTreeMap<Request, Value>>,
    /// How many bytes a text may have that a function makes.
    pub(crate) limit: usize,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(context: &'a Context<'a>, entries: &'a [functions::Entry]) -> Self {
        Self {
            context,
            entries,
            used: BTreeSet::new(),
            missing: BTreeSet::new(),
            confidential: false,
            effects: Effects::default(),
            scratch: Arc::default(),
            own_secrets: None,
            limit: 0,
        }
    }

    /// The same pass from its start, with secrets that it may change. The change ends with it.
    pub(crate) fn with_own_secrets(self) -> Self {
        Self {
            own_secrets: Some(BTreeMap::new()),
            ..Self::new(self.context, self.entries)
        }
    }

    /// A secret that was looked up, as the template sees it.
    pub(crate) fn secret(&mut self, request: Request, secret: &Secret) -> Result<Value, CallError> {
        let Some(own) = &mut self.own_secrets else {
            return Ok(secret.value());
        };
        Ok(match own.entry(request) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place.insert(secret.own_value()?).clone(),
        })
    }

    /// Asks for something and notes it down.
    pub(crate) fn lookup(&mut self, request: Request) -> Option<Found> {
        let found = self.context.secrets.lookup(&request);
        match &found {
            Some(Found::List(_) | Found::Refused(_)) => {}
            Some(_) => self.confidential = true,
            None => {
                self.missing.insert(request.clone());
            }
        }
        self.used.insert(request);
        found
    }

    /// Notes down a file to be written.
    pub(crate) fn write(&mut self, file: FileWrite) -> Result<(), CallError> {
        self.effects.add(file, self.limit)
    }

    /// Is a value of this many bytes small enough?
    pub(crate) fn check_size(&self, size: usize) -> Result<(), CallError> {
        if size <= self.limit {
            return Ok(());
        }
        let limit = self.limit;
        Err(CallError::new(format!(
            "the value takes more than {limit} bytes"
        )))
    }

    /// A variable of the environment, which may hold a secret.
    pub(crate) fn env(&mut self, name: &str) -> Option<String> {
        let value = (self.context.env)(name);
        self.confidential |= value.as_ref().is_some_and(|value| !value.is_empty());
        value
    }
}

impl Host for Pass<'_> {
    fn call(
        &mut self,
        function: usize,
        arguments: Arguments<'_>,
        limit: usize,
    ) -> Result<Value, CallError> {
        self.limit = limit;
        match self.entries[function] {
            functions::Entry::Known(function) => (function.body)(self, arguments),
            functions::Entry::Denied => Err(CallError::new("function is disabled")),
        }
    }
}
