//! What a request has told the server. An error that repeats it, as proxies and some plugins do, must
//! not bring it into a log.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::text::redacted;
use crate::token::Token;

/// Token and body of a request.
pub struct Sent {
    /// The token that went with it.
    pub token: Option<Token>,
    /// In JSON.
    pub body: Option<Bytes>,
    /// Keys of the body whose values are no secrets, and help who reads the error.
    pub plain_keys: &'static [&'static str],
}

impl Sent {
    /// A text of the server's without token and values of the body.
    pub fn redact(&self, texts: &[String]) -> Vec<String> {
        let mut values = Vec::new();
        if let Some(body) = &self.body {
            let seed = Leaves {
                plain_keys: self.plain_keys,
                found: &mut values,
            };
            // The body is ours, so it is JSON, or it is empty.
            let _ = seed.deserialize(&mut serde_json::Deserializer::from_slice(body));
        }
        let token = self.token.as_ref().map(Token::expose);
        let all = || values.iter().map(|value| value.as_str()).chain(token);
        texts.iter().map(|text| redacted(text, all())).collect()
    }
}

/// Collects the texts and numbers in a JSON value.
struct Leaves<'a> {
    plain_keys: &'static [&'static str],
    found: &'a mut Vec<Zeroizing<String>>,
}

impl Leaves<'_> {
    fn below(&mut self) -> Leaves<'_> {
        Leaves {
            plain_keys: self.plain_keys,
            found: self.found,
        }
    }

    fn push(self, leaf: impl fmt::Display) {
        self.found.push(Zeroizing::new(leaf.to_string()));
    }
}

impl<'de> DeserializeSeed<'de> for Leaves<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Leaves<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.push(text);
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.push(number);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.push(number);
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.push(number);
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.below())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut pairs: A) -> Result<(), A::Error> {
        while let Some(key) = pairs.next_key::<String>()? {
            if self.plain_keys.contains(&key.as_str()) {
                pairs.next_value::<IgnoredAny>()?;
            } else {
                pairs.next_value_seed(self.below())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_sent(body: &str, plain_keys: &'static [&'static str]) -> Sent {
        Sent {
            token: None,
            body: Some(body.to_owned().into()),
            plain_keys,
        }
    }

    fn redacted(sent: &Sent, text: &str) -> String {
        sent.redact(&[text.to_owned()]).remove(0)
    }

    #[test]
    fn texts_and_numbers_of_the_body_are_taken_out_wherever_they_are() {
        let sent = mk_sent(
            r#"{"a": {"b": ["inner", 123456]}, "c": -98765, "d": 1234.5, "e": null, "f": true}"#,
            &[],
        );
        let text = "inner 123456 -98765 1234.5 null true a";
        let shown = "[REDACTED] [REDACTED] [REDACTED] [REDACTED] null true a";
        assert_eq!(redacted(&sent, text), shown);
    }

    #[test]
    fn plain_keys_keep_their_values() {
        let sent = mk_sent(r#"{"role": "app-role", "jwt": "eyJhbGci"}"#, &["role"]);
        assert_eq!(
            redacted(&sent, "role app-role, jwt eyJhbGci"),
            "role app-role, jwt [REDACTED]"
        );
    }

    #[test]
    fn a_body_that_is_no_json_takes_nothing_out() {
        assert_eq!(redacted(&mk_sent("", &[]), "a text"), "a text");
    }
}
