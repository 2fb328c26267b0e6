//! The words that every later step uses: flavors, profiles, origins, refusals, warnings, paths,
//! quantities, and the parts of Kubernetes objects that are written.
//!
//! Nothing here reads a pod's annotations or the injector's settings: the settings are made of these
//! words, and so is what a pod asks for.

pub(crate) mod container_patch;
pub(crate) mod denial;
pub(crate) mod flavor;
pub(crate) mod objects;
pub(crate) mod origin;
pub(crate) mod paths;
pub(crate) mod profile;
pub mod quantity;
pub(crate) mod schema;
pub(crate) mod warning;
