//! `sts:GetCallerIdentity`, signed and not sent.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::agent_config::check::{MethodError, aws_region};
use http::HeaderValue;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::credentials::Keys;
use super::signature::{self, Headers, Signer};

const METHOD: &str = "POST";
const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// The region of the service that is not in a region.
const GLOBAL_REGION: &str = "us-east-1";

/// The service that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sts {
    region: String,
}

/// The question as Vault takes it: each part but the method in base64.
pub(super) struct Question {
    pub(super) method: Zeroizing<String>,
    pub(super) url: Zeroizing<String>,
    pub(super) body: Zeroizing<String>,
    pub(super) headers: Zeroizing<String>,
}

impl Sts {
    pub(super) fn in_region(region: Option<&str>) -> Result<Self, MethodError> {
        let region = region.unwrap_or(GLOBAL_REGION);
        aws_region(region)?;
        Ok(Self {
            region: region.to_owned(),
        })
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    /// Where it answers, which is one place for all unless a region was chosen.
    pub(super) fn address(&self) -> String {
        format!("https://{}", self.host())
    }

    fn host(&self) -> String {
        let region = &self.region;
        if region == GLOBAL_REGION {
            "sts.amazonaws.com".to_owned()
        } else if region.starts_with("cn-") {
            format!("sts.{region}.amazonaws.com.cn")
        } else {
            format!("sts.{region}.amazonaws.com")
        }
    }

    /// The question, which is good for fifteen minutes from `now`.
    pub(super) fn who_am_i(
        &self,
        keys: &Keys,
        header_value: Option<&str>,
        now: SystemTime,
    ) -> Result<Question, String> {
        let time = Timestamp::try_from(now).map_err(|error| error.to_string())?;
        let mut headers = Headers::from([
            ("content-type", Zeroizing::new(CONTENT_TYPE.to_owned())),
            ("host", Zeroizing::new(self.host())),
            ("x-amz-date", Zeroizing::new(signature::date(time))),
        ]);
        if let Some(value) = header_value {
            headers.insert(
                "x-vault-aws-iam-server-id",
                sendable("header_value", value)?,
            );
        }
        if let Some(token) = &keys.session_token {
            headers.insert(
                "x-amz-security-token",
                sendable("the session token", token)?,
            );
        }
        let signer = Signer {
            access_key_id: &keys.access_key_id,
            secret_access_key: &keys.secret_access_key,
            region: &self.region,
            service: "sts",
            time,
        };
        let authorization = signer.authorization(METHOD, &headers, BODY);
        headers.insert("authorization", Zeroizing::new(authorization));
        // Vault takes it from the address.
        headers.remove("host");
        let headers =
            Zeroizing::new(serde_json::to_string(&headers).expect("text must serialize to JSON"));
        let encoded = |text: &str| Zeroizing::new(STANDARD.encode(text));
        Ok(Question {
            method: Zeroizing::new(METHOD.to_owned()),
            url: encoded(&format!("{}/", self.address())),
            body: encoded(BODY),
            headers: encoded(&headers),
        })
    }
}

/// The value of a header, if it can be one.
fn sendable(what: &str, value: &str) -> Result<Zeroizing<String>, String> {
    HeaderValue::from_str(value)
        .map(|_| Zeroizing::new(value.to_owned()))
        .map_err(|_| format!("{what} has control characters, which no HTTP header can hold"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    /// A request that AWS's own library has signed, `aws-sigv4` 1.3.
    #[derive(Deserialize)]
    struct Signed {
        name: String,
        /// Seconds since 1970.
        time: f64,
        access_key: String,
        secret_key: String,
        session_token: Option<String>,
        region: Option<String>,
        header_value: Option<String>,
        url: String,
        headers: Value,
    }

    fn decoded(text: &str) -> String {
        String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn a_question_is_signed_as_recorded() {
        let signed = include_str!("../../../tests/fixtures/aws-signed-requests.json");
        let signed: Vec<Signed> = serde_json::from_str(signed).unwrap();
        assert!(signed.len() >= 14);
        for wanted in signed {
            let keys = Keys {
                access_key_id: wanted.access_key,
                secret_access_key: Zeroizing::new(wanted.secret_key),
                session_token: wanted.session_token.map(Zeroizing::new),
            };
            let sts = Sts::in_region(wanted.region.as_deref()).unwrap();
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(wanted.time);
            let question = sts.who_am_i(&keys, wanted.header_value.as_deref(), now);
            let question = question.unwrap();
            let headers: Value = serde_json::from_str(&decoded(&question.headers)).unwrap();
            assert_eq!(headers, wanted.headers, "{}", wanted.name);
            assert_eq!(decoded(&question.url), wanted.url, "{}", wanted.name);
            assert_eq!(decoded(&question.body), BODY);
            assert_eq!(*question.method, "POST");
        }
    }

    #[test]
    fn what_no_header_can_hold_is_named_and_not_signed() {
        let sts = Sts::in_region(None).unwrap();
        for (token, header_value, words) in [
            (Some("a\ncanary"), None, "the session token has"),
            (None, Some("a\u{7f}"), "header_value has"),
        ] {
            let keys = Keys {
                access_key_id: "AKID".to_owned(),
                secret_access_key: Zeroizing::new("canary".to_owned()),
                session_token: token.map(|token| Zeroizing::new(token.to_owned())),
            };
            let refused = sts.who_am_i(&keys, header_value, SystemTime::UNIX_EPOCH);
            let refused = refused.err().unwrap();
            assert!(refused.starts_with(words), "{refused}");
            assert!(!refused.contains("canary"), "{refused}");
        }
    }
}
