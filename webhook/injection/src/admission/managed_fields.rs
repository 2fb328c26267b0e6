//! Reviews without their managed fields.
//!
//! Much of a review may be the lists of who set which field, and nothing here depends on them. To find
//! the end of such a list costs much less than to read it.

use std::borrow::Cow;

use memchr::{memchr_iter, memchr2_iter, memmem};

/// The key of a list of managed fields as API servers write it, and the start of the list.
const KEY: &[u8] = b"\"managedFields\":[";

/// `body` with each list of managed fields emptied. What such a list holds is not checked.
///
/// In JSON, a quotation mark within a text stands behind a backslash, and no text ends in front of a
/// letter. So what looks like the key is the key, or with a backslash in front, the end of another.
pub(super) fn emptied(body: &[u8]) -> Cow<'_, [u8]> {
    let key = memmem::Finder::new(KEY);
    let mut kept = Vec::new();
    let (mut rest, mut from) = (body, 0);
    while let Some(found) = key.find(&rest[from..]) {
        let at = from + found;
        let start = at + KEY.len();
        if at > 0 && rest[at - 1] == b'\\' {
            from = start;
            continue;
        }
        let Some(length) = end_of_list(&rest[start..]) else {
            return body.into();
        };
        if kept.is_empty() {
            kept.reserve(body.len() - length);
        }
        kept.extend_from_slice(&rest[..start]);
        (rest, from) = (&rest[start + length..], 0);
    }
    if kept.is_empty() {
        return body.into();
    }
    kept.extend_from_slice(rest);
    kept.into()
}

/// Where the bracket stands that closes a list whose first one is not part of `text`.
///
/// Lists of managed fields hardly have brackets within them, so that looking for these alone passes
/// over the rest at once. Braces need not be counted: in JSON they pair up between two brackets that do.
fn end_of_list(text: &[u8]) -> Option<usize> {
    let (mut depth, mut is_quoted, mut from) = (1_usize, false, 0);
    for at in memchr2_iter(b'[', b']', text) {
        is_quoted ^= has_odd_quotes(&text[from..at]);
        from = at;
        match text[at] {
            _ if is_quoted => {}
            b'[' => depth += 1,
            _ => depth -= 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Whether quotation marks, those behind a backslash left out, begin or end a text in `text`.
fn has_odd_quotes(text: &[u8]) -> bool {
    let mut quotes = memchr_iter(b'"', text).count();
    let mut from = 0;
    for at in memchr_iter(b'\\', text) {
        // The second of two is what the first stands before.
        if at < from {
            continue;
        }
        from = at + 2;
        quotes -= usize::from(text.get(at + 1) == Some(&b'"'));
    }
    quotes % 2 == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn text(body: &str) -> String {
        String::from_utf8(emptied(body.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn lists_of_managed_fields_are_emptied_and_nothing_else() {
        let fields = r#"[{"fieldsV1":{"k:{\"name\":\"]\\\"}":[[]]}},{"a\\":{}}]"#;
        let body =
            format!(r#"{{"a":{{"managedFields":{fields},"b":[1]}},"managedFields":{fields}}}"#);
        let expected = r#"{"a":{"managedFields":[],"b":[1]},"managedFields":[]}"#;
        assert_eq!(text(&body), expected);
        for same in [
            r#"{"managedFields":7,"b":"\"managedFields\":[1]"}"#,
            r#"{"a\"managedFields":[1]}"#,
            r#"{"managedFields":[1"#,
            r#"{"managedFields":[1}"#,
            r#"{"managedFields":["\"#,
            r#"{"managedFields":["a]"#,
            "",
        ] {
            assert_eq!(text(same), same);
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let texts = prop_oneof![
            Just("managedFields".to_owned()),
            Just("\"managedFields\":[".to_owned()),
            Just("a\"managedFields".to_owned()),
            r#"[a"\\\[\]{},:]{0,6}"#,
        ];
        let leaf = prop_oneof![Just(json!(1)), texts.clone().prop_map(Value::from)];
        leaf.prop_recursive(5, 64, 5, move |inner| {
            let lists = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
            let objects = prop::collection::btree_map(texts.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect()));
            prop_oneof![lists, objects]
        })
    }

    fn without(value: Value) -> Value {
        match value {
            Value::Array(list) => list.into_iter().map(without).collect(),
            Value::Object(object) => object
                .into_iter()
                .map(|(key, value)| match value {
                    Value::Array(_) if key == "managedFields" => (key, json!([])),
                    value => (key, without(value)),
                })
                .collect(),
            value => value,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_left_reads_as_before(value in values()) {
            let left: Value = serde_json::from_slice(&emptied(value.to_string().as_bytes())).unwrap();
            prop_assert_eq!(left, without(value));
        }

        #[test]
        fn no_bytes_are_too_much(body in r#"([\[\]{}"\\]|"managedFields":\[){0,30}"#) {
            let _ = text(&body);
        }
    }
}
