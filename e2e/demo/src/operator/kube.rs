//! A client of the API server for what the demo would have a person type.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Response, StatusCode};
use serde_json::Value;

const DEADLINE: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Kube {
    client: Client,
    url: String,
}

impl Kube {
    /// A server without TLS.
    pub(super) fn plain(url: String) -> Result<Self> {
        Self::new(url, Client::builder().tls_certs_only([]))
    }

    /// A server with TLS, and an administrator's certificate of the folder `pki`.
    pub(super) fn with_certificates(url: String, pki: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = pki.join(name);
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let authority = Certificate::from_pem(&read("ca.crt")?)?;
        let identity = [read("admin.crt")?, read("admin.key")?].concat();
        let builder = Client::builder()
            .tls_certs_only([authority])
            .identity(Identity::from_pem(&identity)?);
        Self::new(url, builder)
    }

    fn new(url: String, builder: ClientBuilder) -> Result<Self> {
        let builder = builder.timeout(DEADLINE).user_agent("kubectl");
        Ok(Self {
            client: builder.build()?,
            url,
        })
    }

    pub(super) async fn is_ready(&self) -> bool {
        let answer = self.client.get(format!("{}/readyz", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Applies each document of a manifest in the namespace `default`. Returns kubectl's lines.
    pub(super) async fn apply(&self, manifest: &str) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for document in manifest.split("\n---\n") {
            let document = document.trim_start_matches("---\n");
            let object: Value = serde_saphyr::from_str(document).context("not a YAML manifest")?;
            let (path, resource) = place(&object)?;
            let request = self
                .client
                .patch(format!(
                    "{}{path}?fieldManager=kubectl&force=true",
                    self.url
                ))
                .header("Content-Type", "application/apply-patch+yaml")
                .body(document.to_owned());
            let answer = request.send().await?;
            let is_new = answer.status() == StatusCode::CREATED;
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            checked(answer).await.with_context(|| resource.clone())?;
            let done = if is_new { "created" } else { "configured" };
            lines.push(format!("{resource}/{name} {done}"));
        }
        Ok(lines)
    }

    /// An object, if there is one.
    pub(super) async fn get(&self, path: &str) -> Result<Option<Value>> {
        let answer = self
            .client
            .get(format!("{}{path}", self.url))
            .send()
            .await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        checked(answer).await.map(Some)
    }

    /// Merges a patch into an object.
    pub(super) async fn patch(&self, path: &str, change: &Value) -> Result<Value> {
        let request = self
            .client
            .patch(format!("{}{path}?fieldManager=kubectl-patch", self.url))
            .header("Content-Type", "application/merge-patch+json")
            .body(change.to_string());
        checked(request.send().await?).await
    }
}

async fn checked(answer: Response) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await?;
    anyhow::ensure!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).context("the API server answered no JSON")
}

/// The path of an object, and its kind as kubectl prints it.
fn place(object: &Value) -> Result<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let name = text(&object["metadata"]["name"]);
    let kind = kind.to_lowercase();
    let (prefix, shown) = match version.split_once('/') {
        Some((group, _)) => ("apis", format!("{kind}.{group}")),
        None => ("api", kind.clone()),
    };
    let scope = match kind.as_str() {
        "customresourcedefinition" => "",
        "externalsecret" | "secretstore" | "secret" => "/namespaces/default",
        other => anyhow::bail!("the demo applies no {other}"),
    };
    Ok((format!("/{prefix}/{version}{scope}/{kind}s/{name}"), shown))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_where_kubectl_puts_it() {
        let object = |version: &str, kind: &str| json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}});
        let (path, shown) = place(&object("v1", "Secret")).unwrap();
        assert_eq!(path, "/api/v1/namespaces/default/secrets/x");
        assert_eq!(shown, "secret");
        let store = object("external-secrets.io/v1beta1", "SecretStore");
        let (path, shown) = place(&store).unwrap();
        let below = "/apis/external-secrets.io/v1beta1/namespaces/default";
        assert_eq!(path, format!("{below}/secretstores/x"));
        assert_eq!(shown, "secretstore.external-secrets.io");
        assert!(place(&object("v1", "Pod")).is_err());
    }
}
