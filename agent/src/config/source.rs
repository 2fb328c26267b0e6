//! Where the configuration comes from, and its first reading.

mod parts;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::AgentConfig;
use contract::agent_config::check::{self, Scope};
use contract::names::CONFIG_VARIABLE;
use secret_files::{limit, read_descriptor, read_text};
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::merge::merge;
use super::normal::{Normalised, UnknownKey, normalised};
use super::problems::{Found, Places, Problems, block_of};
use super::{ConfigError, Environment, Overrides, Settings, validate};

/// Where the configuration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file with HCL or JSON, or a directory of such files.
    Path(PathBuf),
    /// A variable with base64 of HCL or JSON.
    Variable(String),
    /// What a pipe gave under this name of a descriptor. It gives nothing twice.
    Pipe(PathBuf, PipeText),
}

/// The text from a pipe.
#[derive(Clone, PartialEq, Eq)]
pub struct PipeText(Zeroizing<String>);

impl fmt::Debug for PipeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeText").finish_non_exhaustive()
    }
}

/// A configuration as it was written.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The configuration, without what has a problem.
    pub config: AgentConfig,
    /// Keys in it that nobody reads.
    pub unknown_keys: Vec<UnknownKey>,
    places: Places,
    found: Found,
}

impl Source {
    /// The sources that `-config` names; without one, those of the variables. Reads pipes, which either
    /// may name: `-config=/dev/stdin`, and what a shell makes of `-config=<(…)`.
    ///
    /// # Errors
    ///
    /// If there is none, or a pipe cannot be read.
    pub fn choose(flags: &[String], environment: &Environment) -> Result<Vec<Self>, ConfigError> {
        if !flags.is_empty() {
            let sources = flags.iter().map(|text| match text.strip_prefix("env:") {
                Some(variable) => Ok(Self::Variable(variable.to_owned())),
                None => Self::named(text.into()),
            });
            return sources.collect();
        }
        let path = environment.vault("AGENT_CONFIG_PATH");
        if let Some(path) = path.filter(|path| !path.value.is_empty()) {
            return Ok(vec![Self::named(path.value.into())?]);
        }
        if environment.get(CONFIG_VARIABLE).is_some() {
            return Ok(vec![Self::Variable(CONFIG_VARIABLE.to_owned())]);
        }
        Err(ConfigError::Missing)
    }

    fn named(path: PathBuf) -> Result<Self, ConfigError> {
        match read_descriptor(&path, limit::DOCUMENT) {
            None => Ok(Self::Path(path)),
            Some(Ok(text)) => Ok(Self::Pipe(path, PipeText(text))),
            Some(Err(error)) => Err(unreadable(&path, error.into())),
        }
    }

    /// The files to watch for changes.
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Path(path) => files(path).unwrap_or_else(|_| vec![path.clone()]),
            Self::Variable(_) | Self::Pipe(..) => Vec::new(),
        }
    }

    /// The directory that gains and loses files of the configuration.
    pub fn directory(&self) -> Option<PathBuf> {
        match self {
            Self::Path(path) if path.is_dir() => Some(path.clone()),
            _ => None,
        }
    }
}

impl Loaded {
    /// Reads all sources, each on top of those before it. With `strict`, a key that nobody reads is
    /// a problem.
    pub fn of(sources: &[Source], environment: &Environment, strict: bool) -> Self {
        let mut loaded = Self::default();
        let mut empty = None;
        let mut is_there = false;
        for source in sources {
            match source {
                Source::Path(path) => {
                    let files = files(path).map_err(|source| unreadable(path, source));
                    let files = loaded.found.take(files);
                    if files.as_ref().is_some_and(Vec::is_empty) {
                        empty.get_or_insert(path);
                        continue;
                    }
                    is_there = true;
                    for file in files.unwrap_or_default() {
                        let text = read_text(&file, limit::DOCUMENT)
                            .map(|text| text.to_string())
                            .map_err(|source| unreadable(&file, source.into()));
                        loaded.add(text, &file.display().to_string());
                    }
                }
                Source::Pipe(path, text) => {
                    is_there = true;
                    loaded.add(Ok(text.0.to_string()), &path.display().to_string());
                }
                Source::Variable(variable) => {
                    is_there = true;
                    let text = parts::joined(variable, sources, environment);
                    let (origin, text) = match text {
                        Ok(joined) => {
                            let text = decoded(&joined.origin, &joined.text);
                            (joined.origin, text)
                        }
                        Err(error) => (variable.clone(), Err(error)),
                    };
                    loaded.add(text, &origin);
                }
            }
        }
        // A directory may be for additions that nobody has made.
        if let Some(path) = empty.filter(|_| !is_there) {
            let path = path.display().to_string();
            loaded.found.extend([ConfigError::EmptyDirectory { path }]);
        }
        if strict {
            let keys = std::mem::take(&mut loaded.unknown_keys);
            loaded
                .found
                .extend(keys.into_iter().map(ConfigError::Unknown));
        }
        loaded
    }

    /// What is accepted in it but has no effect, or hardly the one that is meant.
    pub fn warnings(&self) -> impl Iterator<Item = ConfigError> {
        let found = check::warnings(&self.config).into_iter();
        found.map(|warning| self.places.placed(warning.into()))
    }

    /// The problem that another part of the program found, with the place of the key if it is about one.
    pub fn problem(&self, key: Option<&str>, text: impl fmt::Display) -> ConfigError {
        let scope = key.map_or(Scope::Whole, Scope::within);
        self.places
            .placed(ConfigError::rule(scope, text.to_string()))
    }

