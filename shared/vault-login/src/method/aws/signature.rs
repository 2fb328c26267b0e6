//! Signature Version 4, as "Create a signed AWS API request" in AWS's IAM User Guide has it:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
//!
//! ```text
//! request ─▶ canonical request ─ SHA-256 ─▶ string to sign ─┐
//! secret key ─ HMAC: day, region, service ─▶ signing key ───┴─ HMAC ─▶ signature
//! ```
//!
//! For requests to `/` without a query: there is nothing to encode, and nothing to sort but headers.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use ring::hmac::{HMAC_SHA256, Key, sign};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What ends a scope.
const TERMINATION: &str = "aws4_request";

/// Headers by their names in lower case.
pub(super) type Headers = BTreeMap<&'static str, Zeroizing<String>>;

/// Signs for one service in one region.
pub(super) struct Signer<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) secret_access_key: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) time: Timestamp,
}

/// The value of `x-amz-date`.
pub(super) fn date(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

impl Signer<'_> {
    /// The value of `authorization` for a request to `/` with these headers, all of which are signed.
    /// `host` and `x-amz-date` have to be among them.
    pub(super) fn authorization(&self, method: &str, headers: &Headers, body: &str) -> String {
        let names: Vec<&str> = headers.keys().copied().collect();
        let names = names.join(";");
        let canonical = canonical(method, headers, &names, body);
        let day = self.time.strftime("%Y%m%d").to_string();
        let scope = format!("{day}/{}/{}/{TERMINATION}", self.region, self.service);
        let text = format!(
            "{ALGORITHM}\n{}\n{scope}\n{}",
            date(self.time),
            hex(&Sha256::digest(canonical.as_bytes()))
        );
        let secret = Zeroizing::new(format!("AWS4{}", self.secret_access_key));
        let steps = [&day, self.region, self.service, TERMINATION];
        let key = steps.iter().fold(key_of(secret.as_bytes()), |key, step| {
            key_of(sign(&key, step.as_bytes()).as_ref())
        });
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            self.access_key_id,
            hex(sign(&key, text.as_bytes()).as_ref())
        )
    }
}

fn canonical(method: &str, headers: &Headers, names: &str, body: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(format!("{method}\n/\n\n"));
    for (name, value) in headers {
        text.push_str(name);
        text.push(':');
        // No blanks around the value, and one where there are several.
        let words = value.split(' ').filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
        text.push('\n');
    }
    let hash = hex(&Sha256::digest(body.as_bytes()));
    for part in ["\n", names, "\n", &hash] {
        text.push_str(part);
    }
    text
}

fn key_of(bytes: &[u8]) -> Key {
    Key::new(HMAC_SHA256, bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String must succeed");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        name: &'static str,
        method: &'static str,
        /// Besides `host` and `x-amz-date`.
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
        signature: &'static str,
    }

    /// From AWS's test suite for Signature Version 4:
    /// <https://github.com/awslabs/aws-c-auth/tree/v0.9.0/tests/aws-signing-test-suite/v4>.
    const SUITE: [Case; 6] = [
        Case {
            name: "get-vanilla",
            method: "GET",
            headers: &[],
            body: "",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        },
        Case {
            name: "get-vanilla-with-session-token",
            method: "GET",
            headers: &[(
                "x-amz-security-token",
                "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
            )],
            body: "",
            signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        },
        Case {
            name: "get-header-value-trim",
            method: "GET",
            headers: &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            body: "",
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        },
        Case {
            name: "post-vanilla",
            method: "POST",
            headers: &[],
            body: "",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        },
        Case {
            name: "post-header-key-sort",
            method: "POST",
            headers: &[("my-header1", "value1")],
            body: "",
            signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        },
        Case {
            name: "post-x-www-form-urlencoded",
            method: "POST",
            headers: &[
                ("content-length", "13"),
                ("content-type", "application/x-www-form-urlencoded"),
                (
                    "x-amz-content-sha256",
                    "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
                ),
            ],
            body: "Param1=value1",
            signature: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        },
    ];

    #[test]
    fn requests_of_awss_test_suite_get_its_signatures() {
        let signer = Signer {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
            time: "2015-08-30T12:36:00Z".parse().unwrap(),
        };
        let common = [
            ("host", "example.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ];
        for case in SUITE {
            let headers = common.iter().chain(case.headers);
            let headers: Headers = headers
                .map(|(name, value)| (*name, Zeroizing::new((*value).to_owned())))
                .collect();
            let authorization = signer.authorization(case.method, &headers, case.body);
            let names: Vec<&str> = headers.keys().copied().collect();
            let wanted = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={}, Signature={}",
                names.join(";"),
                case.signature
            );
            assert_eq!(authorization, wanted, "{}", case.name);
        }
        assert_eq!(date(signer.time), "20150830T123600Z");
    }
}
