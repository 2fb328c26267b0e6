//! The gcp method: the identity token of the machine's service account for a Vault token.

use contract::agent_config::check;
use zeroize::Zeroizing;

use super::platform::Question;
use super::{Ask, Claims, LoginError};
use crate::Variables;

/// Where machines of Google Cloud and GKE find it, whatever their DNS says.
const METADATA_HOST: &str = "169.254.169.254";

/// Settings of the method.
#[derive(Clone, Debug)]
pub(super) struct Gcp {
    role: String,
    account: String,
    address: String,
}

impl Gcp {
    pub(super) fn new(checked: &check::Gcp<'_>, variables: &dyn Variables) -> Self {
        let host = variables.get("GCE_METADATA_HOST");
        let host = host.filter(|host| !host.is_empty());
        Self {
            role: checked.role.to_owned(),
            account: checked.service_account.to_owned(),
            address: format!("http://{}", host.unwrap_or(METADATA_HOST)),
        }
    }

    pub(super) fn role(&self) -> &str {
        &self.role
    }

    pub(super) async fn ask(&self) -> Result<Ask, LoginError> {
        let path = format!(
            "/computeMetadata/v1/instance/service-accounts/{}/identity",
            self.account
        );
        // Vault takes any audience that ends so.
        let audience = format!("http://vault/{}", self.role);
        let query = [("audience", audience.as_str()), ("format", "full")];
        let question = Question::new("identity token", &self.address, &path, &query);
        let jwt = question
            .with_header("metadata-flavor", "Google")
            .text()
            .await?;
        let jwt = Zeroizing::new(jwt.trim().to_owned());
        Ok(Ask::Login {
            claims: Claims::of(&jwt),
            body: [("role", Zeroizing::new(self.role.clone())), ("jwt", jwt)].into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::platform::tests::mk_server;
    use super::super::tests::{body_of, mk_options};
    use super::*;

    #[tokio::test]
    async fn the_metadata_server_is_asked_for_a_token_for_vault_and_the_role() {
        let (address, requests) = mk_server(&[(200, "a.b.c\n")]);
        let host = address.trim_start_matches("http://").to_owned();
        let environment = [("GCE_METADATA_HOST".to_owned(), host)];
        let config = mk_options(json!({"type": "gce", "role": "app"}));
        let checked = check::Gcp::read(check::Options::new(&config)).unwrap();
        let method = Gcp::new(&checked, &BTreeMap::from(environment));
        let body = body_of(method.ask().await.unwrap());
        assert_eq!(body, json!({"role": "app", "jwt": "a.b.c"}));
        let request = &requests.join().unwrap()[0];
        let line = "GET /computeMetadata/v1/instance/service-accounts/default/identity\
                    ?audience=http%3A%2F%2Fvault%2Fapp&format=full HTTP/1.1\r\n";
        assert!(request.starts_with(line), "{request}");
        assert!(request.contains("metadata-flavor: Google\r\n"), "{request}");
    }
}
