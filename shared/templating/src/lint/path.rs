//! What a path of Vault's API says of the engine behind it.

/// An engine, as far as a path tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// A secret of KV v2: `MOUNT/data/…`.
    Versioned,
    /// The metadata of one: `MOUNT/metadata/…`.
    Metadata,
    /// Credentials that are made when they are read: `MOUNT/creds/…`.
    Credentials,
    /// A certificate: `MOUNT/issue/…`, which wants a write.
    Certificate,
    /// Nothing that a path tells.
    Unknown,
}

/// Folders of engines that make credentials.
const CREDENTIALS: [&str; 4] = ["creds", "static-creds", "static-cred", "sts"];

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

    /// The engine that the path is one of.
    pub fn engine(self) -> EngineKind {
        let parts: Vec<&str> = self.0.split('/').collect();
        // The mount may have more than one part, and what follows a folder has at least one.
        let folder = parts.iter().enumerate().skip(1).find_map(|(at, part)| {
            let kind = match *part {
                "data" => EngineKind::Versioned,
                "metadata" => EngineKind::Metadata,
                "issue" => EngineKind::Certificate,
                part if CREDENTIALS.contains(&part) => EngineKind::Credentials,
                _ => return None,
            };
            Some((at, kind))
        });
        match folder {
            Some((at, kind)) if at + 1 < parts.len() => match kind {
                // These have one name behind the folder. Others with such a folder are of KV.
                EngineKind::Credentials | EngineKind::Certificate if at + 2 < parts.len() => {
                    EngineKind::Unknown
                }
                kind => kind,
            },
            _ => EngineKind::Unknown,
        }
    }
}
