//! Where the configuration comes from, and its first reading.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::AgentConfig;
use contract::names::CONFIG_VARIABLE;

use super::validate::is_supported;
use super::{ConfigError, Environment, unknown};

/// Where the configuration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file with JSON.
    File(PathBuf),
    /// A variable with base64 of JSON.
    Variable(String),
}

/// A configuration as it was written.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: AgentConfig,
    /// Keys in it that nobody reads, as `template[0].destinaton`.
    pub unknown_keys: Vec<String>,
}

impl Loaded {
    /// The blocks in it that are read but have no effect here.
    pub fn ignored_blocks(&self) -> impl Iterator<Item = &'static str> {
        let config = &self.config;
        let blocks = [
            (
                "listener",
                config.listener.iter().any(|block| !is_supported(block)),
            ),
            (
                "cache",
                config
                    .cache
                    .as_ref()
                    .is_some_and(|cache| cache.persist.is_none()),
            ),
            ("telemetry", config.telemetry.is_some()),
            (
                "disable_idle_connections",
                !config.disable_idle_connections.is_empty(),
            ),
            (
                "disable_keep_alives",
                !config.disable_keep_alives.is_empty(),
            ),
        ];
        blocks
            .into_iter()
            .filter_map(|(name, is_there)| is_there.then_some(name))
    }
}

impl Source {
    /// What `-config` says; without one, the variable that the injector sets.
    pub fn choose(flag: Option<&str>, environment: &Environment) -> Result<Self, ConfigError> {
        match flag {
            Some(text) => Ok(match text.strip_prefix("env:") {
                Some(variable) => Self::Variable(variable.to_owned()),
                None => Self::File(text.into()),
            }),
            None if environment.get(CONFIG_VARIABLE).is_some() => {
                Ok(Self::Variable(CONFIG_VARIABLE.to_owned()))
            }
            None => Err(ConfigError::Missing),
        }
    }

    /// The files to watch for changes.
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::File(path) => vec![path.clone()],
            Self::Variable(_) => Vec::new(),
        }
    }

    /// Reads it.
    pub fn load(&self, environment: &Environment) -> Result<Loaded, ConfigError> {
        match self {
            Self::File(path) => {
                let origin = path.display().to_string();
                match std::fs::read_to_string(path) {
                    Ok(text) => parse(&text, origin),
                    Err(source) => Err(ConfigError::Read {
                        path: origin,
                        source,
                    }),
                }
            }
            Self::Variable(variable) => {
                let encoded = environment
                    .get(variable)
                    .ok_or_else(|| ConfigError::NotSet {
                        variable: variable.clone(),
                    })?;
                // People wrap long lines; the encoding has no blanks of its own.
                let encoded: String = encoded.split_whitespace().collect();
                let bytes = STANDARD
                    .decode(encoded)
                    .map_err(|source| ConfigError::Base64 {
                        variable: variable.clone(),
                        source,
                    })?;
                parse(&String::from_utf8_lossy(&bytes), variable.clone())
            }
        }
    }
}

fn parse(text: &str, origin: String) -> Result<Loaded, ConfigError> {
    if !text.trim_start().starts_with('{') {
        return Err(ConfigError::NotJson { origin });
    }
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|source| ConfigError::Json { origin, source })?;
    let config: AgentConfig = serde_path_to_error::deserialize(&value)
        .map_err(|error| ConfigError::value(error.path().to_string(), error.inner()))?;
    Ok(Loaded {
        config,
        unknown_keys: unknown::keys(&value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_environment(value: &str) -> Environment {
        [(CONFIG_VARIABLE.to_owned(), value.to_owned())]
            .into_iter()
            .collect()
    }

    #[test]
    fn the_variable_is_the_default_and_the_flag_wins() {
        let environment = mk_environment("e30=");
        let choose = |flag| Source::choose(flag, &environment).unwrap();
        assert_eq!(choose(None), Source::Variable("VAULT_CONFIG".into()));
        assert_eq!(choose(Some("env:OTHER")), Source::Variable("OTHER".into()));
        assert_eq!(choose(Some("/a.json")), Source::File("/a.json".into()));
        let error = Source::choose(None, &Environment::default()).unwrap_err();
        assert!(error.to_string().contains("-config=FILE"));
    }

    #[test]
    fn a_variable_holds_base64_of_json() {
        let source = Source::Variable(CONFIG_VARIABLE.into());
        let load = |value: &str| source.load(&mk_environment(value));
        // {"pid_file":"/p"}
        let loaded = load("eyJwaWRfZmlsZSI6\nIi9wIn0=\n").unwrap();
        assert_eq!(loaded.config.pid_file, "/p");
        assert!(matches!(load("{}"), Err(ConfigError::Base64 { .. })));
        assert!(matches!(load("YSA9IDE="), Err(ConfigError::NotJson { .. })));
        assert!(matches!(load("e30g7g=="), Err(ConfigError::Json { .. })));
        // {"exit_after_auth":"maybe"}
        let odd = load("eyJleGl0X2FmdGVyX2F1dGgiOiJtYXliZSJ9").unwrap_err();
        assert!(odd.to_string().starts_with("exit_after_auth: "), "{odd}");
        let unset = source.load(&Environment::default()).unwrap_err();
        assert!(unset.to_string().contains("VAULT_CONFIG is not set"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let source = Source::File("/nowhere/agent.json".into());
        let error = source.load(&Environment::default()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read /nowhere/agent.json")
        );
    }
}
