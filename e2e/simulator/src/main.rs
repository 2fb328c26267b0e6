//! `simulator SEEDS [SEED [DAYS]]`: so many seeds from the first on, on all processors.

#![allow(clippy::print_stdout, reason = "the figures are the program's output")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let mut next = |default| match numbers.next() {
        None => Some(default),
        Some(number) => number.ok(),
    };
    let (Some(seeds), Some(first), Some(days)) = (next(300), next(1), next(30)) else {
        println!("usage: simulator SEEDS [SEED [DAYS]], all of them numbers");
        return ExitCode::from(2);
    };
    let started = Instant::now();
    let (turn, requests, steps) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let worst = AtomicU64::new(u64::MAX);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = turn.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds || worst.load(Ordering::Relaxed) != u64::MAX {
                        return;
                    }
                    let outcome = simulator::simulate(first + number, days, None);
                    requests.fetch_add(outcome.requests, Ordering::Relaxed);
                    steps.fetch_add(outcome.steps, Ordering::Relaxed);
                    if outcome.violation.is_some() {
                        worst.fetch_min(first + number, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let worst = worst.into_inner();
    if worst != u64::MAX {
        if let Some(text) = simulator::explain(worst, days, None) {
            println!("{text}");
        }
        println!("seed {worst} breaks a rule; again: make simulate SEEDS=1 SEED={worst}");
        return ExitCode::FAILURE;
    }
    println!(
        "simulated {seeds} seeds of {days} days: {} requests, {} steps, {:.0} s",
        requests.into_inner(),
        steps.into_inner(),
        started.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}
