//! Go itself, asked about generated templates, where it is installed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{count_differences, generated, read};

const TEMPLATES: usize = 10_000;

/// One line for each template, answered by one process.
fn ask_go(lines: &str) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/main.go");
    let mut go = Command::new("go")
        .arg("run")
        .arg(source)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = go.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = go.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(
        output.status.success(),
        "go run ended with {}",
        output.status
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn answers_what_go_answers_to_templates_made_at_random() {
    let installed = Command::new("go").arg("version").output().is_ok();
    if !installed {
        assert!(std::env::var_os("CI").is_none(), "Go is not installed");
        println!("skipped: Go is not installed");
        return;
    }
    let lines: String = generated::templates(TEMPLATES)
        .iter()
        .map(|template| serde_json::json!({ "template": template }).to_string() + "\n")
        .collect();
    let cases = read(&ask_go(&lines));
    assert_eq!(cases.len(), TEMPLATES);
    let rendered = cases.iter().filter(|case| case.error.is_none()).count();
    assert!(rendered > TEMPLATES / 5, "too few are valid: {rendered}");
    let failed = count_differences(cases.iter());
    println!("{TEMPLATES} generated, {rendered} of them valid, {failed} not as Go");
    assert_eq!(failed, 0);
}
