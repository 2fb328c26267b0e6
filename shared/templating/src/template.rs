//! A parsed template and its rendering.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use text_template::fmt::Printed;
use text_template::{Limits, MissingKey, Value};
use zeroize::Zeroizing;

use crate::functions::{Entry, clean_path, function_set};
use crate::handlebars;
use crate::pass::Pass;
use crate::{Engine, FileWrite, Partials, Request, Secrets, TemplateError};

/// How a template's text is read. [`Default`] is what an annotation without options means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What people call the template; shown in errors.
    pub name: String,
    /// The language of the text.
    pub engine: Engine,
    /// What a Handlebars template can include by name.
    pub partials: Partials,
    /// Opens an action; empty means `{{`.
    pub left_delimiter: String,
    /// Closes an action; empty means `}}`.
    pub right_delimiter: String,
    /// Reading a key that a map does not have is an error instead of `<no value>`.
    pub error_on_missing_key: bool,
    /// Names or globs (`sprig_*`) of functions that must not run.
    pub function_denylist: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: String::new(),
            engine: Engine::default(),
            partials: Partials::default(),
            left_delimiter: String::from("{{"),
            right_delimiter: String::from("}}"),
            error_on_missing_key: false,
            function_denylist: Vec::new(),
        }
    }
}

/// A template that parsed. Immutable; render it as often as needed.
pub struct Template {
    name: String,
    text: Box<str>,
    pub(crate) parsed: Parsed,
}

pub(crate) enum Parsed {
    Go {
        parsed: text_template::Template,
        entries: Arc<[Entry]>,
    },
    Handlebars(Box<handlebars::Parsed>),
}

/// What a render may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The door to secrets.
    pub secrets: &'a dyn Secrets,
    /// The environment, by name.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The time that the template sees; the system's where `None`.
    pub now: Option<SystemTime>,
    /// Where set, `file` reads only below this directory.
    pub sandbox: Option<&'a Path>,
    /// Where set, it stands in the text in place of each value that an action prints: for people who
    /// are to see the text without its secrets. The files of `writeToFile` are as they are.
    pub mask: Option<&'a str>,
}

impl<'a> Context<'a> {
    /// A context with the system's clock, and neither sandbox nor mask.
    pub fn new(secrets: &'a dyn Secrets, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            secrets,
            env,
            now: None,
            sandbox: None,
            mask: None,
        }
    }
}

/// What one pass over a template gave.
pub struct Render {
    /// Everything that the template asked for in this pass, there or not.
    pub used: BTreeSet<Request>,
    /// The files that `writeToFile` asks for, one entry a path, in order. To be applied where the
    /// content differs; empty unless the pass is complete.
    pub effects: Vec<FileWrite>,
    /// The text, or what it waits for.
    pub outcome: Outcome,
}

/// The end of a pass.
pub enum Outcome {
    /// All was there: the bytes of the file.
    Complete(Zeroizing<Vec<u8>>),
    /// Not all was there. More may be asked for once these are.
    Waiting {
        /// What was not there yet.
        missing: BTreeSet<Request>,
    },
}

impl Template {
    /// Reads a template. Unknown functions and variables are errors here, in untaken branches too.
    pub fn parse(source: &str, options: Options) -> Result<Self, TemplateError> {
        if options.engine == Engine::Handlebars {
            let parsed = handlebars::parse(source, &options)?;
            return Ok(Self {
                name: options.name,
                text: source.into(),
                parsed: Parsed::Handlebars(Box::new(parsed)),
            });
        }
        let (functions, entries) = function_set(&options.function_denylist);
        let known = functions.clone();
        let parsed = text_template::Template::parse(
            source,
            functions,
            &text_template::Options {
                // Go's texts have no name here: people search for them without one.
                name: "",
                left_delimiter: &options.left_delimiter,
                right_delimiter: &options.right_delimiter,
                missing_key: if options.error_on_missing_key {
                    MissingKey::Error
                } else {
                    MissingKey::Zero
                },
                limits: Limits::default(),
            },
        );
        match parsed {
            Ok(parsed) => Ok(Self {
                name: options.name,
                text: source.into(),
                parsed: Parsed::Go { parsed, entries },
            }),
            Err(error) => Err(TemplateError::parse(options.name, source, &error, &known)),
        }
    }

    /// Whether a name stands in the template's own text. A name that does not was made of values, and
    /// may be or hold a secret: it should be shown nowhere.
    pub fn mentions(&self, name: &str) -> bool {
        // The path of a file is cleaned before it is asked for.
        let mut literals = self.text.split(['"', '`', '\'']);
        self.text.contains(name) || literals.any(|path| clean_path(path.trim()) == name)
    }

    /// One pass with what is there now. A pass that lacks something and fails waits for it: what is
    /// missing may be why.
    pub fn render(&self, context: &Context<'_>) -> Result<Render, TemplateError> {
        let (parsed, entries) = match &self.parsed {
            Parsed::Go { parsed, entries } => (parsed, entries),
            Parsed::Handlebars(parsed) => return parsed.render(&self.name, context),
        };
        let execute = |pass: &mut Pass<'_>| match context.mask {
            None => parsed.execute(Value::Nil, pass),
            Some(mask) => parsed.execute_masked(Value::Nil, pass, mask),
        };
        let mut pass = Pass::new(context, entries);
        let mut result = execute(&mut pass);
        if result
            .as_ref()
            .is_err_and(|error| error.message().is_of_fixed_map())
        {
            // The template changes a secret's map, which others share.
            pass = pass.with_own_secrets();
            result = execute(&mut pass);
        }
        let output = match result {
            Ok(output) => output,
            Err(_) if !pass.missing.is_empty() => Printed::default(),
            Err(error) => {
                let error = TemplateError::execute(&self.name, &error, pass.confidential);
                return Err(error.after(pass.used));
            }
        };
        Ok(finished(pass.used, pass.missing, pass.effects.0, output))
    }
}

/// The end of a pass: effects count only where nothing was missing.
pub(crate) fn finished(
    used: BTreeSet<Request>,
    missing: BTreeSet<Request>,
    effects: Vec<FileWrite>,
    output: Zeroizing<Vec<u8>>,
) -> Render {
    let (effects, outcome) = if missing.is_empty() {
        (effects, Outcome::Complete(output))
    } else {
        (Vec::new(), Outcome::Waiting { missing })
    };
    Render {
        used,
        effects,
        outcome,
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Render {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Render")
            .field("used", &self.used)
            .field("effects", &self.effects)
            .field("outcome", &self.outcome)
            .finish()
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete(_) => f.write_str("Complete(..)"),
            Self::Waiting { missing } => {
                f.debug_struct("Waiting").field("missing", missing).finish()
            }
        }
    }
}
