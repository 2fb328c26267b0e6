//! Where the keys of AWS come from: configuration, environment, IRSA, EKS pod identity.

use std::fmt;
use std::path::PathBuf;

use contract::agent_config::check::{AwsKeys, MethodError};
use http::Uri;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::platform::Question;
use super::super::{LoginError, file};
use super::question::Sts;
use crate::Variables;

const WHAT: &str = "AWS credentials";

/// Hosts that may be asked without TLS, besides this machine: the agents of ECS and EKS.
const NEAR: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// Keys that sign for a while.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Keys {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: Zeroizing<String>,
    #[serde(rename = "Token")]
    pub(super) session_token: Option<Zeroizing<String>>,
}

/// Without the secrets.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.access_key_id).finish()
    }
}

/// Who gives keys.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// They are there.
    Given(Keys),
    /// IRSA: STS, for a service-account token.
    WebIdentity {
        address: String,
        role_arn: String,
        session: String,
        token: PathBuf,
    },
    /// EKS pod identity: the agent on the node.
    Container {
        address: String,
        target: String,
        authorization: Option<Authorization>,
    },
}

#[derive(Clone)]
pub(super) enum Authorization {
    File(PathBuf),
    Text(Zeroizing<String>),
}

/// Without the token.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization([REDACTED])")
    }
}

/// For hints: whose identity it is.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(keys) => write!(f, "the principal of key {}", keys.access_key_id),
            Self::WebIdentity { role_arn, .. } => f.write_str(role_arn),
            Self::Container { .. } => f.write_str("the role of the pod identity association"),
        }
    }
}

impl Source {
    /// The file with the token that is exchanged for keys.
    pub(super) fn token_file(&self) -> Option<PathBuf> {
        match self {
            Self::WebIdentity { token, .. } => Some(token.clone()),
            Self::Container { authorization, .. } => match authorization {
                Some(Authorization::File(path)) => Some(path.clone()),
                Some(Authorization::Text(_)) | None => None,
            },
            Self::Given(_) => None,
        }
    }

    /// The first that is there, in the order of AWS's own libraries.
    pub(super) fn find(
        given: Option<&AwsKeys<'_>>,
        variables: &dyn Variables,
    ) -> Result<Self, MethodError> {
        let variable = |name| variables.get(name).filter(|value| !value.is_empty());
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        if let Some(keys) = given {
            return Ok(Self::Given(Keys {
                access_key_id: keys.access_key.to_owned(),
                secret_access_key: secret(keys.secret_key),
                session_token: keys.session_token.map(secret),
            }));
        }
        let id = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
        if let Some((access_key_id, secret_access_key)) = id {
            return Ok(Self::Given(Keys {
                access_key_id: access_key_id.to_owned(),
                secret_access_key: secret(secret_access_key),
                session_token: variable("AWS_SESSION_TOKEN").map(secret),
            }));
        }
        let identity = variable("AWS_WEB_IDENTITY_TOKEN_FILE").zip(variable("AWS_ROLE_ARN"));
        if let Some((token, role_arn)) = identity {
            let own = variable("AWS_ENDPOINT_URL_STS").or_else(|| variable("AWS_ENDPOINT_URL"));
            let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
            let address = match own {
                Some(address) => address.to_owned(),
                None => Sts::in_region(region)?.address(),
            };
            return Ok(Self::WebIdentity {
                address,
                role_arn: role_arn.to_owned(),
                session: variable("AWS_ROLE_SESSION_NAME")
                    .unwrap_or("vault-agent")
                    .to_owned(),
                token: token.into(),
            });
        }
        if let Some(uri) = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            let (address, target) = container(uri).ok_or_else(|| {
                MethodError::value(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                    "it is an address with https, or one of this machine or of the agent of EKS or ECS",
                )
            })?;
            let file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
            let text = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
            return Ok(Self::Container {
                address,
                target,
                authorization: file
                    .map(|file| Authorization::File(file.into()))
                    .or_else(|| text.map(|text| Authorization::Text(secret(text)))),
            });
        }
        Err(MethodError::value(
            "access_key",
            "there are no credentials of AWS: give the pod's service account a role (IRSA sets \
             AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, pod identity \
             AWS_CONTAINER_CREDENTIALS_FULL_URI), or set access_key and secret_key",
        ))
    }

    pub(super) async fn get(&self) -> Result<Keys, LoginError> {
        match self {
            Self::Given(keys) => Ok(keys.clone()),
            Self::WebIdentity {
                address,
                role_arn,
                session,
                token,
            } => {
                let token = file::read("service-account token", token)?;
                let question = Question::new(WHAT, address, "/", &[]).posting(&[
                    ("Action", "AssumeRoleWithWebIdentity"),
                    ("Version", "2011-06-15"),
                    ("RoleArn", role_arn),
                    ("RoleSessionName", session),
                    ("WebIdentityToken", &token),
                ]);
                let answer = question.text().await?;
                keys_of_sts(&answer).ok_or_else(|| LoginError::Platform {
                    what: WHAT,
                    address: address.clone(),
                    reason: "the answer holds none".to_owned(),
                })
            }
            Self::Container {
                address,
                target,
                authorization,
            } => {
                let mut question = Question::new(WHAT, address, target, &[]);
                let token = match authorization {
                    Some(Authorization::File(path)) => Some(file::read("token", path)?),
                    Some(Authorization::Text(text)) => Some(text.clone()),
                    None => None,
                };
                if let Some(token) = token {
                    question = question.with_header("authorization", &token);
                }
                question.json().await
            }
        }
    }
}

