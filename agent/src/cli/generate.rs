//! `generate-config -type=env-template`: a configuration of exec mode from what lies in KV.
//!
//! ```text
//! -path ─▶ its mount (KV 1 or 2) ─▶ the secrets at and below it ─▶ their keys ─▶ text ─▶ FILE
//! ```
//!
//! Only the names of keys are kept of what is read: no value reaches the file or a message.

mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;
use vault_api::kv::Mount;
use vault_api::{Client, JsonError, Session};

use super::ClientFlags;
use super::token::{OwnTokenError, home, own_token};
use crate::config::{self, ConfigError, Environment};
use crate::files::{FileError, Target, Written};
use text::{Configuration, Secret};

/// What to generate, and where to.
#[derive(Clone, Debug, Args)]
pub struct GenerateFlags {
    /// Kind of the configuration.
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    pub kind: ConfigType,

    /// Command line of the program that gets the variables.
    #[arg(long, value_name = "COMMAND", default_value = "env")]
    pub exec: String,

    /// A secret of KV, or a folder of them with all below it, as secret/app/*; may be repeated.
    #[arg(long, value_name = "PATH", required = true)]
    pub path: Vec<String>,

    /// The file to write. What stands there is kept as FILE.bak.
    #[arg(value_name = "FILE", default_value = "agent.hcl")]
    pub file: PathBuf,

    /// How to reach Vault.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// Kind of a generated configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConfigType {
    /// A program with a variable for each key of the secrets.
    EnvTemplate,
}

