//! Requests to the platform below the pod: metadata servers and token services of clouds.
//!
//! Each is sent once; the loop that logs in tries again. Trust is the system's, and no setting of the
//! connection to Vault holds here.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use vault_client::{Client, ClientConfig, Forward, ForwardBody};
use zeroize::Zeroizing;

use super::LoginError;

/// These servers are near and quick.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Far more than any token takes.
const ANSWER_LIMIT: usize = 256 * 1024;
/// How much of a refusal is shown.
const WORDS_LIMIT: usize = 300;
/// Values of a form that are no shorter are tokens, which a refusal may repeat.
const SHORTEST_TOKEN: usize = 100;

/// A request for something that a login needs.
pub(super) struct Question {
    what: &'static str,
    /// `http://169.254.169.254`
    address: String,
    target: String,
    headers: HeaderMap,
    form: Option<Zeroizing<String>>,
}

impl Question {
    /// `GET {address}{path}?{query}`.
    pub(super) fn new(
        what: &'static str,
        address: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Self {
        let query = form(query);
        Self {
            what,
            address: address.trim_end_matches('/').to_owned(),
            target: if query.is_empty() {
                path.to_owned()
            } else {
                format!("{path}?{}", query.as_str())
            },
            headers: HeaderMap::new(),
            form: None,
        }
    }

    /// Posts a form instead.
    pub(super) fn posting(mut self, fields: &[(&str, &str)]) -> Self {
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(CONTENT_TYPE, kind);
        self.form = Some(form(fields));
        self
    }

    /// With this header. A value that is none is left out, and the server says what it misses.
    pub(super) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        self
    }

    /// The answer, as it is.
    pub(super) async fn text(self) -> Result<Zeroizing<String>, LoginError> {
        let what = self.what;
        let address = format!(
            "{}{}",
            self.address,
            self.target.split('?').next().unwrap_or_default()
        );
        self.ask().await.map_err(|reason| LoginError::Platform {
            what,
            address,
            reason,
        })
    }

    /// The answer, read from JSON.
    pub(super) async fn json<T: DeserializeOwned>(self) -> Result<T, LoginError> {
        let (what, address) = (self.what, self.address.clone());
        let text = self.text().await?;
        serde_json::from_str(&text).map_err(|_| LoginError::Platform {
            what,
            address,
            // Without the cause, which may show what is in it.
            reason: "the answer is not what it should be".to_owned(),
        })
    }

    /// What is sent and not to be shown.
    fn tokens(&self) -> Vec<Zeroizing<String>> {
        let form = self.form.as_ref().map(|form| form.as_bytes());
        let fields = form_urlencoded::parse(form.unwrap_or_default());
        let fields = fields.map(|(_, value)| Zeroizing::new(value.into_owned()));
        let header = self.headers.get(AUTHORIZATION).into_iter();
        let header =
            header.filter_map(|value| Some(Zeroizing::new(value.to_str().ok()?.to_owned())));
        fields
            .filter(|value| value.len() >= SHORTEST_TOKEN)
            .chain(header)
            .collect()
    }

    async fn ask(self) -> Result<Zeroizing<String>, String> {
        let config = ClientConfig {
            timeout: TIMEOUT,
            follow_redirects: false,
            keep_connections: false,
            ..ClientConfig::new(&self.address)
        };
        let is_secure = self.address.starts_with("https://");
        let client = Client::new(&config).map_err(|error| error.to_string())?;
        let sent = self.tokens();
        let body = self.form.as_ref().map(|form| form.as_bytes().to_vec());
        let request = Forward {
            method: if body.is_some() {
                Method::POST
            } else {
                Method::GET
            },
            target: self.target,
            headers: self.headers,
            body: ForwardBody::Whole(Bytes::from(body.unwrap_or_default())),
            retries: 0,
            keeps_off: |_| false,
        };
        let answer = client.forward(request).await.map_err(|error| {
            let trust = if is_secure {
                "; this server has to have a certificate of a CA of the system (SSL_CERT_FILE)"
            } else {
                ""
            };
            format!("{error}{trust}")
        })?;
        let status = answer.status;
        let body = Limited::new(answer.body, ANSWER_LIMIT).collect();
        let body = tokio::time::timeout(TIMEOUT, body).await;
        let body = body
            .map_err(|_| "the answer does not end".to_owned())?
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8(body.to_bytes().into());
        let text = Zeroizing::new(text.map_err(|_| "the answer is not text".to_owned())?);
        if status.is_success() {
            return Ok(text);
        }
        let words = vault_wire::redacted(&text, sent.iter().map(|token| token.as_str()));
        let words: String = vault_wire::visible(&words)
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(WORDS_LIMIT)
            .collect();
        Err(format!("{status}: {words}"))
    }
}

fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    Zeroizing::new(form.extend_pairs(fields).finish())
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;

    /// A server that answers once for each of these (status, text), and gives the requests.
    pub(in super::super) fn mk_server(
        answers: &'static [(u16, &'static str)],
    ) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let answer = |(status, text): &(u16, &str)| {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                let (mut request, mut length) = (String::new(), 0);
                while !request.ends_with("\r\n\r\n") {
                    let start = request.len();
                    reader.read_line(&mut request).unwrap();
                    let line = request[start..].to_lowercase();
                    if let Some(value) = line.strip_prefix("content-length: ") {
                        length = value.trim().parse().unwrap();
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                request.push_str(&String::from_utf8(body).unwrap());
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n",
                    text.len()
                );
                let mut stream = reader.into_inner();
                stream.write_all(head.as_bytes()).unwrap();
                stream.write_all(text.as_bytes()).unwrap();
                request
            };
            answers.iter().map(answer).collect()
        });
        (address, serving)
    }

    #[tokio::test]
    async fn a_refusal_is_shown_with_the_servers_words_and_an_odd_answer_is_not() {
        let (address, _) = mk_server(&[(400, "no such\naccount"), (200, "canary")]);
        let ask = |path| Question::new("identity token", &address, path, &[("role", "a b")]);
        let refused = ask("/token").text().await.unwrap_err().to_string();
        let words = format!("cannot get the identity token from {address}/token: 400 Bad Request:");
        assert_eq!(refused, format!("{words} no such account"));
        let odd = ask("/token").json::<u32>().await.unwrap_err().to_string();
        assert!(odd.ends_with("is not what it should be"), "{odd}");
    }

    #[tokio::test]
    async fn a_refusal_that_repeats_a_token_is_shown_without_it() {
        const TOKEN: &str = "canary.canary.canary.canary.canary.canary.canary.canary.canary.canary.\
                             canary.canary.canary.canary.canary";
        let (address, _) = mk_server(&[(
            400,
            concat!(
                "app \u{202e} canary.canary.canary.canary.canary.canary.canary.canary.canary.canary.",
                "canary.canary.canary.canary.canary other-canary",
            ),
        )]);
        let ask = Question::new("token", &address, "/t", &[])
            .posting(&[("client", "app"), ("assertion", TOKEN)])
            .with_header("authorization", "other-canary");
        let refused = ask.text().await.unwrap_err().to_string();
        assert!(
            refused.ends_with(r"app \u{202e} [REDACTED] [REDACTED]"),
            "{refused}"
        );
    }

    #[tokio::test]
    async fn a_form_is_posted_and_a_query_escaped() {
        let (address, requests) = mk_server(&[(200, "yes")]);
        let ask = Question::new("token", &address, "/t", &[("a", "b c")]);
        let answer = ask
            .posting(&[("secret", "x&y")])
            .with_header("metadata", "true");
        assert_eq!(*answer.text().await.unwrap(), "yes");
        let request = &requests.join().unwrap()[0];
        assert!(
            request.starts_with("POST /t?a=b+c HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(request.contains("metadata: true\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\nsecret=x%26y"), "{request}");
    }
}
