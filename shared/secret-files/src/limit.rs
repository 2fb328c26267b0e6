//! Sizes that are many times what such files have.

/// Bytes of a token, a key or another credential.
pub const CREDENTIAL: u64 = 64 * 1024;

/// Bytes of a configuration, a template, certificates, or whatever a template reads.
pub const DOCUMENT: u64 = 4 * 1024 * 1024;
