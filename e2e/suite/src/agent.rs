//! The built agent as a process: its configuration, its log, its files.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::Result;
use contract::AgentConfig;
use rustix::process::Signal;

use crate::files::write_private;
use crate::process::Process;

/// The variable that names the binary; without it the suite has cargo build one.
const VARIABLE: &str = "E2E_AGENT_BIN";

/// A running agent. It is killed when it is dropped.
#[derive(Debug)]
pub struct Agent {
    process: Process,
}

impl Agent {
    /// Starts the agent in `directory`, which holds its configuration and its home.
    pub fn start(directory: &Path, config: &AgentConfig) -> Result<Self> {
        let file = directory.join("agent.json");
        write_private(&file, &serde_json::to_string_pretty(config)?)?;
        let mut command = Command::new(program()?);
        command
            .arg(format!("-config={}", file.display()))
            .env_clear()
            .envs([
                ("HOME", directory.as_os_str()),
                ("PATH", "/usr/bin:/bin".as_ref()),
            ]);
        Ok(Self {
            process: Process::start("vault-agent", &mut command, Signal::KILL)?,
        })
    }

    /// Waits for the `count`-th line of the log that holds `text`.
    pub async fn logs(&self, count: usize, text: &str) -> Result<String> {
        self.process.nth_line(count, text).await
    }

    /// How many lines of the log hold `text` so far.
    pub fn logged(&self, text: &str) -> usize {
        self.process.count(text)
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// Asks the agent to leave, as kubelet does, and waits until it has.
    pub async fn terminate(mut self) -> Result<ExitStatus> {
        self.process.signal(Signal::TERM)?;
        self.process.ended().await
    }

    /// Waits until the agent has left by itself; returns its exit code and its log.
    pub async fn ended(mut self) -> Result<(Option<i32>, String)> {
        let status = self.process.ended().await?;
        Ok((status.code(), self.process.output()))
    }
}

/// The binary under test.
fn program() -> Result<PathBuf> {
    match std::env::var_os(VARIABLE) {
        Some(path) => Ok(path.into()),
        None => crate::program("vault-agent"),
    }
}
