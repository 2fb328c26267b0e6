//! The azure method: an access token of the pod's or the machine's identity for a Vault token.
//!
//! ```text
//! variables of the workload-identity webhook? ─┬─ yes ─▶ service-account token ─▶ Entra ID ──▶ token
//!                                              └─ no ──▶ metadata server: token, and which machine
//! ```

use std::path::PathBuf;

use contract::agent_config::check;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::platform::Question;
use super::{Ask, Body, Claims, LoginError, file};
use crate::Variables;

const METADATA: &str = "http://169.254.169.254";
const AUTHORITY: &str = "https://login.microsoftonline.com";
const WHAT: &str = "access token";

/// Settings of the method.
#[derive(Clone, Debug)]
pub(super) struct Azure {
    role: String,
    resource: String,
    identity: Identity,
}

#[derive(Clone, Debug)]
enum Identity {
    /// A service account that an application of Entra ID trusts.
    Workload {
        authority: String,
        tenant: String,
        client: String,
        token: PathBuf,
    },
    /// The machine's, one of several where it is chosen.
    Machine {
        address: String,
        chosen: Option<(&'static str, String)>,
    },
}

#[derive(Deserialize)]
struct Granted {
    access_token: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Instance {
    compute: Compute,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Compute {
    name: String,
    resource_group_name: String,
    subscription_id: String,
    vm_scale_set_name: String,
}

impl Azure {
    pub(super) fn new(checked: &check::Azure<'_>, variables: &dyn Variables) -> Self {
        let variable = |name| variables.get(name).filter(|value| !value.is_empty());
        let (object, client) = (checked.object_id, checked.client_id);
        let own_client = client.or_else(|| variable("AZURE_CLIENT_ID"));
        let workload = (
            variable("AZURE_FEDERATED_TOKEN_FILE"),
            variable("AZURE_TENANT_ID"),
            own_client,
        );
        let identity = match workload {
            (Some(token), Some(tenant), Some(client)) if object.is_none() => Identity::Workload {
                authority: variable("AZURE_AUTHORITY_HOST")
                    .unwrap_or(AUTHORITY)
                    .to_owned(),
                tenant: tenant.to_owned(),
                client: client.to_owned(),
                token: token.into(),
            },
            _ => Identity::Machine {
                address: variable("AZURE_POD_IDENTITY_AUTHORITY_HOST")
                    .unwrap_or(METADATA)
                    .to_owned(),
                chosen: object
                    .map(|id| ("object_id", id.to_owned()))
                    .or_else(|| client.map(|id| ("client_id", id.to_owned()))),
            },
        };
        Self {
            role: checked.role.to_owned(),
            resource: checked.resource.to_owned(),
            identity,
        }
    }

    /// The file with the token that is exchanged for an access token.
    pub(super) fn token_file(&self) -> Option<PathBuf> {
        match &self.identity {
            Identity::Workload { token, .. } => Some(token.clone()),
            Identity::Machine { .. } => None,
        }
    }

    pub(super) fn role(&self) -> &str {
        &self.role
    }

    pub(super) async fn ask(&self) -> Result<Ask, LoginError> {
        let mut body = Body::from([("role", Zeroizing::new(self.role.clone()))]);
        let jwt = match &self.identity {
            Identity::Workload {
                authority,
                tenant,
                client,
                token,
            } => {
                let assertion = file::read("service-account token", token)?;
                let path = format!("/{tenant}/oauth2/v2.0/token");
                let scope = format!("{}/.default", self.resource);
                let question = Question::new(WHAT, authority, &path, &[]).posting(&[
                    ("grant_type", "client_credentials"),
                    ("client_id", client),
                    ("scope", &scope),
                    (
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    ),
                    ("client_assertion", &assertion),
                ]);
                question.json::<Granted>().await?.access_token
            }
            Identity::Machine { address, chosen } => {
                let mut query = vec![
                    ("api-version", "2018-02-01"),
                    ("resource", self.resource.as_str()),
                ];
                query.extend(chosen.iter().map(|(key, id)| (*key, id.as_str())));
                let path = "/metadata/identity/oauth2/token";
                let question = Question::new(WHAT, address, path, &query);
                let granted: Granted = question.with_header("metadata", "true").json().await?;
                let query = [("api-version", "2021-02-01")];
                let question = Question::new("instance", address, "/metadata/instance", &query);
                let instance: Instance = question.with_header("metadata", "true").json().await?;
                let Compute {
                    name,
                    resource_group_name,
                    subscription_id,
                    vm_scale_set_name,
                } = instance.compute;
                body.extend(
                    [
                        ("vm_name", name),
                        ("resource_group_name", resource_group_name),
                        ("subscription_id", subscription_id),
                        ("vmss_name", vm_scale_set_name),
                    ]
                    .map(|(key, value)| (key, Zeroizing::new(value))),
                );
                granted.access_token
            }
        };
        let claims = Claims::of(&jwt);
        body.insert("jwt", jwt);
        Ok(Ask::Login { body, claims })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use serde_json::{Value, json};

    use super::super::platform::tests::mk_server;
    use super::super::tests::{body_of, mk_options};
    use super::*;

    fn mk_method(config: Value, environment: &[(&str, &str)]) -> Azure {
        let config = mk_options(config);
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let environment: BTreeMap<_, _> = environment.iter().map(own).collect();
        let checked = check::Azure::read(check::Options::new(&config)).unwrap();
        Azure::new(&checked, &environment)
    }

    #[tokio::test]
    async fn a_workload_identity_exchanges_its_service_account_token() {
        let (address, requests) = mk_server(&[(200, r#"{"access_token": "a.b.c"}"#)]);
        let mut token = tempfile::NamedTempFile::new().unwrap();
        token.write_all(b"sa.jwt\n").unwrap();
        let config = json!({"role": "app", "resource": "api://vault"});
        let environment = [
            ("AZURE_FEDERATED_TOKEN_FILE", token.path().to_str().unwrap()),
            ("AZURE_TENANT_ID", "tenant"),
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_AUTHORITY_HOST", &format!("{address}/")),
        ];
        let method = mk_method(config, &environment);
        let body = body_of(method.ask().await.unwrap());
        assert_eq!(body, json!({"role": "app", "jwt": "a.b.c"}));
        let request = &requests.join().unwrap()[0];
        assert!(
            request.starts_with("POST /tenant/oauth2/v2.0/token HTTP/1.1\r\n"),
            "{request}"
        );
        let form = "grant_type=client_credentials&client_id=client&scope=api%3A%2F%2Fvault%2F.default\
                    &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                    &client_assertion=sa.jwt";
        assert!(request.ends_with(form), "{request}");
    }

    #[tokio::test]
    async fn a_machine_is_named_in_the_login() {
        let instance = r#"{"compute": {"name": "vm", "resourceGroupName": "group",
            "subscriptionId": "subscription", "vmScaleSetName": "set"}}"#;
        let answers = [(200, r#"{"access_token": "a.b.c"}"#), (200, instance)];
        let (address, requests) = mk_server(Box::leak(Box::new(answers)));
        let config = json!({"role": "app", "resource": "https://vault", "client_id": "mine"});
        let environment = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", address.as_str())];
        let method = mk_method(config, &environment);
        let body = body_of(method.ask().await.unwrap());
        let wanted = json!({
            "role": "app", "jwt": "a.b.c", "vm_name": "vm", "resource_group_name": "group",
            "subscription_id": "subscription", "vmss_name": "set",
        });
        assert_eq!(body, wanted);
        let requests = requests.join().unwrap();
        let line = "GET /metadata/identity/oauth2/token?api-version=2018-02-01\
                    &resource=https%3A%2F%2Fvault&client_id=mine HTTP/1.1\r\n";
        assert!(requests[0].starts_with(line), "{}", requests[0]);
        for request in requests {
            assert!(request.contains("metadata: true\r\n"), "{request}");
        }
    }
}
