//! The API server's part: certificates for the webhook, the review over TLS, the patch applied and
//! shown.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::ui::Ui;

/// Writes `tls.crt` and `tls.key` for 127.0.0.1 into `directory`; returns the authority as PEM.
pub(crate) fn make_certificates(directory: &Path) -> Result<String> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);
    let leaf_key = KeyPair::generate()?;
    let leaf =
        CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&leaf_key, &issuer)?;
    crate::files::write(&directory.join("tls.crt"), &leaf.pem())?;
    crate::files::write(&directory.join("tls.key"), &leaf_key.serialize_pem())?;
    Ok(authority_pem)
}

/// The webhook as the API server sees it.
pub(crate) struct Webhook {
    client: reqwest::Client,
    url: String,
}

impl Webhook {
    pub(crate) fn new(address: &str, authority_pem: &str) -> Result<Self> {
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(authority_pem.as_bytes())?])
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            client,
            url: format!("https://{address}"),
        })
    }

    /// Whether the webhook says that it is ready.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self
            .client
            .get(format!("{}/health/ready", self.url))
            .send()
            .await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Sends a review and returns the operations of the patch.
    pub(crate) async fn review(&self, ui: Ui, review: &Value) -> Result<json_patch::Patch> {
        let answer = self
            .client
            .post(format!("{}/mutate", self.url))
            .header("content-type", "application/json")
            .body(review.to_string())
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("the webhook answered {status}: {text}");
        }
        let answer: Value = serde_json::from_str(&text)?;
        let response = &answer["response"];
        for warning in response["warnings"].as_array().into_iter().flatten() {
            ui.detail(&format!(
                "Warning: {}",
                warning.as_str().unwrap_or_default()
            ));
        }
        if response["allowed"] != true {
            bail!(
                "the webhook denied the pod: {}",
                response["status"]["message"]
            );
        }
        let patch = response["patch"]
            .as_str()
            .context("the webhook sent no patch")?;
        Ok(serde_json::from_slice(&STANDARD.decode(patch)?)?)
    }
}

/// Shows what the patch changed, as a diff of the two pods in YAML.
pub(crate) fn show_changes(ui: Ui, before: &Value, after: &Value) -> Result<()> {
    let (before, after) = (to_yaml(before)?, to_yaml(after)?);
    let diff = TextDiff::from_lines(&before, &after);
    for (index, group) in diff.grouped_ops(2).iter().enumerate() {
        if index > 0 {
            ui.diff_line(' ', "…");
        }
        for change in group
            .iter()
            .flat_map(|operation| diff.iter_changes(operation))
        {
            let sign = match change.tag() {
                ChangeTag::Insert => '+',
                ChangeTag::Delete => '-',
                ChangeTag::Equal => ' ',
            };
            ui.diff_line(sign, change.value().trim_end_matches('\n'));
        }
    }
    Ok(())
}

/// A pod as YAML, the agent's configuration shortened: nobody reads base64.
fn to_yaml(pod: &Value) -> Result<String> {
    let mut pod = pod.clone();
    for list in ["initContainers", "containers"] {
        let containers = pod
            .pointer_mut(&format!("/spec/{list}"))
            .and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let variables = container.get_mut("env").and_then(Value::as_array_mut);
            for variable in variables.into_iter().flatten() {
                if variable["name"] == contract::names::CONFIG_VARIABLE {
                    let size = variable["value"].as_str().map_or(0, str::len);
                    let shown = format!("<{size} bytes of base64: the agent's configuration>");
                    variable["value"] = Value::String(shown);
                }
            }
        }
    }
    serde_saphyr::to_string(&pod).context("the pod cannot be shown as YAML")
}
