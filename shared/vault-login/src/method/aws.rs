//! The aws method: a signed question "who am I?", which Vault has AWS answer, for a Vault token.
//!
//! ```text
//! credentials (keys, IRSA, pod identity) ─▶ signed sts:GetCallerIdentity ─▶ login ─▶ Vault ─▶ STS
//! ```

mod credentials;
mod question;
mod signature;

use std::path::PathBuf;
use std::time::SystemTime;

use contract::agent_config::check;
use zeroize::Zeroizing;

use super::{Ask, LoginError, SetupError};
use crate::Variables;
use credentials::Source;
use question::Sts;

/// Settings of the method.
#[derive(Clone, Debug)]
pub(super) struct Aws {
    role: String,
    source: Source,
    sts: Sts,
    /// What Vault wants to see signed, so that the question is for this Vault only.
    header_value: Option<String>,
}

impl Aws {
    pub(super) fn new(
        checked: &check::Aws<'_>,
        variables: &dyn Variables,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            role: checked.role.to_owned(),
            sts: Sts::in_region(checked.region)?,
            source: Source::find(checked.keys.as_ref(), variables)
                .map_err(SetupError::Environment)?,
            header_value: checked.header_value.map(str::to_owned),
        })
    }

    pub(super) fn token_file(&self) -> Option<PathBuf> {
        self.source.token_file()
    }

    pub(super) fn role(&self) -> &str {
        &self.role
    }

    pub(super) async fn ask(&self) -> Result<Ask, LoginError> {
        let keys = self.source.get().await?;
        let header_value = self.header_value.as_deref();
        let question = self.sts.who_am_i(&keys, header_value, SystemTime::now());
        let question = question.map_err(|reason| LoginError::Sign { reason })?;
        Ok(Ask::login([
            ("role", Zeroizing::new(self.role.clone())),
            ("iam_http_request_method", question.method),
            ("iam_request_url", question.url),
            ("iam_request_body", question.body),
            ("iam_request_headers", question.headers),
        ]))
    }

    pub(super) fn hint(&self, mount_path: &str) -> String {
        let header = match self.header_value {
            Some(_) => "header_value is the iam_server_id_header_value",
            None => "header_value is set if there is an iam_server_id_header_value",
        };
        format!(
            "check that role {:?} at {mount_path} is of type iam and its bound_iam_principal_arn holds \
             {}, that the sts_region in {mount_path}/config/client is the key region ({}), and that \
             {header} there",
            self.role,
            self.source,
            self.sts.region()
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::super::tests::{body_of, mk_options};
    use super::*;

    fn mk_method(config: Value, environment: &[(&str, &str)]) -> Result<Aws, SetupError> {
        let config = mk_options(config);
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let environment: BTreeMap<_, _> = environment.iter().map(own).collect();
        let checked = check::Aws::read(check::Options::new(&config)).unwrap();
        Aws::new(&checked, &environment)
    }

    const KEYS: &[(&str, &str)] = &[
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
    ];

    #[tokio::test]
    async fn a_login_holds_the_question_and_not_the_key() {
        let method = mk_method(json!({"type": "iam", "role": "app"}), KEYS).unwrap();
        let body = body_of(method.ask().await.unwrap());
        let part = |name: &str| STANDARD.decode(body[name].as_str().unwrap()).unwrap();
        assert_eq!(body["role"], "app");
        assert_eq!(body["iam_http_request_method"], "POST");
        assert_eq!(part("iam_request_url"), b"https://sts.amazonaws.com/");
        let question = b"Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!(part("iam_request_body"), question);
        let headers = String::from_utf8(part("iam_request_headers")).unwrap();
        assert!(headers.contains("Credential=AKID/"), "{headers}");
        assert!(!headers.contains("canary"), "{headers}");
        assert!(!format!("{method:?}").contains("canary"));
        let hint = method.hint("auth/aws");
        assert!(!hint.contains("canary") && hint.contains("AKID"), "{hint}");
    }

    #[test]
    fn a_login_without_credentials_is_refused_at_the_start() {
        let nobody = mk_method(json!({"type": "iam", "role": "app"}), &[]);
        let nobody = nobody.unwrap_err().to_string();
        assert!(nobody.contains("AWS_WEB_IDENTITY_TOKEN_FILE"), "{nobody}");
    }
}