/// Why no configuration was written.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// The command line is no command line.
    #[error("-exec: {0}")]
    Exec(&'static str),
    /// A path that cannot be one.
    #[error("-path={path}: {reason}")]
    Path {
        /// As given.
        path: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// Vault's answer for a path.
    #[error("-path={path}: {source}")]
    Vault {
        /// As given.
        path: String,
        /// The answer.
        source: vault_api::Error,
    },
    /// An answer that KV does not give.
    #[error("-path={path}: {source}")]
    Answer {
        /// As given.
        path: String,
        /// Where it is odd.
        source: JsonError,
    },
    /// Two keys for one variable.
    #[error("{first} and {second} both become the variable {name}: leave one out of -path")]
    Same {
        /// One key and its secret.
        first: String,
        /// The other.
        second: String,
        /// The variable.
        name: String,
    },
    /// No token.
    #[error(transparent)]
    Token(#[from] OwnTokenError),
    /// The address or the certificates.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The same, said by the client.
    #[error(transparent)]
    Client(#[from] vault_api::ConfigError),
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Writes the configuration; the answer says what was written and where.
pub async fn generate(
    flags: &GenerateFlags,
    environment: &Environment,
) -> Result<String, GenerateError> {
    let ConfigType::EnvTemplate = flags.kind;
    let command = shell_words::split(&flags.exec)
        .map_err(|_| GenerateError::Exec("a quote is not closed"))?;
    if command.iter().all(String::is_empty) {
        return Err(GenerateError::Exec("give the program to run"));
    }
    let settings = config::client_of_flags(&flags.client, environment)?;
    let client = Client::new(&settings)?;
    let token = own_token(environment)?;
    let mut kv = Kv {
        session: client.with_token(&token),
        namespace: client.namespace(),
        found: BTreeMap::new(),
        order: Vec::new(),
    };
    for path in &flags.path {
        kv.take(path).await?;
    }
    let token_file = home(environment).join(".vault-token");
    let configuration = Configuration {
        token_file: token_file.display().to_string(),
        address: config::server_address(&flags.client, environment)?,
        namespace: client.namespace().to_owned(),
        variables: text::variables(&kv.secrets())?,
        command,
    };
    let was_there = flags.file.exists();
    let target = Target {
        backup: true,
        create_directories: false,
        ..Target::new(real_path(&flags.file))
    };
    let written = target.write(configuration.to_string().as_bytes())?;
    let file = flags.file.display();
    let kept = if was_there && written == Written::Replaced {
        format!("What stood there is kept as {file}.bak.\n")
    } else {
        String::new()
    };
    Ok(format!(
        "Wrote {file} with {} variables.\n{kept}Warning: it logs in with the token in {}, which is \
         for trying out: give it another auth method before others use it.\n",
        configuration.variables.len(),
        configuration.token_file,
    ))
}

/// With the links of its directory followed: the path is the caller's own.
fn real_path(path: &Path) -> PathBuf {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match (std::fs::canonicalize(parent), path.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}

/// The keys of an object. The values stay where they are, in memory that is wiped.
type Keys<'a> = BTreeMap<String, &'a RawValue>;

/// The secrets that were found.
struct Kv<'a> {
    session: Session<'a>,
    namespace: &'a str,
    /// Their keys, by the path to read.
    found: BTreeMap<String, Secret>,
    order: Vec<String>,
}

impl Kv<'_> {
    fn secrets(mut self) -> Vec<Secret> {
        let order = self.order.iter();
        order.filter_map(|path| self.found.remove(path)).collect()
    }

    /// The secret at a path, or all below it where it is a folder.
    async fn take(&mut self, given: &str) -> Result<(), GenerateError> {
        let odd = |reason: &str| GenerateError::Path {
            path: given.to_owned(),
            reason: reason.to_owned(),
        };
        let failed = |source| GenerateError::Vault {
            path: given.to_owned(),
            source,
        };
        let plain = given.trim_start_matches('/');
        let is_folder = plain.ends_with("/*") || plain.ends_with('/');
        let plain = plain.strip_suffix("/*").unwrap_or(plain);
        let plain = plain.trim_end_matches('/');
        if plain.is_empty() || plain.contains(['*', '?']) {
            return Err(odd(
                "give the path of a secret, or of a folder with /* behind it",
            ));
        }
        let mount = self.session.mount(plain).await.map_err(failed)?;
        if !matches!(mount.kind.as_str(), "kv" | "generic") {
            let words = format!("{} is no KV engine but of type {}", mount.path, mount.kind);
            return Err(odd(&words));
        }
        let place = Place::new(plain, &mount, self.namespace);
        let before = self.order.len();
        if is_folder || !self.read(given, &place, &place.inside).await? {
            self.below(given, &place).await?;
        }
        if self.order.len() == before && !self.found.contains_key(&place.data(&place.inside)) {
            return Err(odd("there is no secret, and none below it that is new"));
        }
        Ok(())
    }

    /// All secrets below a place, folder by folder.
    async fn below(&mut self, given: &str, place: &Place) -> Result<(), GenerateError> {
        let mut folders = vec![place.inside.clone()];
        while let Some(folder) = folders.pop() {
            let listed = self.session.list(&place.list(&folder)).await;
            let listed = listed.map_err(|source| GenerateError::Vault {
                path: given.to_owned(),
                source,
            })?;
            let Some(listed) = listed else { continue };
            let names = listed.keys().map_err(|source| GenerateError::Answer {
                path: given.to_owned(),
                source,
            })?;
            let mut deeper = Vec::new();
            for name in names {
                let inside = join(&folder, name.trim_end_matches('/'));
                if name.contains(['?', '%', '\\']) {
                    return Err(GenerateError::Path {
                        path: given.to_owned(),
                        reason: format!(
                            "a template cannot ask for {inside:?} by its path: give the other secrets one by one"
                        ),
                    });
                }
                if name.ends_with('/') {
                    deeper.push(inside);
                } else {
                    self.read(given, place, &inside).await?;
                }
            }
            // The last one is looked at first.
            folders.extend(deeper.into_iter().rev());
        }
        Ok(())
    }

    /// Whether there is a secret, whose keys are kept.
    async fn read(
        &mut self,
        given: &str,
        place: &Place,
        inside: &str,
    ) -> Result<bool, GenerateError> {
        #[derive(Deserialize)]
        struct Versioned<'a> {
            #[serde(borrow)]
            data: Option<Keys<'a>>,
        }
        let path = place.data(inside);
        if inside.is_empty() || self.found.contains_key(&path) {
            return Ok(!inside.is_empty());
        }
        let answer = self.session.read(&path).await;
        let answer = answer.map_err(|source| GenerateError::Vault {
            path: given.to_owned(),
            source,
        })?;
        let Some(data) = answer.and_then(|answer| answer.data) else {
            return Ok(false);
        };
        let keys = if place.is_v2 {
            data.parse().map(|versioned: Versioned<'_>| versioned.data)
        } else {
            data.parse().map(Some::<Keys<'_>>)
        };
        let keys = keys.map_err(|source| GenerateError::Answer {
            path: given.to_owned(),
            source,
        })?;
        // A deleted version is an answer without data.
        let Some(keys) = keys else { return Ok(false) };
        let secret = Secret {
            path: path.clone(),
            name: join(&place.mount, inside),
            is_v2: place.is_v2,
            keys: keys.into_keys().collect(),
        };
        self.found.insert(path.clone(), secret);
        self.order.push(path);
        Ok(true)
    }
}

/// A path, taken apart.
struct Place {
    /// Without its `/`, and without the client's namespace.
    mount: String,
    /// The rest, without the `data` or `metadata` of version 2.
    inside: String,
    is_v2: bool,
}

impl Place {
    fn new(path: &str, mount: &Mount, namespace: &str) -> Self {
        let is_v2 = mount.is_kv_v2();
        let mount = mount.path.trim_matches('/');
        // Vault names the mount with the namespace, people do not.
        let below_namespace = mount
            .strip_prefix(namespace.trim_matches('/'))
            .and_then(|rest| rest.strip_prefix('/'));
        let mount = match below_namespace {
            Some(rest) if !namespace.is_empty() => rest,
            _ => mount,
        };
        let below = |path: &str, first: &str| {
            let rest = path.strip_prefix(first)?;
            match rest.strip_prefix('/') {
                None if !rest.is_empty() => None,
                rest => Some(rest.unwrap_or_default().to_owned()),
            }
        };
        let rest = below(path, mount).unwrap_or_else(|| path.to_owned());
        let mut api = ["data", "metadata"].iter().filter(|_| is_v2);
        Self {
            mount: mount.to_owned(),
            inside: api.find_map(|word| below(&rest, word)).unwrap_or(rest),
            is_v2,
        }
    }

    fn data(&self, inside: &str) -> String {
        join(&self.api("data"), inside)
    }

    fn list(&self, inside: &str) -> String {
        join(&self.api("metadata"), inside)
    }

    fn api(&self, word: &str) -> String {
        if self.is_v2 {
            join(&self.mount, word)
        } else {
            self.mount.clone()
        }
    }
}

fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", only) | (only, "") => only.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart_as_people_write_it() {
        let place = |path: &str, version: &str, namespace: &str| {
            let mount = Mount {
                path: format!("{namespace}secret/"),
                kind: "kv".to_owned(),
                version: Some(version.to_owned()),
            };
            let place = Place::new(path, &mount, namespace.trim_end_matches('/'));
            (place.data(&place.inside), place.list(&place.inside))
        };
        let pair = |data: &str, list: &str| (data.to_owned(), list.to_owned());
        let app = pair("secret/data/app", "secret/metadata/app");
        for path in ["secret/app", "secret/data/app", "secret/metadata/app"] {
            assert_eq!(place(path, "2", ""), app, "{path}");
            assert_eq!(place(path, "2", "team/"), app, "{path}");
        }
        assert_eq!(
            place("secret/data", "2", ""),
            pair("secret/data", "secret/metadata")
        );
        assert_eq!(
            place("secret/database", "2", ""),
            pair("secret/data/database", "secret/metadata/database")
        );
        assert_eq!(
            place("secret/data/app", "1", ""),
            pair("secret/data/app", "secret/data/app")
        );
    }
}
