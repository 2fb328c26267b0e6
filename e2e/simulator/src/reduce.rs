//! The shortest run that still breaks a rule.

use vault_engine::Bug;

use crate::run::{Outcome, run};
use crate::scenario::{HOUR, Millis, Scenario};

/// Lines of a trace that are shown: its end tells most.
const LINES: usize = 200;

/// Tries are bounded, because a run that breaks a rule late takes its time.
const TRIES: usize = 400;

pub(crate) fn explain(scenario: Scenario, bug: Option<Bug>, at: Millis, rule: &str) -> String {
    let shortest = reduce(scenario, bug, at, rule);
    let outcome = run(&shortest, bug, true);
    let lines = &outcome.lines;
    let skipped = lines.len().saturating_sub(LINES);
    let before = if skipped > 0 {
        format!("… {skipped} lines\n")
    } else {
        String::new()
    };
    format!("{shortest}{before}{}", lines[skipped..].join("\n"))
}

fn breaks(scenario: &Scenario, bug: Option<Bug>, rule: &str) -> Option<Millis> {
    let Outcome { violation, .. } = run(scenario, bug, false);
    let (at, violation) = violation?;
    (violation.rule == rule).then_some(at)
}

fn reduce(mut best: Scenario, bug: Option<Bug>, at: Millis, rule: &str) -> Scenario {
    shorten(&mut best, at);
    let mut tries = 0;
    let mut size = best.events.len().max(1);
    while size > 0 && tries < TRIES {
        let mut from = 0;
        while from < best.events.len() && tries < TRIES {
            let mut other = best.clone();
            let to = (from + size).min(other.events.len());
            other.events.drain(from..to);
            tries += 1;
            match breaks(&other, bug, rule) {
                Some(at) => {
                    shorten(&mut other, at);
                    best = other;
                }
                None => from += size,
            }
        }
        size /= 2;
    }
    let mut index = 0;
    while index < best.wants.len() && best.wants.len() > 1 {
        let mut other = best.clone();
        other.wants.remove(index);
        match breaks(&other, bug, rule) {
            Some(at) => {
                shorten(&mut other, at);
                best = other;
            }
            None => index += 1,
        }
    }
    hasten(&mut best, bug, rule);
    best
}

/// Leaves out quiet time: before the first event, and between events.
fn hasten(best: &mut Scenario, bug: Option<Bug>, rule: &str) {
    for index in 0..best.events.len() {
        let before = index.checked_sub(1).map_or(0, |index| best.events[index].0);
        let mut quiet = best.events[index].0 - before;
        for _ in 0..8 {
            let cut = quiet - quiet / 4;
            let mut other = best.clone();
            for (at, _) in &mut other.events[index..] {
                *at -= cut;
            }
            if let Some(at) = breaks(&other, bug, rule) {
                shorten(&mut other, at);
                quiet -= cut;
                *best = other;
            } else {
                break;
            }
            if best.events.len() <= index {
                return;
            }
        }
    }
}

/// Nothing after the moment matters.
fn shorten(scenario: &mut Scenario, at: Millis) {
    scenario.length = scenario.length.min(at + HOUR);
    scenario.events.retain(|(when, _)| *when <= at);
}
