//! The fields of a secret, and what a push makes of them.

use std::collections::BTreeMap;

use secret_sync::Data;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use templating::go::{Numbers, parse_json, to_json};
use zeroize::Zeroizing;

use crate::fault::Fault;

/// Where KV version 1, which has no metadata, keeps whose a secret is.
pub(super) const CUSTOM_METADATA: &str = "custom_metadata";

/// What is written to one place.
pub(crate) enum Payload {
    /// The value of one key.
    Value(Vec<u8>),
    /// Many keys, as one object.
    Object(Data),
}

/// The fields of a secret, each as the JSON that Go writes: the same value has the same text, and a
/// number keeps its digits.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, Zeroizing<String>>);

/// What a deletion leaves of a secret.
#[derive(PartialEq, Eq)]
pub(super) enum Rest {
    Unchanged,
    Fields(Fields),
    Nothing,
}

impl Fields {
    /// Reads a JSON object. The error does not show it.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(|_| {
            Fault::new(match first_of(text) {
                Some(kind) => format!(
                    "json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
                ),
                None => "invalid JSON format".to_owned(),
            })
        })?;
        let fields = fields.into_iter();
        Ok(Self(
            fields
                .map(|(key, value)| (key, canonical(value.get())))
                .collect(),
        ))
    }

    fn of_data(data: &Data) -> Result<Self, Fault> {
        let fields = data.iter().map(|(key, value)| {
            let value = text_field(value).ok_or_else(|| {
                Fault::new(format!(
                    "the value of key {key:?} is not UTF-8: encode it in a template"
                ))
            })?;
            Ok((key.clone(), value))
        });
        Ok(Self(fields.collect::<Result<_, Fault>>()?))
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Sets a field to a JSON value.
    pub(super) fn set(&mut self, field: &str, json: &str) {
        self.0.insert(field.to_owned(), canonical(json));
    }

    /// Takes a field out, as JSON.
    pub(super) fn take(&mut self, field: &str) -> Option<Zeroizing<String>> {
        self.0.remove(field)
    }

    /// What a secret becomes when `payload` is pushed to it, or to one field of it.
    pub(super) fn pushed(
        existing: Option<&Self>,
        property: &str,
        payload: &Payload,
    ) -> Result<Self, Fault> {
        if property.is_empty() {
            return match payload {
                Payload::Object(data) => Self::of_data(data),
                Payload::Value(value) => std::str::from_utf8(value)
                    .map_err(|_| Fault::new("invalid JSON format"))
                    .and_then(Self::parse)
                    .map_err(|fault| fault.within("error unmarshalling vault secret: ")),
            };
        }
        let text = match payload {
            Payload::Value(value) => text_field(value)
                .ok_or_else(|| Fault::new("the value is not UTF-8: encode it in a template"))?,
            Payload::Object(data) => {
                let object = serde_json::to_string(&Self::of_data(data)?).map_err(Fault::new)?;
                text_field(object.as_bytes()).unwrap_or_default()
            }
        };
        let mut fields = existing.cloned().unwrap_or_default();
        fields.0.insert(property.to_owned(), text);
        Ok(fields)
    }

    /// What is left without one field, or of all of it.
    pub(super) fn without(mut self, property: &str) -> Rest {
        if property.is_empty() {
            return Rest::Nothing;
        }
        if self.0.remove(property).is_none() {
            return Rest::Unchanged;
        }
        if self.0.is_empty() {
            Rest::Nothing
        } else {
            Rest::Fields(self)
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error as _, SerializeMap as _};
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            let value: &RawValue = serde_json::from_str(value)
                .map_err(|_| S::Error::custom("a field must be JSON"))?;
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// A text as a JSON value.
fn text_field(value: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(value).ok()?;
    let json = Zeroizing::new(serde_json::to_string(text).ok()?);
    Some(canonical(&json))
}

/// A JSON value as Go writes it.
fn canonical(json: &str) -> Zeroizing<String> {
    let written = parse_json(json.as_bytes(), Numbers::Literal).and_then(|value| to_json(&value));
    let written = written.ok().map(|text| text.to_vec());
    let text = written.and_then(|text| String::from_utf8(text).ok());
    Zeroizing::new(text.unwrap_or_else(|| json.to_owned()))
}

/// Go's word for the kind of a JSON value that is not an object.
fn first_of(text: &str) -> Option<&'static str> {
    serde_json::from_str::<&RawValue>(text).ok()?;
    match text.trim_start().as_bytes().first()? {
        b'[' => Some("array"),
        b'"' => Some("string"),
        b't' | b'f' => Some("bool"),
        b'n' => Some("null"),
        _ => Some("number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_fields(text: &str) -> Fields {
        Fields::parse(text).unwrap()
    }

    fn json(fields: &Fields) -> String {
        serde_json::to_string(fields).unwrap()
    }

    fn pushed(existing: Option<&str>, property: &str, payload: &Payload) -> String {
        let existing = existing.map(mk_fields);
        json(
            &Fields::pushed(existing.as_ref(), property, payload)
                .ok()
                .unwrap(),
        )
    }

    #[test]
    fn a_property_joins_the_fields_that_are_there() {
        let payload = Payload::Value(b"p<1".to_vec());
        assert_eq!(pushed(None, "p", &payload), r#"{"p":"p\u003c1"}"#);
        assert_eq!(
            pushed(Some(r#"{"n": 1e400, "p": "old"}"#), "p", &payload),
            r#"{"n":1e400,"p":"p\u003c1"}"#
        );
    }

    #[test]
    fn without_a_property_the_value_is_the_secret() {
        let value = Payload::Value(br#"{"a": {"c": 1, "b": 12345678901234567890}}"#.to_vec());
        assert_eq!(
            pushed(Some(r#"{"old": "x"}"#), "", &value),
            r#"{"a":{"b":12345678901234567890,"c":1}}"#
        );
        let data = Data::from([("u".to_owned(), b"jane".to_vec())]);
        let object = Payload::Object(data);
        assert_eq!(pushed(None, "", &object), r#"{"u":"jane"}"#);
        assert_eq!(
            pushed(None, "all", &object),
            r#"{"all":"{\"u\":\"jane\"}"}"#
        );
    }

    #[test]
    fn what_is_not_an_object_is_refused_without_being_shown() {
        for (value, expected) in [
            ("canary", "invalid JSON format"),
            ("[\"canary\"]", "cannot unmarshal array"),
            ("\"canary\"", "cannot unmarshal string"),
            ("null", "cannot unmarshal null"),
        ] {
            let payload = Payload::Value(value.as_bytes().to_vec());
            let fault = Fields::pushed(None, "", &payload).err().unwrap();
            assert!(fault.event().contains(expected), "{}", fault.event());
            assert!(!fault.event().contains("canary"), "{}", fault.event());
        }
        let binary = Payload::Value(vec![0xff]);
        assert!(Fields::pushed(None, "p", &binary).is_err());
    }

    #[test]
    fn the_same_value_is_equal_however_it_is_written() {
        let one = mk_fields(r#"{"a":"\u003c","b":{"y":1,"x":2}}"#);
        assert!(one == mk_fields(r#"{ "b": {"x": 2, "y": 1}, "a": "<" }"#));
        assert!(one != mk_fields(r#"{"a":"<","b":{"x":2,"y":1.0}}"#));
    }

    #[test]
    fn a_deletion_takes_one_field_or_the_last_of_the_secret() {
        let fields = mk_fields(r#"{"u":"jane","p":"p1"}"#);
        let Rest::Fields(rest) = fields.clone().without("p") else {
            panic!("a field must be left");
        };
        assert_eq!(json(&rest), r#"{"u":"jane"}"#);
        assert!(rest.without("u") == Rest::Nothing);
        assert!(fields.clone().without("nope") == Rest::Unchanged);
        assert!(fields.without("") == Rest::Nothing);
    }
}