    /// The configuration where all of it could be read.
    ///
    /// # Errors
    ///
    /// All that cannot be read.
    pub fn whole(self) -> Result<Self, Problems> {
        let found = Found::default();
        match self.found.problems() {
            None => Ok(Self { found, ..self }),
            Some(problems) => Err(problems),
        }
    }

    /// Checks the configuration as [`settings`](Self::settings) does, and the texts of its templates.
    /// What only this machine lacks comes first, and does not make it fail.
    ///
    /// # Errors
    ///
    /// All that is wrong on any machine.
    pub fn validate(
        self,
        overrides: Overrides,
        environment: &Environment,
    ) -> (Vec<ConfigError>, Result<(), Problems>) {
        let texts = validate::texts(&self.config).into_iter();
        let texts: Vec<_> = texts.map(|problem| self.places.placed(problem)).collect();
        let settings = self.settings(overrides, environment);
        let mut found = Found::default();
        found.extend(settings.err().into_iter().flatten());
        found.extend(texts);
        let (of_machine, others) = found.split();
        (of_machine, others.map_or(Ok(()), Err))
    }

    /// Checks the configuration and makes it typed.
    ///
    /// # Errors
    ///
    /// What could not be read, and what is wrong with the rest. What may only follow from a part
    /// that could not be read is left out.
    pub fn settings(
        self,
        overrides: Overrides,
        environment: &Environment,
    ) -> Result<Settings, Problems> {
        let checked = Settings::from_config(&self.config, overrides, environment);
        let mut found = self.found;
        let damage = Damage::of(&found);
        let settings = match checked {
            Ok(settings) => Some(settings),
            Err(problems) => {
                let problems = problems.into_iter();
                let own = problems.filter(|problem| !damage.may_cause(problem));
                found.extend(own.map(|problem| self.places.placed(problem)));
                None
            }
        };
        found.done(settings)
    }

    fn add(&mut self, text: Result<String, ConfigError>, origin: &str) {
        let document = text.and_then(|text| {
            hcl::parse(&text).map_err(|source| ConfigError::Syntax {
                origin: origin.to_owned(),
                source,
            })
        });
        let Some(document) = self.found.take(document) else {
            return;
        };
        let Normalised {
            tree,
            unknown,
            problems,
        } = normalised(&document, origin, &self.config, &mut self.places);
        self.unknown_keys.extend(unknown);
        self.found.extend(problems);
        // What the types refuse has been found by key and place before.
        let config = serde_json::from_value(Json::Object(tree))
            .map_err(|error| ConfigError::rule(Scope::Whole, format!("{origin}: {error}")));
        if let Some(config) = self.found.take(config) {
            self.config = merge(std::mem::take(&mut self.config), config);
        }
    }
}

/// What of a configuration could not be read.
enum Damage {
    None,
    /// Something in these blocks, each of those that may repeat by itself.
    Blocks(BTreeSet<String>),
    /// Nobody knows what.
    Unknown,
}

impl Damage {
    fn of(found: &Found) -> Self {
        let mut blocks = BTreeSet::new();
        for problem in found.iter() {
            let (ConfigError::Written { key, .. } | ConfigError::Unknown(UnknownKey { key, .. })) =
                problem
            else {
                return Self::Unknown;
            };
            blocks.insert(block_of(key).to_owned());
        }
        if blocks.is_empty() {
            Self::None
        } else {
            Self::Blocks(blocks)
        }
    }

    /// Whether a problem might not be one, had everything been read. A rule between blocks is about
    /// several keys, any of which may be among the missing ones.
    fn may_cause(&self, problem: &ConfigError) -> bool {
        match (self, problem) {
            (Self::None, _) => false,
            (_, ConfigError::Machine(inner)) => self.may_cause(inner),
            (
                Self::Blocks(blocks),
                ConfigError::Value { key, .. }
                | ConfigError::Rule {
                    scope: Scope::Within(key),
                    ..
                },
            ) => blocks
                .iter()
                .any(|block| is_or_has(block_of(key), block) || is_or_has(block, block_of(key))),
            (Self::Blocks(_) | Self::Unknown, _) => true,
        }
    }
}

/// Whether a block is this one, or one of those with this name: `template` has `template[0]`.
fn is_or_has(name: &str, block: &str) -> bool {
    let rest = block.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

fn unreadable(path: &Path, source: io::Error) -> ConfigError {
    ConfigError::Read {
        path: path.display().to_string(),
        source,
    }
}

/// The file itself, or what a directory has of `*.hcl` and `*.json`, by name. What editors leave
/// behind does not count, nor do directories in it.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy());
        if name.is_some_and(|name| is_configuration(&name)) && std::fs::metadata(&path)?.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn is_configuration(name: &str) -> bool {
    let ending = Path::new(name).extension();
    let left_by_an_editor = name.ends_with('~')
        || name.starts_with(".#")
        || (name.starts_with('#') && name.ends_with('#'));
    ending.is_some_and(|ending| ending == "hcl" || ending == "json") && !left_by_an_editor
}

fn decoded(variable: &str, encoded: &str) -> Result<String, ConfigError> {
    // People wrap long lines; the encoding has no blanks of its own.
    let encoded: String = encoded.split_whitespace().collect();
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|source| ConfigError::Base64 {
            variable: variable.to_owned(),
            source,
        })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
