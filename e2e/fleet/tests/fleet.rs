//! A small fleet keeps the goals, and the page has a place for its figures.

use std::fs;

use fleet::Fleet;

#[test]
fn a_small_fleet_keeps_the_goals() {
    let report = fleet::run(Fleet {
        pods: 100,
        hours: 1,
        ..Fleet::default()
    });
    assert!(report.keeps_start_goals(), "{report}");
    // Without trouble, the peaks of so few pods are of the same height but for chance.
    let mut missed = report.missed().filter(|name| *name != "a steady day");
    assert_eq!(missed.next(), None, "{report}");
    assert!(report.chart().ends_with("</svg>\n"));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fleet.md");
    let page = fs::read_to_string(page).unwrap();
    let page = report.page(&page, 1).unwrap();
    assert!(page.contains("| 100 pods:"), "{page}");
}
