//! The four scenarios as one SVG: requests a second over time, ours and upstream's.

use std::fmt::Write;
use std::ops::Range;

use crate::Counted;
use crate::load::ratio;
use crate::scenario::Scenario;
use crate::{HOUR, MINUTE, Millis};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 240.0;
/// Around the lines of a panel: left, above, right, below.
const MARGINS: [f64; 4] = [64.0, 34.0, 14.0, 34.0];
const OURS: &str = "#1f6feb";
const UPSTREAM: &str = "#d1671c";
const GREY: &str = "#8b949e";

/// The chart of a fleet.
pub(crate) fn draw(pods: u64, counted: &[(Scenario, Counted)]) -> String {
    let rows = ratio(counted.len().div_ceil(2) as u64, 1);
    let (width, height) = (2.0 * WIDTH, 40.0 + rows * HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#24292f\">\n\
         <title>Requests a second of {pods} pods at Vault</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"25\" font-size=\"15\">Requests a second, {pods} pods</text>\n"
    );
    for (x, color, name) in [(620.0, OURS, "ours"), (720.0, UPSTREAM, "upstream's rules")] {
        let _ = writeln!(
            svg,
            "<path d=\"M{x} 20h24\" stroke=\"{color}\" stroke-width=\"2\"/><text x=\"{}\" y=\"24\">{name}</text>",
            x + 30.0
        );
    }
    for (number, (scenario, counted)) in (0_u64..).zip(counted) {
        let (x, y) = (
            ratio(number % 2, 1) * WIDTH,
            40.0 + ratio(number / 2, 1) * HEIGHT,
        );
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        panel(&mut svg, scenario, counted);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, scenario: &Scenario, counted: &Counted) {
    let [left, above, right, below] = MARGINS;
    let (width, height) = (WIDTH - left - right, HEIGHT - above - below);
    let _ = writeln!(svg, "<text x=\"{left}\" y=\"22\">{}</text>", scenario.title);
    let (time, step) = &scenario.shown;
    let lines = [(&counted.upstream, UPSTREAM), (&counted.ours, OURS)];
    let lines = lines.map(|(load, color)| (load.means(time, *step), color));
    let highest = lines
        .iter()
        .flat_map(|(means, _)| means)
        .copied()
        .fold(1.0, f64::max);
    let (tick, ticks) = scale(highest);
    let top = tick * ratio(ticks, 1);
    for number in 0..=ticks {
        let value = tick * ratio(number, 1);
        let y = above + height * (1.0 - value / top);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}h{width}\" stroke=\"{GREY}\" stroke-width=\"0.4\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            left - 6.0,
            y + 4.0
        );
    }
    times(svg, time);
    for (means, color) in &lines {
        let steps = ratio(means.len() as u64, 1).max(1.0);
        let mut points = String::new();
        for (number, mean) in (0_u64..).zip(means) {
            let x = left + width * (ratio(number, 1) + 0.5) / steps;
            let y = above + height * (1.0 - mean / top);
            let _ = write!(points, "{x:.1},{y:.1} ");
        }
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.4\"/>",
            points.trim_end()
        );
    }
}

/// Marks on the axis of time: hours of a day, or minutes.
fn times(svg: &mut String, time: &Range<Millis>) {
    let [left, above, right, below] = MARGINS;
    let (width, height) = (WIDTH - left - right, HEIGHT - above - below);
    let length = time.end - time.start;
    let (mark, unit, name) = if length > 2 * HOUR {
        (4 * HOUR, HOUR, "h")
    } else {
        (5 * MINUTE, MINUTE, "min")
    };
    for number in 0..=length / mark {
        let x = left + width * ratio(number * mark, length);
        let bottom = above + height;
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {bottom}v4\" stroke=\"{GREY}\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 18.0,
            if number == 0 {
                format!("0 {name}")
            } else {
                (number * mark / unit).to_string()
            }
        );
    }
}

/// Between two lines of a scale there are 1, 2 or 5 times a power of ten; and how many lines there are.
fn scale(highest: f64) -> (f64, u64) {
    let mut tick = 1.0;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            let fitting = (1..=5).find(|ticks| tick * factor * ratio(*ticks, 1) >= highest);
            if let Some(ticks) = fitting {
                return (tick * factor, ticks);
            }
        }
        tick *= 10.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_just_above_the_highest_value() {
        assert_eq!(scale(1.0), (1.0, 1));
        assert_eq!(scale(5.1), (2.0, 3));
        assert_eq!(scale(26.0), (10.0, 3));
        assert_eq!(scale(9_999.0), (2_000.0, 5));
    }
}
