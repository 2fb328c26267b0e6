//! `sts:GetCallerIdentity`, signed and not sent.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::agent_config::check::{MethodError, aws_region};
use zeroize::Zeroizing;

use super::credentials::Keys;

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
        let region = &self.region;
        if region == GLOBAL_REGION {
            "https://sts.amazonaws.com".to_owned()
        } else if region.starts_with("cn-") {
            format!("https://sts.{region}.amazonaws.com.cn")
        } else {
            format!("https://sts.{region}.amazonaws.com")
        }
    }

    /// The question, which is good for fifteen minutes from `now`.
    pub(super) fn who_am_i(
        &self,
        keys: &Keys,
        header_value: Option<&str>,
        now: SystemTime,
    ) -> Result<Question, String> {
        let url = format!("{}/", self.address());
        let mut headers = BTreeMap::from([("content-type", CONTENT_TYPE.to_owned())]);
        if let Some(value) = header_value {
            headers.insert("x-vault-aws-iam-server-id", value.to_owned());
        }
        let token = keys.session_token.as_ref().map(|token| token.to_string());
        let credentials = Credentials::new(
            keys.access_key_id.as_str(),
            keys.secret_access_key.as_str(),
            token,
            None,
            "vault-agent",
        );
        let identity = credentials.into();
        let settings = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("sts")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?;
        let shown = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let request =
            SignableRequest::new("POST", &url, shown, SignableBody::Bytes(BODY.as_bytes()))
                .map_err(|error| error.to_string())?;
        let signed = sign(request, &settings.into()).map_err(|error| error.to_string())?;
        let (instructions, _) = signed.into_parts();
        let (added, _) = instructions.into_parts();
        for header in &added {
            headers.insert(header.name(), header.value().to_owned());
        }
        let headers =
            Zeroizing::new(serde_json::to_string(&headers).expect("text must serialise to JSON"));
        let encoded = |text: &str| Zeroizing::new(STANDARD.encode(text));
        Ok(Question {
            method: Zeroizing::new("POST".to_owned()),
            url: encoded(&url),
            body: encoded(BODY),
            headers: encoded(&headers),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::time::Duration;

    use aws_lc_rs::hmac;
    use serde_json::Value;
    use sha2::{Digest, Sha256};

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    fn mac(key: &[u8], text: &str) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    }

    /// The signature by the steps of AWS's documentation ("Create a signed AWS API request").
    fn signature(region: &str, host: &str, server_id: &str) -> String {
        let canonical = format!(
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-amz-date:20150830T123600Z\n\
             x-amz-security-token:session\nx-vault-aws-iam-server-id:{server_id}\n\n\
             content-type;host;x-amz-date;x-amz-security-token;x-vault-aws-iam-server-id\n{}",
            hex(&Sha256::digest(BODY))
        );
        let scope = format!("20150830/{region}/sts/aws4_request");
        let text = format!(
            "AWS4-HMAC-SHA256\n20150830T123600Z\n{scope}\n{}",
            hex(&Sha256::digest(canonical))
        );
        let key = mac(b"AWS4secret", "20150830");
        let key = mac(&mac(&mac(&key, region), "sts"), "aws4_request");
        hex(&mac(&key, &text))
    }

    #[test]
    fn aws_would_find_the_signature_right_and_everything_in_it() {
        let keys = Keys {
            access_key_id: "AKID".to_owned(),
            secret_access_key: Zeroizing::new("secret".to_owned()),
            session_token: Some(Zeroizing::new("session".to_owned())),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        for (region, host) in [
            ("us-east-1", "sts.amazonaws.com"),
            ("eu-central-1", "sts.eu-central-1.amazonaws.com"),
            ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ] {
            let sts = Sts::in_region(Some(region)).unwrap();
            let question = sts.who_am_i(&keys, Some("vault.example"), now).unwrap();
            let headers = STANDARD.decode(question.headers.as_str()).unwrap();
            let headers: Value = serde_json::from_slice(&headers).unwrap();
            assert_eq!(headers["x-amz-security-token"], "session");
            assert_eq!(headers["x-vault-aws-iam-server-id"], "vault.example");
            let authorization = headers["authorization"].as_str().unwrap();
            let wanted = format!("Signature={}", signature(region, host, "vault.example"));
            assert!(authorization.ends_with(&wanted), "{authorization}");
        }
    }
}
