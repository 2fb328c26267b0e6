//! Where recordings are.

use std::path::{Path, PathBuf};

pub(crate) fn recordings(name: &str) -> Option<String> {
    let directory = std::env::var_os("CONFORMANCE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let path = directory.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "{}: {error}", path.display());
            println!("skipped: {}: {error}", path.display());
            None
        }
    }
}
