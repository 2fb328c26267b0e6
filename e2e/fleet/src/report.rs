//! What the counts come to: tables, and whether the goals are kept.

use std::fmt;

use crate::load::Starts;
use crate::scenario::Scenario;
use crate::{Counted, Fleet, chart};

/// The most that our start may be, in terms of one agent of upstream's and of both. They are the goals for a
/// pod with secrets of a single mount.
const OF_ONE: f64 = 0.55;
const OF_BOTH: f64 = 0.3;

/// Between these lines of the page stands what a run measured.
const BEGIN: &str = "<!-- measured by: UPDATE_DOCS=1 make fleet PODS=50000 -->\n";
const END: &str = "<!-- end of what was measured -->\n";

/// What a run measured.
pub struct Report {
    fleet: Fleet,
    requests: u64,
    rows: Vec<Row>,
    starts: [Starts; 2],
    chart: String,
}

/// Requests a second in one time of a scenario.
struct Row {
    name: &'static str,
    ours: Rate,
    upstream: Rate,
    /// The highest peak, where there is one.
    most: Option<f64>,
}

struct Rate {
    mean: f64,
    peak: f64,
}

impl Row {
    fn keeps_goal(&self) -> bool {
        self.ours.mean <= self.upstream.mean
            && self.ours.peak <= self.upstream.peak
            && self.most.is_none_or(|most| self.ours.peak <= most)
    }
}

impl Starts {
    fn of_one(&self) -> f64 {
        self.ours.mean() / self.sidecar.mean()
    }

    fn of_both(&self) -> f64 {
        self.ours.mean() / (self.init.mean() + self.sidecar.mean())
    }
}

impl Report {
    pub(crate) fn new(fleet: Fleet, counted: &[(Scenario, Counted); 4]) -> Self {
        let (day, steady) = &counted[0];
        let steady_mean = steady.ours.mean(&day.windows[0].time);
        let rows = counted.iter().flat_map(|(scenario, counted)| {
            scenario.windows.iter().map(move |window| {
                let [ours, upstream] = [&counted.ours, &counted.upstream].map(|load| Rate {
                    mean: load.mean(&window.time),
                    peak: load.peak(&window.time),
                });
                Row {
                    name: window.name,
                    ours,
                    upstream,
                    most: window.most.map(|times| times * steady_mean),
                }
            })
        });
        let requests = counted
            .iter()
            .map(|(_, counted)| counted.ours.all() + counted.upstream.all());
        Self {
            fleet,
            requests: requests.sum(),
            rows: rows.collect(),
            starts: steady.starts,
            chart: chart::draw(fleet.pods, counted),
        }
    }

    /// Requests that were counted, of both kinds of agents.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Whether all goals are kept.
    pub fn keeps_goals(&self) -> bool {
        self.keeps_start_goals() && self.missed().next().is_none()
    }

    /// The rows whose goal is missed, by their names.
    pub fn missed(&self) -> impl Iterator<Item = &'static str> {
        let missed = self.rows.iter().filter(|row| !row.keeps_goal());
        missed.map(|row| row.name)
    }

    /// Whether the goals of a start are kept.
    pub fn keeps_start_goals(&self) -> bool {
        let [static_alone, _] = &self.starts;
        static_alone.of_one() <= OF_ONE && static_alone.of_both() <= OF_BOTH
    }

    /// The chart, as SVG.
    pub fn chart(&self) -> &str {
        &self.chart
    }

    /// The page with these figures, which took so many seconds, in the place of those that it has; `None`
    /// if it has no place for them.
    pub fn page(&self, page: &str, seconds: u64) -> Option<String> {
        let (before, rest) = page.split_once(BEGIN)?;
        let (_, after) = rest.split_once(END)?;
        let closing = format!(
            "`make fleet PODS={}` counted {} requests of both in {seconds} s.\n",
            self.fleet.pods, self.requests
        );
        Some(format!("{before}{BEGIN}{self}\n{closing}{END}{after}"))
    }

    fn write_starts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| requests at a start | ours | one agent of upstream's | ratio | both | ratio | goal kept |\n\
             |---|--:|--:|--:|--:|--:|---|"
        )?;
        let secrets = self.fleet.secrets;
        let names = [
            format!("{secrets} KV version 2 secrets"),
            "the same and a database credential".to_owned(),
        ];
        let verdicts = [yes(self.keeps_start_goals()), ""];
        for ((name, starts), verdict) in names.iter().zip(&self.starts).zip(verdicts) {
            let Starts {
                ours,
                init,
                sidecar,
            } = starts;
            writeln!(
                f,
                "| {name} | {:.0} | {:.0} | {:.3} | {:.0} | {:.3} | {verdict} |",
                ours.mean(),
                sidecar.mean(),
                starts.of_one(),
                init.mean() + sidecar.mean(),
                starts.of_both(),
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pods = self.fleet.pods;
        writeln!(
            f,
            "| {pods} pods: requests a second | ours: mean | peak | upstream: mean | peak | ratio: mean | peak | goal kept |\n\
             |---|--:|--:|--:|--:|--:|--:|---|"
        )?;
        for row in &self.rows {
            let Row {
                name,
                ours,
                upstream,
                most,
            } = row;
            let (mean, peak) = (ours.mean / upstream.mean, ours.peak / upstream.peak);
            let most = most
                .map(|most| format!(" of {most:.0}"))
                .unwrap_or_default();
            writeln!(
                f,
                "| {name} | {:.0} | {:.0}{most} | {:.0} | {:.0} | {mean:.2} | {peak:.2} | {} |",
                ours.mean,
                ours.peak,
                upstream.mean,
                upstream.peak,
                yes(row.keeps_goal())
            )?;
        }
        writeln!(f)?;
        self.write_starts(f)
    }
}

fn yes(is_kept: bool) -> &'static str {
    if is_kept { "yes" } else { "no" }
}
