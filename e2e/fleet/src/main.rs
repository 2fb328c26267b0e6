//! `fleet [PODS [SECRETS]]`: the four scenarios, as a table. With `UPDATE_DOCS=1` it goes into `docs/fleet.md`, and
//! the chart beside it.

#![allow(clippy::print_stdout, reason = "the figures are the program's output")]

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use fleet::{Fleet, Report};

fn main() -> ExitCode {
    let default = Fleet::default();
    let mut arguments = std::env::args().skip(1);
    let mut next = |default, most| match arguments.next().map(|text| text.parse::<u64>()) {
        None => Some(default),
        Some(Ok(number)) if (1..=most).contains(&number) => Some(number),
        Some(_) => None,
    };
    let (Some(pods), Some(secrets)) = (next(default.pods, 1_000_000), next(default.secrets, 100))
    else {
        println!("usage: fleet [PODS [SECRETS]], up to 1000000 pods with up to 100 secrets each");
        return ExitCode::from(2);
    };
    let started = Instant::now();
    let report = fleet::run(Fleet {
        pods,
        secrets,
        ..default
    });
    let seconds = started.elapsed().as_secs();
    println!("{report}");
    println!(
        "fleet of {pods} pods: {} requests, {seconds} s",
        report.requests()
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"));
        if let Err(error) = write(&report, docs, seconds) {
            println!("{}: {error}", docs.display());
            return ExitCode::FAILURE;
        }
    }
    if report.keeps_goals() {
        ExitCode::SUCCESS
    } else {
        println!("a goal is missed");
        ExitCode::FAILURE
    }
}

/// Puts the figures into the page, and the chart beside it.
#[expect(clippy::disallowed_methods, reason = "pages are for everybody")]
fn write(report: &Report, docs: &Path, seconds: u64) -> io::Result<()> {
    let path = docs.join("fleet.md");
    let page = report.page(&fs::read_to_string(&path)?, seconds);
    let page = page.ok_or_else(|| io::Error::other("fleet.md has no place for the figures"))?;
    fs::write(path, page)?;
    fs::write(docs.join("fleet.svg"), report.chart())
}
