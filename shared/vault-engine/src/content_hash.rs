//! What makes two answers the same: data and lease, but neither request id nor remaining time.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use vault_wire::Response;

/// A hash over what makes an answer another one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentHash([u8; 32]);

impl ContentHash {
    /// Of an answer without content.
    pub(crate) const NOTHING: Self = Self([0; 32]);

    pub(crate) fn of(response: &Response) -> Self {
        let data = response.data.as_ref().map_or("", |data| data.as_str());
        let lease = response.lease.as_ref();
        let mut hash = Sha256::new();
        hash.update(lease.map_or("", |lease| lease.id.as_str()));
        hash.update([0]);
        hash.update(data);
        if data.is_empty() {
            // A login or a wrapped answer: each is another.
            hash.update(&response.request_id);
        }
        Self(hash.finalize().into())
    }

    /// Without the remaining time, which is another in each answer of a static role.
    pub(crate) fn of_rotating(response: &Response) -> Self {
        type Data<'a> = BTreeMap<&'a str, &'a RawValue>;
        let data = response.data.as_ref();
        let Some(mut data) = data.and_then(|data| data.parse::<Data<'_>>().ok()) else {
            return Self::of(response);
        };
        data.remove("ttl");
        let mut hash = Sha256::new();
        for (key, value) in data {
            hash.update(key);
            hash.update([0]);
            hash.update(value.get());
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }

    /// Of the names in a list, in any order.
    pub(crate) fn of_names(response: &Response) -> Self {
        let mut names = response.keys().unwrap_or_default();
        names.sort_unstable();
        let mut hash = Sha256::new();
        for name in names {
            hash.update(name);
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vault_wire::JsonText;

    use super::*;

    fn mk_response(body: &Value) -> Response {
        Response::from_body(JsonText::new(body.to_string())).unwrap()
    }

    #[test]
    fn the_same_data_under_another_request_id_is_the_same() {
        let of = |id: &str, data: Value| {
            ContentHash::of(&mk_response(&json!({"request_id": id, "data": data})))
        };
        assert!(of("1", json!({"a": 1})) == of("2", json!({"a": 1})));
        assert!(of("1", json!({"a": 1})) != of("1", json!({"a": 2})));
        assert!(
            of("1", Value::Null) != of("2", Value::Null),
            "logins differ"
        );
    }

    #[test]
    fn another_lease_is_another_answer() {
        let of = |lease: &str| {
            ContentHash::of(&mk_response(&json!({"lease_id": lease, "data": {"a": 1}})))
        };
        assert!(of("a/1") != of("a/2"));
    }

    #[test]
    fn remaining_time_and_the_order_of_names_do_not_count() {
        let of = |ttl: u64, password: &str| {
            let data = json!({"ttl": ttl, "password": password, "rotation_period": 60});
            ContentHash::of_rotating(&mk_response(&json!({"data": data})))
        };
        assert!(of(5, "x") == of(4, "x"));
        assert!(of(5, "x") != of(5, "y"));
        let names =
            |keys: Value| ContentHash::of_names(&mk_response(&json!({"data": {"keys": keys}})));
        assert!(names(json!(["a", "b"])) == names(json!(["b", "a"])));
        assert!(names(json!(["a", "b"])) != names(json!(["ab"])));
    }
}
