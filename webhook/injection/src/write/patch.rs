//! JSON patch operations (RFC 6902), written down as they are found: as the text that is sent.

use json_patch::jsonptr::Token;
use serde::Serialize;

/// The changes to a pod, in order.
#[derive(Clone, PartialEq, Eq)]
pub struct Operations {
    /// The list, complete after each operation.
    json: Vec<u8>,
    count: usize,
}

#[derive(Serialize)]
struct Operation<'a, V> {
    op: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<V>,
}

/// No value: what an operation without one writes.
const NONE: Option<()> = None;

impl Default for Operations {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Operations {
    /// No operations, and room for `bytes` of text.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let mut json = Vec::with_capacity(bytes);
        json.extend(b"[]");
        Self { json, count: 0 }
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The list as JSON text.
    pub fn as_json(&self) -> &[u8] {
        &self.json
    }

    /// The operations, for whoever applies them.
    ///
    /// # Panics
    ///
    /// Where a pod's own value that was moved nests over 120 deep, which is more than `serde_json`
    /// reads. Manifests are read to a depth of 64.
    pub fn to_patch(&self) -> json_patch::Patch {
        serde_json::from_slice(&self.json).expect("operations must be a patch")
    }

    pub(crate) fn add(&mut self, path: &str, value: impl Serialize) {
        self.push("add", None, path, Some(value));
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.push("remove", None, path, NONE);
    }

    pub(crate) fn relocate(&mut self, from: &str, path: &str) {
        self.push("move", Some(from), path, NONE);
    }

    /// Appends to the list at `path`, which the first element makes where it `is_empty`: an absent
    /// list has no end to append to.
    pub(crate) fn append<V: Serialize>(
        &mut self,
        path: &str,
        is_empty: bool,
        elements: impl IntoIterator<Item = V>,
    ) {
        let mut elements = elements.into_iter().peekable();
        if is_empty && let Some(first) = elements.next() {
            self.add(path, [first]);
        }
        if elements.peek().is_some() {
            let end = format!("{path}/-");
            elements.for_each(|element| self.add(&end, element));
        }
    }

    fn push(
        &mut self,
        op: &'static str,
        from: Option<&str>,
        path: &str,
        value: Option<impl Serialize>,
    ) {
        self.json.pop();
        if self.count > 0 {
            self.json.push(b',');
        }
        self.count += 1;
        let operation = Operation {
            op,
            from,
            path,
            value,
        };
        serde_json::to_writer(&mut self.json, &operation)
            .expect("an operation must serialise: its keys are text");
        self.json.push(b']');
    }
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.json))
    }
}

/// The path of an annotation.
pub(crate) fn annotation(key: &str) -> String {
    format!("/metadata/annotations/{}", Token::new(key).encoded())
}