/// Address and target of the agent on the node. The token must not travel where others can read it.
fn container(uri: &str) -> Option<(String, String)> {
    let uri: Uri = uri.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let host = authority.host();
    let is_here = matches!(host, "localhost" | "[::1]") || host.starts_with("127.");
    match scheme {
        "https" => {}
        "http" if is_here || NEAR.contains(&host) => {}
        _ => return None,
    }
    let target = uri.path_and_query()?.as_str().to_owned();
    Some((format!("{scheme}://{authority}"), target))
}

/// The keys in an answer of STS, whose XML has each of these elements once, as plain text.
fn keys_of_sts(answer: &str) -> Option<Keys> {
    let text = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Some(Keys {
        access_key_id: text("AccessKeyId")?,
        secret_access_key: Zeroizing::new(text("SecretAccessKey")?),
        session_token: Some(Zeroizing::new(text("SessionToken")?)),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use super::super::super::platform::tests::mk_server;
    use super::*;

    fn mk_source(environment: &[(&str, &str)]) -> Result<Source, MethodError> {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let environment: BTreeMap<_, _> = environment.iter().map(own).collect();
        Source::find(None, &environment)
    }

    fn mk_token() -> tempfile::NamedTempFile {
        let mut token = tempfile::NamedTempFile::new().unwrap();
        token.write_all(b"sa.jwt\n").unwrap();
        token
    }

    fn text(keys: &Keys) -> (&str, &str, Option<&str>) {
        let token = keys.session_token.as_ref().map(|token| token.as_str());
        (&keys.access_key_id, &keys.secret_access_key, token)
    }

    #[tokio::test]
    async fn a_service_account_token_gives_keys_of_its_role() {
        let answer = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>\
            <Credentials><SessionToken>session</SessionToken><SecretAccessKey>se/cr+et</SecretAccessKey>\
            <Expiration>2026-01-01T00:00:00Z</Expiration><AccessKeyId>ASIA1</AccessKeyId></Credentials>\
            </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
        let (address, requests) = mk_server(Box::leak(Box::new([(200, answer)])));
        let token = mk_token();
        let source = mk_source(&[
            (
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                token.path().to_str().unwrap(),
            ),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/app"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL_STS", &address),
        ]);
        let keys = source.unwrap().get().await.unwrap();
        assert_eq!(text(&keys), ("ASIA1", "se/cr+et", Some("session")));
        let request = &requests.join().unwrap()[0];
        let form = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15\
            &RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fapp&RoleSessionName=vault-agent\
            &WebIdentityToken=sa.jwt";
        assert!(
            request.starts_with("POST / HTTP/1.1\r\n") && request.ends_with(form),
            "{request}"
        );
    }

    #[tokio::test]
    async fn the_agent_of_the_node_gives_keys_for_the_pods_token() {
        let answer = r#"{"AccessKeyId": "ASIA2", "SecretAccessKey": "canary", "Token": "session",
            "AccountId": "1", "Expiration": "2026-01-01T00:00:00Z"}"#;
        let (address, requests) = mk_server(Box::leak(Box::new([(200, answer)])));
        let token = mk_token();
        let source = mk_source(&[
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                &format!("{address}/v1/credentials"),
            ),
            (
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                token.path().to_str().unwrap(),
            ),
        ]);
        let keys = source.unwrap().get().await.unwrap();
        assert_eq!(text(&keys), ("ASIA2", "canary", Some("session")));
        assert!(!format!("{keys:?}").contains("canary"));
        let request = &requests.join().unwrap()[0];
        assert!(
            request.starts_with("GET /v1/credentials HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(request.contains("authorization: sa.jwt\r\n"), "{request}");
    }

    #[test]
    fn the_pods_token_goes_only_where_it_is_safe() {
        for uri in [
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "https://elsewhere.example/keys?a=b",
        ] {
            assert!(container(uri).is_some(), "{uri}");
        }
        for uri in [
            "http://elsewhere.example/keys",
            "/v1/credentials",
            "ftp://127.0.0.1/",
        ] {
            let refused = mk_source(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri)]);
            let words = refused.unwrap_err().to_string();
            assert!(
                words.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
                "{words}"
            );
        }
    }
}
