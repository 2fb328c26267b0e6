//! Differential test against consul-template itself. Recorded cases, every function with hostile arguments, and templates
//! generated from a seed must give the same output, wait for the same dependencies, or fail on both sides.
//!
//! `e2e/scripts/differential.sh` builds consul-template's runner and starts this test.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod accepted;
mod answer;
#[path = "../conformance/case.rs"]
mod case;
mod consul_template;
mod dice;
mod difference;
mod generated;
mod hostile;
mod values;
mod world;

use std::str::FromStr;

use accepted::Accepted;
use case::Case;
use consul_template::ConsulTemplate;
use difference::compare;

/// The run of `make test`.
const SEED: u64 = 20_260_101;
const GENERATED: usize = 2_000;

/// Calls of each function besides those with one hostile value.
const MIXED: usize = 10;

/// How many differences are printed; all are counted.
const SHOWN: usize = 20;

fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    let value = text.parse().ok();
    Some(value.unwrap_or_else(|| panic!("{name}={text} is not a number")))
}

/// The recorded cases, if they are on this machine.
fn recorded() -> Vec<Case> {
    let recordings = case::recordings().into_iter().flatten();
    let cases = recordings.flat_map(|(_, cases)| cases);
    // The clock of consul-template cannot be set.
    cases.filter(|case| case.options.now.is_none()).collect()
}

#[test]
#[ignore = "needs consul-template: make test, make differential"]
fn renders_what_consul_template_renders_now() {
    let seed = setting("SEED").unwrap_or(SEED);
    let count = setting("N").unwrap_or(GENERATED);

    let mut theirs = ConsulTemplate::start();
    let mut accepted = Accepted::read();
    let runs = [
        recorded(),
        accepted.examples(),
        hostile::calls(seed, MIXED),
        generated::templates(seed, count),
    ]
    .map(|cases| compare(cases, &mut theirs));
    let generated = runs.last().unwrap();
    println!("{} of {} generated render", generated.rendered, count);
    assert!(generated.rendered >= count / 2, "too few of them render");

    let all: usize = runs.iter().map(|run| run.cases).sum();
    let differences: Vec<_> = runs.into_iter().flat_map(|run| run.differences).collect();
    let equal = all - differences.len();
    let (meant, faults): (Vec<_>, Vec<_>) = differences
        .into_iter()
        .partition(|difference| accepted.covers(difference));
    let unused = accepted.unused();
    let summary = format!(
        "differential consul-template {}: {equal} equal, {} accepted, {} different (seed {seed})",
        consul_template::version(),
        meant.len(),
        faults.len(),
    );
    let is_same = faults.is_empty();
    for difference in faults.into_iter().take(SHOWN) {
        println!("{}", difference.reduced(&mut accepted, &mut theirs));
    }
    println!("{summary}");
    assert!(is_same, "different answers");
    assert!(unused.is_empty(), "accepted, but equal: {unused:?}");
}
