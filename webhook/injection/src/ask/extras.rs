//! What the established injector has no annotations for.

use contract::annotations::{self, Annotations};

use super::words;
use crate::vocabulary::denial::RequestError;
use crate::vocabulary::flavor::Flavor;

/// Settings of files, volumes and containers that are left alone unless asked for.
#[derive(Debug)]
pub(crate) struct Extras<'p> {
    /// Mode of the injected token file.
    pub(crate) token_mode: Option<u32>,
    /// Whether applications get the secrets read-only.
    pub(crate) secrets_read_only: bool,
    /// Size limit of each memory volume.
    pub(crate) size_limit: Option<String>,
    pub(crate) seccomp_profile: Option<&'p str>,
    pub(crate) image_pull_policy: Option<&'p str>,
    /// Variables of the agent's containers, sorted by name.
    pub(crate) environment: Vec<(&'p str, &'p str)>,
}

impl<'p> Extras<'p> {
    pub(super) fn new(annotations: &Annotations<'p>, flavor: Flavor) -> Result<Self, RequestError> {
        let seccomp = words::one_of(annotations, &annotations::SECCOMP_PROFILE)?;
        Ok(Self {
            token_mode: words::mode(annotations, &annotations::TOKEN_PERMS)?,
            secrets_read_only: annotations.bool(&annotations::SECRETS_READ_ONLY, false)?,
            size_limit: words::quantity(annotations, &annotations::SECRETS_SIZE_LIMIT)?,
            seccomp_profile: match seccomp {
                Some("none") => None,
                Some(profile) => Some(profile),
                None => flavor.seccomp_profile(),
            },
            image_pull_policy: words::one_of(annotations, &annotations::IMAGE_PULL_POLICY)?,
            environment: annotations.with_suffix(&annotations::EXTRA_ENV).collect(),
        })
    }
}
