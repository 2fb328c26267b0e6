//! The snapshot for people.

use std::fmt::Write;

use super::Snapshot;
use crate::exit::one_line;

/// A few lines and two tables.
pub fn table(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let token = &snapshot.token;
    let ready = if snapshot.ready { "yes" } else { "no" };
    let login = match (token.authenticated, token.ttl_seconds) {
        (false, _) => "none".to_owned(),
        (true, None) => "valid, does not end".to_owned(),
        (true, Some(left)) => format!("valid for {}", time(left)),
    };
    put(
        &mut text,
        &format!(
            "Version  {}\nReady    {ready}\nToken    {login}",
            snapshot.version
        ),
    );
    if let Some(error) = &token.error {
        put(&mut text, &format!("Login    {}", one_line(error)));
    }
    let optional = |seconds: Option<u64>| seconds.map_or("-".to_owned(), time);
    let mut rows = vec![
        [
            "TEMPLATE",
            "STATE",
            "RENDERS",
            "SECRET AGE",
            "LEASE",
            "LAST ERROR",
        ]
        .map(str::to_owned),
    ];
    rows.extend(snapshot.templates.iter().map(|template| {
        let state = match (template.rendered, &template.error) {
            (true, None) => "rendered",
            (true, Some(_)) => "stale",
            (false, None) => "waiting",
            (false, Some(_)) => "failed",
        };
        [
            template.destination.clone(),
            state.to_owned(),
            template.renders.to_string(),
            optional(template.secret_age_seconds),
            optional(template.lease_seconds),
            template.error.as_deref().map_or("-".to_owned(), one_line),
        ]
    }));
    columns(&mut text, &rows);
    let mut rows = vec![["SECRET", "AGE", "LEASE", "LAST ERROR"].map(str::to_owned)];
    rows.extend(snapshot.secrets.iter().map(|secret| {
        [
            secret.request.clone(),
            optional(secret.age_seconds),
            optional(secret.lease_seconds),
            secret.error.as_deref().map_or("-".to_owned(), one_line),
        ]
    }));
    columns(&mut text, &rows);
    if !snapshot.commands.is_empty() {
        columns(&mut text, &commands(snapshot));
    }
    text
}

fn commands(snapshot: &Snapshot) -> Vec<[String; 4]> {
    let mut rows = vec![["COMMAND", "RUNS", "FAILED", "LAST ERROR"].map(str::to_owned)];
    rows.extend(snapshot.commands.iter().map(|command| {
        [
            one_line(&command.command),
            command.runs.to_string(),
            command.failures.to_string(),
            command.error.as_deref().map_or("-".to_owned(), one_line),
        ]
    }));
    rows
}

fn columns<const N: usize>(text: &mut String, rows: &[[String; N]]) {
    put(text, "");
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        put(text, line.join("  ").trim_end());
    }
}

fn put(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a String must succeed");
}

/// The two largest units: `3h12m`, `45s`.
fn time(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest}s"),
        (0, 0, _) => format!("{minutes}m{rest}s"),
        (0, _, _) => format!("{hours}h{minutes}m"),
        _ => format!("{days}d{hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CommandStatus, SecretStatus, TemplateStatus, TokenStatus};
    use super::*;

    #[test]
    fn people_see_what_is_right_and_what_is_wrong() {
        let snapshot = Snapshot {
            version: "1".into(),
            token: TokenStatus {
                authenticated: true,
                ttl_seconds: Some(3700),
                ..TokenStatus::default()
            },
            templates: vec![
                TemplateStatus {
                    destination: "/vault/secrets/app".into(),
                    rendered: true,
                    renders: 2,
                    secret_age_seconds: Some(61),
                    ..TemplateStatus::default()
                },
                TemplateStatus {
                    destination: "/b".into(),
                    error: Some("read secret/b:\n\n* permission denied".into()),
                    ..TemplateStatus::default()
                },
            ],
            secrets: vec![SecretStatus {
                request: "read secret/app".into(),
                age_seconds: Some(61),
                lease_seconds: Some(90_000),
                error: None,
            }],
            commands: vec![CommandStatus {
                command: "/vault-agent signal HUP app".into(),
                runs: 2,
                failures: 1,
                error: Some("exit status: 1".into()),
            }],
            ..Snapshot::default()
        };
        let lines = table(&snapshot);
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(
            lines,
            [
                "Version  1",
                "Ready    no",
                "Token    valid for 1h1m",
                "",
                "TEMPLATE            STATE     RENDERS  SECRET AGE  LEASE  LAST ERROR",
                "/vault/secrets/app  rendered  2        1m1s        -      -",
                "/b                  failed    0        -           -      read secret/b: * permission denied",
                "",
                "SECRET           AGE   LEASE  LAST ERROR",
                "read secret/app  1m1s  1d1h   -",
                "",
                "COMMAND                      RUNS  FAILED  LAST ERROR",
                "/vault-agent signal HUP app  2     1       exit status: 1",
            ]
        );
    }
}
