//! An answer to the agent's own token, without the text of that token: an application may use it and
//! must not learn it.
//!
//! ```text
//! pieces of the body ─▶ kept back while they may be the token ─▶ the token? asterisks : as they came
//! ```
//!
//! Whatever the path and the kind of the answer: what Vault and what stands in front of it make of a
//! path cannot all be known here. The body keeps its length, and passes piece by piece as any other:
//! no more of it is kept back than the token is long. The accessor may pass, because nothing can be
//! read with it that the application cannot read already.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body_util::Either;
use hyper::body::{Bytes, Frame, SizeHint};
use hyper::{HeaderMap, Response};
use vault_client::Body;
use vault_wire::Token;
use zeroize::Zeroizing;

use super::AnswerBody;

/// Stands in for each byte of the token.
const HIDDEN: u8 = b'*';

/// Of a token, in bytes: a shorter one, which somebody has chosen (`root` of a development server), may
/// be part of what applications ask for. Whatever Vault makes is longer.
pub(super) const SHORTEST: usize = 16;

/// Whether a token is never taken for anything else.
pub(super) fn hides(token: &Token) -> bool {
    token.expose().len() >= SHORTEST
}

/// The answer without the token, if that is one that can be hidden.
pub(super) fn over(answer: Response<AnswerBody>, token: &Token) -> Response<AnswerBody> {
    if !hides(token) {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    hide_headers(&mut head.headers, token);
    let veiled = Veiled {
        body,
        veil: Veil::new(token),
    };
    Response::from_parts(head, Either::Right(Body::wrap(veiled)))
}

fn hide_headers(headers: &mut HeaderMap, token: &Token) {
    let token = token.expose().as_bytes();
    let shows = |value: &[u8]| value.windows(token.len()).any(|part| part == token);
    let named = headers.iter().filter(|(_, value)| shows(value.as_bytes()));
    for name in named.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
        headers.remove(name);
    }
}

/// A body behind a veil. Its trailers, which no application of Vault's reads, are left out.
struct Veiled {
    body: AnswerBody,
    veil: Veil,
}

impl hyper::body::Body for Veiled {
    type Data = Bytes;
    type Error = <AnswerBody as hyper::body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            let piece = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.veil.pass(&data),
                    Err(_) => continue,
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => match self.veil.end() {
                    rest if rest.is_empty() => return Poll::Ready(None),
                    rest => rest,
                },
            };
            if !piece.is_empty() {
                let piece = Bytes::from_owner(piece);
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.veil.kept.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let kept = self.veil.kept.len() as u64;
        let rest = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + kept);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + kept);
        }
        hint
    }
}

/// Finds the token in bytes that come piece by piece.
struct Veil {
    token: Token,
    /// The end of what has come, which may be the beginning of the token.
    kept: Zeroizing<Vec<u8>>,
}

/// How bytes begin.
#[derive(Debug, PartialEq, Eq)]
enum Begins {
    Otherwise,
    /// With the token, which takes so many bytes.
    Token(usize),
    /// With a part of the token, and then they end.
    Perhaps,
}

impl Veil {
    fn new(token: &Token) -> Self {
        Self {
            token: token.clone(),
            kept: Zeroizing::default(),
        }
    }

    /// What can be passed on now.
    fn pass(&mut self, piece: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.kept.len() + piece.len()));
        bytes.extend_from_slice(&self.kept);
        bytes.extend_from_slice(piece);
        let token = self.token.expose().as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match begins(&bytes[at..], token) {
                Begins::Otherwise => at += 1,
                Begins::Token(length) => {
                    bytes[at..at + length].fill(HIDDEN);
                    at += length;
                }
                Begins::Perhaps => break,
            }
        }
        self.kept = Zeroizing::new(bytes[at..].to_vec());
        bytes.truncate(at);
        bytes
    }

    /// The rest: it was not the token.
    fn end(&mut self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut self.kept)
    }
}

/// Looks for the token as it is and as a JSON text may write it.
fn begins(bytes: &[u8], token: &[u8]) -> Begins {
    if bytes[0] != token[0] && bytes[0] != b'\\' {
        return Begins::Otherwise;
    }
    match (literally(bytes, token), escaped(bytes, token)) {
        (Begins::Token(length), _) | (_, Begins::Token(length)) => Begins::Token(length),
        (Begins::Perhaps, _) | (_, Begins::Perhaps) => Begins::Perhaps,
        _ => Begins::Otherwise,
    }
}

fn literally(bytes: &[u8], token: &[u8]) -> Begins {
    let common = bytes.len().min(token.len());
    if bytes[..common] != token[..common] {
        Begins::Otherwise
    } else if common == token.len() {
        Begins::Token(common)
    } else {
        Begins::Perhaps
    }
}

