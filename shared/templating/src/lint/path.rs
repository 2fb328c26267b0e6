//! What a path of Vault's API says of the engine behind it.

/// An engine, as far as a path tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// A secret of KV v2: `MOUNT/data/…`.
    Versioned,
    /// A secret of KV v2 in a mount of more than one part, or one of KV v1 in a folder `data`.
    PerhapsVersioned,
    /// The metadata of one: `MOUNT/metadata/…`.
    Metadata,
    /// Credentials that are made when they are read: `MOUNT/creds/NAME`.
    Credentials,
    /// A certificate: `MOUNT/issue/ROLE`, which wants a write.
    Certificate,
    /// Nothing that a path tells.
    Unknown,
}

/// Folders of engines that make credentials.
const CREDENTIALS: [&str; 4] = ["creds", "static-creds", "static-cred", "sts"];

/// The first words of mounts whose engines make credentials.
const MAKERS: [&str; 31] = [
    "ad",
    "alicloud",
    "aws",
    "azure",
    "cassandra",
    "consul",
    "couchbase",
    "database",
    "databases",
    "db",
    "elasticsearch",
    "gcp",
    "influxdb",
    "kubernetes",
    "ldap",
    "mariadb",
    "mongo",
    "mongodb",
    "mongodbatlas",
    "mssql",
    "mysql",
    "nomad",
    "openldap",
    "oracle",
    "postgres",
    "postgresql",
    "rabbitmq",
    "redshift",
    "snowflake",
    "ssh",
    "terraform",
];

/// A path of Vault's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiPath<'p>(&'p str);

impl<'p> ApiPath<'p> {
    /// Takes a path as templates and annotations write it.
    pub fn new(written: &'p str) -> Self {
        let path = written.split('?').next().unwrap_or(written);
        Self(path.trim().trim_matches('/'))
    }

    /// Without what does not matter.
    pub fn as_str(self) -> &'p str {
        self.0
    }

    /// Whether it is the path of an address: the API's version stands in front.
    pub fn is_address(self) -> bool {
        self.0.starts_with("v1/")
    }

    /// Whether both are the same secret: one may leave out the `data/` of KV v2.
    pub fn is_same_secret(self, other: ApiPath<'_>) -> bool {
        let is_with_data = |long: &str, short: &str| {
            long.match_indices("/data/").any(|(at, data)| {
                let (mount, name) = (&long[..at], &long[at + data.len()..]);
                let rest = short.strip_prefix(mount);
                rest.and_then(|it| it.strip_prefix('/')) == Some(name)
            })
        };
        self.0 == other.0 || is_with_data(self.0, other.0) || is_with_data(other.0, self.0)
    }

    /// The engine that the path is one of.
    ///
    /// Secrets of KV may have any name, `creds` and `issue` among them, and the agent adds the
    /// `data/` of KV v2 by itself. So only the second part counts, and the name of the mount has to
    /// fit it.
    pub fn engine(self) -> EngineKind {
        let mut parts = self.0.split('/');
        let (Some(mount), Some(folder), Some(name)) = (parts.next(), parts.next(), parts.next())
        else {
            return EngineKind::Unknown;
        };
        let is_last = parts.next().is_none();
        match folder {
            "data" => EngineKind::Versioned,
            "metadata" => EngineKind::Metadata,
            "issue" if is_last && is_authority(mount) => EngineKind::Certificate,
            _ if is_last && CREDENTIALS.contains(&folder) && is_maker(mount) => {
                EngineKind::Credentials
            }
            _ if !is_last && (name == "data" || self.0.contains("/data/")) => {
                EngineKind::PerhapsVersioned
            }
            _ => EngineKind::Unknown,
        }
    }
}

/// Whether a mount has the name of one of KV, whatever else is in it.
fn is_key_value(mount: &str) -> bool {
    mount.contains("kv") || mount.contains("secret")
}

fn is_authority(mount: &str) -> bool {
    mount.contains("pki") && !is_key_value(mount)
}

fn is_maker(mount: &str) -> bool {
    let word = mount.split(['-', '_']).next().unwrap_or(mount);
    MAKERS.contains(&word) && !is_key_value(mount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_kv_may_have_any_name() {
        for path in [
            "secret/creds/db",
            "kv/myapp/creds/db",
            "secret/database/creds/x",
            "secret/aws/creds/prod",
            "kv/app/sts/x",
            "kv/jira/issue/web",
            "secret/team/pki/issue/x",
            "secret/issue/web",
            "kv/pki/issue/a",
            "kv2/creds/x",
            "kv-pki/issue/x",
            "secrets/issue/x",
            "apps/creds/x",
            "apps/issue/x",
            "team/database/creds/x",
            "database/creds/team/x",
            "pki/issue/team/x",
            "aws-kv/creds/x",
            "secret/app/metadata/x",
            "database/creds",
        ] {
            assert_eq!(ApiPath::new(path).engine(), EngineKind::Unknown, "{path}");
        }
    }

    #[test]
    fn well_known_mounts_tell_their_engine() {
        for (path, kind) in [
            ("database/creds/app", EngineKind::Credentials),
            ("database-prod/static-creds/app", EngineKind::Credentials),
            ("/db/creds/app", EngineKind::Credentials),
            ("aws/sts/app", EngineKind::Credentials),
            ("pki/issue/app", EngineKind::Certificate),
            ("pki_int/issue/app", EngineKind::Certificate),
            ("team-pki/issue/app", EngineKind::Certificate),
            ("kv/data/app/creds/x", EngineKind::Versioned),
            ("kv1/app/data/a", EngineKind::PerhapsVersioned),
            ("kv/metadata/a", EngineKind::Metadata),
        ] {
            assert_eq!(ApiPath::new(path).engine(), kind, "{path}");
        }
    }

    #[test]
    fn a_secret_is_the_same_with_data_and_without() {
        let same = |a, b| ApiPath::new(a).is_same_secret(ApiPath::new(b));
        assert!(same("secret/app", "secret/data/app"));
        assert!(same("team/kv/data/a/b", "/team/kv/a/b"));
        assert!(same("secret/app", "secret/app?version=1"));
        assert!(!same("secret/app", "secret/data/apps"));
        assert!(!same("secret/app", "kv/data/app"));
    }
}
