//! What a Kubernetes Secret becomes, as External Secrets Operator decides it: where a value lies in
//! Vault, what it is called, what text it has, what templates make of it, and when a Secret is as it
//! should be.
//!
//! ```text
//! key of an ExternalSecret ─ path ─▶ Vault ─ answer ─ value ─▶ texts ─ rewrite, key, decode ─▶ Secret
//!                                                                   │    digest: is it that already?
//!                                                                   └─ template ─▶ Secret
//! ```
//!
//! Nothing here talks to anybody; the time and the operating system's random numbers are seen by
//! templates alone. No error shows a value.
#![deny(missing_docs)]

mod decode;
mod digest;
mod key;
mod path;
mod refresh;
mod rewrite;
mod schedule;
mod template;
pub mod validate;
mod value;

use std::collections::BTreeMap;

pub use decode::{DecodeError, decode};
pub use digest::{data_hash, field_manager, owner_label, resource_version};
pub use key::{KeyError, convert_key, convert_keys, restore_key, validate_keys};
pub use path::{Location, PathError};
pub use refresh::Refresh;
pub use rewrite::{RewriteError, merge, rename, transform};
pub use schedule::{Schedule, ScheduleError, Window};
pub use template::{
    ApplyError, Delimiters, Desired, Scope, ScopeError, SecretParts, Target, TargetTemplate,
    Template, TemplateError, TemplateFrom, TemplateItem, TemplateSource, apply, keys_and_values,
};
pub use value::{Fetched, ValueError};

/// The data of a Secret: keys and what is behind them.
pub type Data = BTreeMap<String, Vec<u8>>;
