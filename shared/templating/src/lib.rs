//! Templates rendered against secrets.
//!
//! Owns what templates ask for ([`Request`]), how they get it ([`Secrets`]), the function library
//! and the rendering of one template ([`Template`]). Knows the template language and nothing of how
//! secrets are fetched.
#![deny(missing_docs)]

mod certificate;
mod copy;
mod effect;
mod engine;
mod error;
mod functions;
pub mod go;
mod handlebars;
mod json;
pub mod lint;
mod pass;
mod request;
mod secret;
mod secrets;
mod sockaddr;
pub mod sprig;
mod template;
mod toml;
mod yaml;

pub use certificate::{Certificate, CertificateParts};
pub use effect::FileWrite;
pub use engine::{Engine, UnknownEngine};
pub use error::{ErrorKind, TemplateError};
pub use functions::{FunctionDoc, functions, matches as glob_matches};
pub use handlebars::Partials;
pub use request::Request;
pub use secret::{Secret, SecretError};
pub use secrets::{Found, Secrets};
pub use sockaddr::sockaddr;
pub use template::{Context, Options, Outcome, Render, Template};
