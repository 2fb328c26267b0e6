//! The programs of the workspace, built once a run so that nobody tests yesterday's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

/// The path of one of our programs, built.
///
/// # Errors
/// If the workspace does not build.
pub fn program(name: &str) -> Result<PathBuf> {
    static DIRECTORY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    let directory = directory
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(directory.join(name))
}

/// Builds all programs together with a test of the whole workspace, as `make test` has done: Cargo chooses the features of
/// dependencies by what is built together, and a program alone would be built once more, from its dependencies up.
fn build() -> Result<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--quiet",
        "--workspace",
        "--bins",
        "--test=scenarios",
    ]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| describes_a_package(name)) {
        cargo.env_remove(name);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = cargo.current_dir(root).output();
    let output = output.context("cannot start cargo")?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "the programs do not build:\n{words}"
    );
    // They are in the directory above that of this test.
    let test = std::env::current_exe()?;
    let directory = test.parent().and_then(Path::parent);
    Ok(directory.context("a test without a directory")?.to_owned())
}

/// Whether Cargo tells a test by this variable which package it belongs to. The build script of `ring` runs again when such
/// a variable changes: `ring`, and everything above it, would be built once for this Cargo and once more for the next.
fn describes_a_package(variable: &OsStr) -> bool {
    let variable = variable.to_string_lossy();
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}