fn escaped(bytes: &[u8], token: &[u8]) -> Begins {
    let mut at = 0;
    for wanted in token {
        let (letter, length) = match bytes[at..] {
            [] | [b'\\'] => return Begins::Perhaps,
            [b'\\', b'u', ref digits @ ..] => match digits.first_chunk::<4>() {
                Some(digits) => (unicode(*digits), 6),
                None => return Begins::Perhaps,
            },
            [b'\\', letter @ (b'"' | b'\\' | b'/'), ..] => (Some(letter), 2),
            [b'\\', ..] => (None, 0),
            [letter, ..] => (Some(letter), 1),
        };
        if letter != Some(*wanted) {
            return Begins::Otherwise;
        }
        at += length;
    }
    Begins::Token(at)
}

/// A token is printable ASCII, for which no other letter stands.
fn unicode(digits: [u8; 4]) -> Option<u8> {
    let digits = std::str::from_utf8(&digits).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};
    use hyper::body::Body as _;
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    const TOKEN: &str = "hvs.\"canary/1234";
    const MASK: &str = "****************";

    fn mk_token() -> Token {
        Token::new(TOKEN).unwrap()
    }

    /// What passes of a body that comes in pieces of this size, and its length before and after.
    fn passed(text: &str, size: usize) -> String {
        let mut veil = Veil::new(&mk_token());
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            out.extend_from_slice(&veil.pass(piece));
            assert!(veil.kept.len() < TOKEN.len() * 6);
        }
        out.extend_from_slice(&veil.end());
        assert_eq!(out.len(), text.len());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_token_goes_wherever_the_pieces_of_a_body_end() {
        let text = format!("{TOKEN}hvs.hvs.{TOKEN}{TOKEN} and \\{TOKEN} hvs.\"canary/");
        let wanted = format!("{MASK}hvs.hvs.{MASK}{MASK} and \\{MASK} hvs.\"canary/");
        for size in 1..=text.len() {
            assert_eq!(passed(&text, size), wanted, "{size}");
        }
    }

    #[test]
    fn an_escaped_token_is_the_token() {
        for written in [
            r#"hvs.\"canary/1234"#,
            r#"hvs.\"canary\/1234"#,
            r"\u0068vs.\u0022canary\u002F1234",
            r"\u0068\u0076\u0073\u002e\u0022\u0063\u0061\u006e\u0061\u0072\u0079\u002f\u0031234",
        ] {
            let text = format!("{{\"id\":\"{written}\",\"n\":\"\\u00\"}}");
            for size in [1, 2, 3, 7, text.len()] {
                let passed = passed(&text, size);
                assert_eq!(passed, text.replace(written, &"*".repeat(written.len())));
            }
        }
    }

    #[tokio::test]
    async fn neither_a_header_nor_a_body_of_any_kind_shows_it() {
        let bytes = Bytes::from(format!("TRACE / HTTP/1.1\r\nX-Vault-Token: {TOKEN}\r\n"));
        for body in [
            Either::Left(Full::new(bytes.clone())),
            Either::Right(Body::from(bytes.clone())),
        ] {
            let mut answer = Response::new(body);
            let value = HeaderValue::from_str(&format!("you sent {TOKEN}")).unwrap();
            answer.headers_mut().insert("x-echo", value);
            let kind = HeaderValue::from_static("message/http");
            let name = HeaderName::from_static("content-type");
            answer.headers_mut().insert(name, kind);
            let answer = over(answer, &mk_token());
            assert_eq!(answer.headers().len(), 1);
            assert_eq!(answer.body().size_hint().exact(), Some(bytes.len() as u64));
            let passed = answer.into_body().collect().await.unwrap().to_bytes();
            let passed = String::from_utf8(passed.to_vec()).unwrap();
            assert!(
                passed.ends_with(&format!("X-Vault-Token: {MASK}\r\n")),
                "{passed}"
            );
        }
    }

    #[tokio::test]
    async fn a_short_token_is_taken_out_of_nothing() {
        for (token, is_hidden) in [
            ("root", false),
            ("a-token-of-16-by", true),
            ("a-token-of-15-b", false),
        ] {
            let body = Bytes::from(format!("{{\"user\":\"{token}\"}}"));
            let mut answer = Response::new(Either::Left(Full::new(body.clone())));
            let value = HeaderValue::from_str(token).unwrap();
            answer.headers_mut().insert("x-user", value);
            let answer = over(answer, &Token::new(token).unwrap());
            assert_eq!(answer.headers().is_empty(), is_hidden, "{token}");
            let passed = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(passed != body, is_hidden, "{token}");
        }
    }
}
