//! What the injector was started with: the defaults that a pod's annotations override.
//!
//! Invariant: a value here is already parsed. Texts that annotations may override stay texts,
//! because an annotation is validated the same way at admission.

use std::str::FromStr;

use contract::names;
use thiserror::Error;

pub use crate::vocabulary::profile::Profile;
pub use templating::Engine;

use crate::kubernetes::Kubernetes;
use crate::vocabulary::flavor::Flavor;

/// The image of the compatible flavor where nothing names one.
pub const STOCK_IMAGE: &str = "hashicorp/vault:2.0.4";

/// The image of the native flavor where nothing names one: the agent of this very version.
pub const OUR_IMAGE: &str = concat!("vault-injector-agent:", env!("CARGO_PKG_VERSION"));

/// The defaults of one injector.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of Vault. Without one, only pods that name it themselves are injected.
    pub vault_address: String,
    /// Image of the agent; empty takes [`default_image`].
    pub image: String,
    /// Which flavor a pod gets that does not say.
    pub flavor: FlavorSetting,
    pub auth_type: String,
    pub auth_path: String,
    pub auth_min_backoff: String,
    pub auth_max_backoff: String,
    pub vault_namespace: String,
    pub proxy_address: String,
    /// PEM of Vault's authority, or base64 of it.
    pub vault_ca_cert_bytes: String,
    pub revoke_on_shutdown: bool,
    pub run_as_user: i64,
    pub run_as_group: i64,
    pub run_as_same_user: bool,
    pub set_security_context: bool,
    pub default_template: DefaultTemplate,
    pub resources: ResourceDefaults,
    pub exit_on_retry_failure: bool,
    pub static_secret_render_interval: String,
    pub max_connections_per_host: i64,
    pub lease_renewal_threshold: f64,
    /// Comma-separated parts of the agent.
    pub disable_idle_connections: String,
    /// Comma-separated parts of the agent.
    pub disable_keep_alives: String,
    /// Whether pods of the native flavor that do not say get a native sidecar.
    pub native_sidecar: NativeSidecarSetting,
    /// Language of the templates that do not say.
    pub template_engine: Engine,
    /// Whose names a pod gets.
    pub profile: Profile,
    /// Write Vault's annotations anew under OpenBao's prefix, in the profile of OpenBao.
    pub rewrite_vault_annotations: bool,
    /// Refuse what is surely a mistake, instead of warning of it.
    pub strict: bool,
    /// What is known of the cluster.
    pub kubernetes: Kubernetes,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            vault_address: String::new(),
            image: String::new(),
            flavor: FlavorSetting::Auto,
            auth_type: "kubernetes".to_owned(),
            auth_path: "auth/kubernetes".to_owned(),
            auth_min_backoff: String::new(),
            auth_max_backoff: String::new(),
            vault_namespace: String::new(),
            proxy_address: String::new(),
            vault_ca_cert_bytes: String::new(),
            revoke_on_shutdown: false,
            run_as_user: 100,
            run_as_group: 1000,
            run_as_same_user: false,
            set_security_context: true,
            default_template: DefaultTemplate::Map,
            resources: ResourceDefaults::default(),
            exit_on_retry_failure: true,
            static_secret_render_interval: String::new(),
            max_connections_per_host: 0,
            lease_renewal_threshold: 0.0,
            disable_idle_connections: String::new(),
            disable_keep_alives: String::new(),
            native_sidecar: NativeSidecarSetting::Auto,
            template_engine: Engine::Go,
            profile: Profile::Vault,
            rewrite_vault_annotations: true,
            strict: false,
            kubernetes: Kubernetes::default(),
        }
    }
}

/// Resources of the agent's containers. `None` takes what is built in for the flavor, an empty
/// text leaves the entry out.
#[derive(Clone, Debug, Default)]
pub struct ResourceDefaults {
    pub limits_cpu: Option<String>,
    pub limits_memory: Option<String>,
    pub limits_ephemeral: Option<String>,
    pub requests_cpu: Option<String>,
    pub requests_memory: Option<String>,
    pub requests_ephemeral: Option<String>,
}

/// The image of a flavor where neither flag nor annotation names one.
pub fn default_image(flavor: FlavorSetting) -> &'static str {
    match flavor {
        FlavorSetting::Compatible => STOCK_IMAGE,
        FlavorSetting::Auto | FlavorSetting::Native => OUR_IMAGE,
    }
}

/// Which flavor is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlavorSetting {
    /// Native where the image is ours, else compatible.
    #[default]
    Auto,
    Native,
    Compatible,
}

impl FlavorSetting {
    /// The flavor for `image`.
    pub fn resolve(self, image: &str) -> Flavor {
        match self {
            Self::Native => Flavor::Native,
            Self::Auto if is_our_image(image) => Flavor::Native,
            Self::Auto | Self::Compatible => Flavor::Compatible,
        }
    }
}

