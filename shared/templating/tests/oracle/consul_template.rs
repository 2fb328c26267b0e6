//! consul-template itself, through the runner that `e2e/differential` builds.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::answer::Answer;
use crate::case::{Case, without_hash};

/// A runner, started again whenever a case crashes it.
pub(crate) struct ConsulTemplate(Running);

struct Running {
    process: Child,
    cases: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

#[derive(Deserialize)]
struct Line {
    output: Option<String>,
    #[serde(default)]
    missing: BTreeSet<String>,
    error: Option<String>,
}

fn runner() -> Command {
    let program = std::env::var_os("CONSUL_TEMPLATE_RUNNER")
        .expect("CONSUL_TEMPLATE_RUNNER has to name the runner; see make differential");
    let mut runner = Command::new(program);
    // A template sees only its case's environment. A crash is found by its template, not by its stack.
    runner.env_clear().env("GOTRACEBACK", "none");
    runner
}

/// The version of consul-template in the runner.
pub(crate) fn version() -> String {
    let output = runner().arg("-version").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl ConsulTemplate {
    pub(crate) fn start() -> Self {
        Self(Running::start())
    }

    /// The answer to each case. A crash counts as an error.
    pub(crate) fn answers(&mut self, cases: &[Case]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(cases.len());
        while answers.len() < cases.len() {
            self.0.ask(&cases[answers.len()..], &mut answers);
            if answers.len() < cases.len() {
                answers.push(Answer::Error(String::from("crashed")));
                self.0 = Running::start();
            }
        }
        answers
    }
}

impl Running {
    fn start() -> Self {
        let mut process = runner()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let cases = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            cases,
            answers,
        }
    }

    /// Adds the answers up to the case that crashes the runner.
    fn ask(&mut self, cases: &[Case], answers: &mut Vec<Answer>) {
        let (input, output) = (self.cases.as_mut().unwrap(), &mut self.answers);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for case in cases {
                    let line = serde_json::to_string(case).unwrap();
                    if writeln!(input, "{line}").is_err() {
                        // It crashed: an answer will be missing.
                        return;
                    }
                }
            });
            let lines = output.lines().take(cases.len());
            answers.extend(lines.map(|line| answer(&line.unwrap())));
        });
    }
}

fn answer(line: &str) -> Answer {
    let line: Line = serde_json::from_str(line).unwrap();
    if let Some(error) = line.error {
        return Answer::Error(error);
    }
    if !line.missing.is_empty() {
        let missing = line.missing.iter().map(|name| without_hash(name));
        return Answer::Waiting(missing.collect());
    }
    Answer::Output(
        BASE64_STANDARD
            .decode(line.output.unwrap_or_default())
            .unwrap(),
    )
}

impl Drop for Running {
    fn drop(&mut self) {
        // The end of the cases ends the runner.
        drop(self.cases.take());
        let _ = self.process.wait();
    }
}
