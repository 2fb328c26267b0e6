//! The names of a type's keys and what each of them takes, asked from the type itself.

use hcl::ValueKind;
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, Visitor};
use serde_json::{Map, Value as Json, json};

/// The names of the fields of a struct, as its derived `Deserialize` asks for them.
pub(super) fn fields<T: Deserialize<'static>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The probe has no data, so this always ends with an error, after the names were asked for.
    let _ = T::deserialize(Probe(&mut names));
    names
}

/// Why a struct does not take a value under one of its keys; `None` where it does. The words tell
/// what would be taken, and nothing of the value but its kind.
pub(super) fn complaint<T: DeserializeOwned>(
    key: &str,
    value: &Json,
    written: &ValueKind,
) -> Option<String> {
    let takes = |value: Json| {
        let object = Map::from_iter([(key.to_owned(), value)]);
        serde_json::from_value::<T>(Json::Object(object)).is_ok()
    };
    if takes(value.clone()) {
        return None;
    }
    let (text, on, block) = (takes(json!("x")), takes(json!(true)), takes(json!({})));
    // A list under the key of a block is as many blocks.
    let list = takes(json!(["x"])) && !block;
    let number = takes(json!(7));
    let mut words = Vec::new();
    match (on, text) {
        (true, true) => words.extend(["true or false", "text"]),
        (true, false) => {
            words.push("true or false (as text also 1, t, T, TRUE, True, 0, f, F, FALSE, False)");
        }
        (false, true) => words.push("text"),
        (false, false) => {}
    }
    if takes(json!(0.5)) {
        words.push("a number");
    } else if number {
        words.push("a whole number");
    }
    if list {
        words.push("a list of texts");
    }
    if block {
        words.push("a block");
    }
    let found = match written {
        ValueKind::Text(_) if on => "another text",
        ValueKind::Text(_) if takes(json!("7")) => "such text",
        ValueKind::Integer(_) if number => "such a number",
        ValueKind::List(_) if list => "a list of something else",
        ValueKind::Object(_) if block => "one of something else",
        other => other.describe(),
    };
    let end = words.pop().unwrap_or("nothing");
    let words = match words.as_slice() {
        [] => end.to_owned(),
        others => format!("{} or {end}", others.join(", ")),
    };
    Some(format!("takes {words}, not {found}"))
}

struct Probe<'a>(&'a mut &'static [&'static str]);

#[derive(Debug)]
struct NoData;

impl std::fmt::Display for NoData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no data")
    }
}

impl std::error::Error for NoData {}

impl de::Error for NoData {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = NoData;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoData> {
        Err(NoData)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, NoData> {
        *self.0 = fields;
        Err(NoData)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