/// Whether an image is our agent, in whichever registry it is: the last path segment of its name
/// counts, without tag and digest.
pub fn is_our_image(image: &str) -> bool {
    let without_digest = image.split_once('@').map_or(image, |(name, _)| name);
    let last = without_digest
        .rsplit_once('/')
        .map_or(without_digest, |(_, last)| last);
    let name = last.split_once(':').map_or(last, |(name, _)| name);
    name == names::AGENT_IMAGE_NAME
}

/// The first version of our agent that reads a configuration in several variables.
const CONFIG_PARTS_SINCE: [u32; 3] = [0, 1, 0];

/// Whether the agent of an image reads a configuration in several variables; `None` where the image
/// does not tell.
pub fn reads_config_parts(image: &str) -> Option<bool> {
    if !is_our_image(image) {
        return None;
    }
    let without_digest = image.split_once('@').map_or(image, |(name, _)| name);
    let (_, tag) = without_digest.rsplit_once(':')?;
    let version = tag.strip_prefix('v').unwrap_or(tag);
    let version = version
        .split_once('-')
        .map_or(version, |(version, _)| version);
    let numbers: Option<Vec<u32>> = version.split('.').map(|it| it.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.len() == CONFIG_PARTS_SINCE.len())?;
    Some(numbers.as_slice() >= CONFIG_PARTS_SINCE.as_slice())
}

/// Whether an image is our agent of the injector's own release, without anything added.
pub fn is_this_release(image: &str) -> bool {
    let without_digest = image.split_once('@').map_or(image, |(name, _)| name);
    let tag = without_digest.rsplit_once(':').map(|(_, tag)| tag);
    is_our_image(image) && tag == Some(env!("CARGO_PKG_VERSION"))
}

/// Whether commands are shell lines in this image of ours: its variant with a shell is a tag.
pub fn has_shell_for_commands(image: &str) -> bool {
    let without_digest = image.split_once('@').map_or(image, |(name, _)| name);
    without_digest.ends_with("busybox")
}

/// A word that is none of those accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown value {given:?}: give {accepted}")]
pub struct UnknownWord {
    given: String,
    accepted: &'static str,
}

impl UnknownWord {
    fn new(given: &str, accepted: &'static str) -> Self {
        Self {
            given: given.to_owned(),
            accepted,
        }
    }
}

impl FromStr for FlavorSetting {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "native" => Ok(Self::Native),
            "compatible" => Ok(Self::Compatible),
            given => Err(UnknownWord::new(given, "auto, native or compatible")),
        }
    }
}

/// Whether a pod gets a native sidecar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NativeSidecarSetting {
    /// Where every kubelet surely runs one.
    #[default]
    Auto,
    Always,
    Never,
}

impl FromStr for NativeSidecarSetting {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "true" => Ok(Self::Always),
            "false" => Ok(Self::Never),
            given => Err(UnknownWord::new(given, "true, false or auto")),
        }
    }
}

impl FromStr for Profile {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "vault" => Ok(Self::Vault),
            "openbao" => Ok(Self::OpenBao),
            given => Err(UnknownWord::new(given, "vault or openbao")),
        }
    }
}

/// How a secret without a template is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultTemplate {
    /// `key: value` lines.
    #[default]
    Map,
    /// One JSON object.
    Json,
}

impl FromStr for DefaultTemplate {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "map" => Ok(Self::Map),
            "json" => Ok(Self::Json),
            given => Err(UnknownWord::new(given, "map or json")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_image_is_known_in_any_registry_by_its_last_segment() {
        for image in [
            "vault-injector-agent",
            "vault-injector-agent:0.1.0",
            "registry.example:5000/mirror/vault-injector-agent:1@sha256:abc",
            default_image(FlavorSetting::Auto),
        ] {
            assert!(is_our_image(image), "{image}");
        }
        for image in [
            "hashicorp/vault:2.0.4",
            "vault-injector-agent/vault:1",
            "example/vault-injector-agent-busybox",
            "",
        ] {
            assert!(!is_our_image(image), "{image}");
        }
    }

    #[test]
    fn the_tag_of_our_image_tells_whether_it_reads_a_configuration_in_parts() {
        for (image, reads) in [
            (OUR_IMAGE, Some(true)),
            (
                "x:5000/vault-injector-agent:v1.2.3-busybox@sha256:a",
                Some(true),
            ),
            ("vault-injector-agent:0.0.9", Some(false)),
            ("vault-injector-agent:latest", None),
            ("vault-injector-agent", None),
            ("registry:5000/agent:9.9.9", None),
        ] {
            assert_eq!(reads_config_parts(image), reads, "{image}");
        }
    }

    #[test]
    fn an_explicit_flavor_beats_the_image() {
        assert_eq!(
            FlavorSetting::Auto.resolve("hashicorp/vault:1"),
            Flavor::Compatible
        );
        assert_eq!(
            FlavorSetting::Auto.resolve("x/vault-injector-agent"),
            Flavor::Native
        );
        assert_eq!(
            FlavorSetting::Native.resolve("hashicorp/vault:1"),
            Flavor::Native
        );
        assert_eq!(
            FlavorSetting::Compatible.resolve("vault-injector-agent"),
            Flavor::Compatible
        );
    }
}
