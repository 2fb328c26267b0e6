//! The gcp method: the identity token of the machine's service account for a Vault token.

use zeroize::Zeroizing;

use super::options::{MethodError, Options};
use super::platform::Question;
use super::{Ask, Claims, LoginError};
use crate::config::Environment;

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
    pub(super) fn from_options(
        options: &Options<'_>,
        environment: &Environment,
    ) -> Result<Self, MethodError> {
        match options.required("type")?.as_str() {
            "gce" => {}
            "iam" => {
                return Err(MethodError::value(
                    "type",
                    "\"iam\" signs with a service account's key through Google's API, which this \
                     agent does not do: use \"gce\", and a role of type gce",
                ));
            }
            _ => return Err(MethodError::value("type", "it is \"gce\"")),
        }
        let host = environment.get("GCE_METADATA_HOST");
        let host = host.filter(|host| !host.is_empty());
        Ok(Self {
            role: options.required("role")?,
            account: options
                .text("service_account")?
                .unwrap_or_else(|| "default".to_owned()),
            address: format!("http://{}", host.unwrap_or(METADATA_HOST)),
        })
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
    use serde_json::json;

    use super::super::options::tests::mk_options;
    use super::super::platform::tests::mk_server;
    use super::super::tests::body_of;
    use super::*;

    #[tokio::test]
    async fn the_metadata_server_is_asked_for_a_token_for_vault_and_the_role() {
        let (address, requests) = mk_server(&[(200, "a.b.c\n")]);
        let host = address.trim_start_matches("http://").to_owned();
        let environment = [("GCE_METADATA_HOST".to_owned(), host)];
        let config = mk_options(json!({"type": "gce", "role": "app"}));
        let method = Gcp::from_options(&Options::new(&config), &environment.into_iter().collect());
        let body = body_of(method.unwrap().ask().await.unwrap());
        assert_eq!(body, json!({"role": "app", "jwt": "a.b.c"}));
        let request = &requests.join().unwrap()[0];
        let line = "GET /computeMetadata/v1/instance/service-accounts/default/identity\
                    ?audience=http%3A%2F%2Fvault%2Fapp&format=full HTTP/1.1\r\n";
        assert!(request.starts_with(line), "{request}");
        assert!(request.contains("metadata-flavor: Google\r\n"), "{request}");
    }

    #[test]
    fn a_type_that_takes_another_api_is_refused_with_the_one_that_does_not() {
        let read = |config| {
            let config = mk_options(config);
            Gcp::from_options(&Options::new(&config), &Environment::default()).unwrap_err()
        };
        assert_eq!(
            read(json!({"role": "app"})).to_string(),
            "missing 'type' value"
        );
        let iam = read(json!({"type": "iam", "role": "app"})).to_string();
        assert!(iam.contains("use \"gce\""), "{iam}");
        assert_eq!(
            read(json!({"type": "gce"})).to_string(),
            "missing 'role' value"
        );
    }
}
