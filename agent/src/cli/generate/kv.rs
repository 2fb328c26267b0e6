//! What lies in KV: the secrets at and below a path, and the names of their keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use vault_client::Session;
use vault_wire::kv::Mount;

use super::GenerateError;
use super::text::Secret;

/// The keys of an object. The values stay where they are, in memory that is wiped.
type Keys<'a> = BTreeMap<String, &'a RawValue>;

/// The secrets that were found.
pub(super) struct Kv<'a> {
    session: Session<'a>,
    namespace: &'a str,
    /// Each once, in the order in which they were found.
    pub(super) secrets: Vec<Secret>,
}

impl<'a> Kv<'a> {
    /// Nothing was looked for yet.
    pub(super) fn new(session: Session<'a>, namespace: &'a str) -> Self {
        Self {
            session,
            namespace,
            secrets: Vec::new(),
        }
    }

    fn has(&self, path: &str) -> bool {
        self.secrets.iter().any(|secret| secret.path == path)
    }

    /// The secret at a path, or all below it where it is a folder.
    pub(super) async fn take(&mut self, given: &str) -> Result<(), GenerateError> {
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
        let before = self.secrets.len();
        if is_folder || !self.read(given, &place, &place.inside).await? {
            self.below(given, &place).await?;
        }
        if self.secrets.len() == before && !self.has(&place.data(&place.inside)) {
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
        if inside.is_empty() || self.has(&path) {
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
        self.secrets.push(Secret {
            path,
            name: join(&place.mount, inside),
            is_v2: place.is_v2,
            keys: keys.into_keys().collect(),
        });
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
