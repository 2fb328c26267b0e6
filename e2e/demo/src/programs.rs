//! The programs of this build, and waiting for what they do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use e2e::process::Process;
use rustix::process::Signal;

/// How long a program may take to start, to render, or to see a change.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until the answer is yes, as long as [`PATIENCE`] lasts.
pub(crate) async fn until<F: Future<Output = bool>>(
    failure: &str,
    mut ask: impl FnMut() -> F,
) -> Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !ask().await {
        if tokio::time::Instant::now() > deadline {
            bail!("{failure} after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// What a file holds as soon as `wanted` accepts it.
pub(crate) async fn file_when(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<String> {
    let read = || {
        std::fs::read_to_string(path)
            .ok()
            .filter(|text| wanted(text))
    };
    let failure = format!("{} did not change", path.display());
    until(&failure, || std::future::ready(read().is_some())).await?;
    read().context("a file that was just read must be readable")
}

/// Asks a program to leave and waits until it has.
pub(crate) async fn stop(mut process: Process) -> Result<()> {
    process.signal(Signal::TERM)?;
    let status = process.ended().await?;
    anyhow::ensure!(
        status.success(),
        "it ended with {status}:\n{}",
        process.output()
    );
    Ok(())
}

/// A program of this build, beside the demo's own.
pub(crate) fn built(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    anyhow::ensure!(
        path.exists(),
        "{} is missing: `make demo` builds it",
        path.display()
    );
    Ok(path)
}
