//! A server that answers by a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use tokio::net::TcpListener;
use vault_client::{Client, ClientConfig};
use vault_wire::Token;

pub(crate) const CANARY: &str = "hvs.canary-in-the-mine";

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What to answer: status, headers, body. A missing answer is no answer at all.
pub(crate) type Answer = Option<(u16, Vec<(&'static str, String)>, String)>;

/// Makes an answer's body of the request.
pub(crate) type Repeats = fn(&Seen) -> String;

#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// What to answer once the script has ended.
    rest: Option<(u16, Repeats)>,
}

impl Script {
    pub(crate) fn then(self, status: u16, body: &str) -> Self {
        self.then_with(status, &[], body)
    }

    pub(crate) fn then_with(
        self,
        status: u16,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        self.answers
            .lock()
            .unwrap()
            .push_back(Some((status, headers, body.to_owned())));
        self
    }

    pub(crate) fn then_silence(self) -> Self {
        self.answers.lock().unwrap().push_back(None);
        self
    }

    /// Answers every further request by what is in it.
    pub(crate) fn answering(self, status: u16, body: Repeats) -> Self {
        Self {
            rest: Some((status, body)),
            ..self
        }
    }

    /// Starts the server and gives its address.
    pub(crate) async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(play).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    pub(crate) async fn client(&self, change: impl FnOnce(&mut ClientConfig)) -> Client {
        let mut config = ClientConfig::new(self.serve().await);
        change(&mut config);
        Client::new(&config).unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

async fn play(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let seen = Seen {
        line: format!("{method} {uri}"),
        headers,
        body,
    };
    let rest = script
        .rest
        .map(|(status, body)| Some((status, Vec::new(), body(&seen))));
    script.seen.lock().unwrap().push(seen);
    let answer = script.answers.lock().unwrap().pop_front();
    let answer = answer.or(rest).expect("the script must go on");
    let Some((status, headers, body)) = answer else {
        return std::future::pending().await;
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}

pub(crate) fn token() -> Token {
    Token::new(CANARY).unwrap()
}
