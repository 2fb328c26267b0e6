//! What an agent that is not ready waits for, in one line.
//!
//! A probe prints it, and Kubernetes shows it as an event. Equal events are counted and different
//! ones are dropped after a few, so the same cause always reads the same: nothing here counts or
//! grows.

use super::Snapshot;
use crate::exit::one_line;

/// More files are counted, not named.
const NAMED: usize = 3;

/// The cause for each file that is not there, or the one for all of them.
pub fn waits_for(snapshot: &Snapshot) -> String {
    let address = snapshot.address.trim_end_matches('/');
    if let Some(error) = &snapshot.token.error {
        return format!("the login failed: {}", one_line(error));
    }
    if !snapshot.token.authenticated && snapshot.token.logins == 0 {
        return format!(
            "the login has no answer yet from {address}; check that Vault is there, and network \
             policies and routes to it"
        );
    }
    let mut causes = causes(snapshot, address);
    if causes.is_empty() {
        return "a new login is on its way".to_owned();
    }
    let more = causes.len().saturating_sub(NAMED);
    if more > 0 {
        causes.truncate(NAMED);
        causes.push(format!("and {more} more, see \"vault-agent status\""));
    }
    causes.join("; ")
}

/// One text for all files that wait for the same.
fn causes(snapshot: &Snapshot, address: &str) -> Vec<String> {
    let mut causes: Vec<(Vec<&str>, String)> = Vec::new();
    let missing = snapshot.templates.iter();
    for template in missing.filter(|template| !template.rendered) {
        let cause = match &template.error {
            Some(error) => one_line(error),
            None => unanswered(snapshot, address),
        };
        match causes.iter_mut().find(|(_, known)| *known == cause) {
            Some((files, _)) => files.push(&template.destination),
            None => causes.push((vec![&template.destination], cause)),
        }
    }
    let texts = causes.into_iter();
    texts
        .map(|(files, cause)| format!("{}: {cause}", files.join(", ")))
        .collect()
}

/// The first request without an answer.
fn unanswered(snapshot: &Snapshot, address: &str) -> String {
    let mut secrets = snapshot.secrets.iter();
    let open = secrets.find(|secret| secret.age_seconds.is_none() && secret.error.is_none());
    match open {
        Some(secret) => format!("{}: no answer yet from {address}", secret.request),
        None => "is being rendered".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SecretStatus, TemplateStatus, TokenStatus};
    use super::*;

    fn mk_snapshot(token: TokenStatus, templates: &[(&str, Option<&str>)]) -> Snapshot {
        let templates = templates.iter();
        Snapshot {
            address: "https://vault:8200/".into(),
            token,
            templates: templates
                .map(|(destination, error)| TemplateStatus {
                    destination: (*destination).into(),
                    error: error.map(Into::into),
                    ..TemplateStatus::default()
                })
                .collect(),
            ..Snapshot::default()
        }
    }

    fn mk_token() -> TokenStatus {
        TokenStatus {
            authenticated: true,
            logins: 1,
            ..TokenStatus::default()
        }
    }

    #[test]
    fn a_login_without_success_is_the_cause_of_all() {
        let file = [("/a", None)];
        let silent = waits_for(&mk_snapshot(TokenStatus::default(), &file));
        assert!(
            silent.starts_with("the login has no answer yet from https://vault:8200;"),
            "{silent}"
        );
        let token = TokenStatus {
            failed_logins: 7,
            error: Some("Error making API request.\n\nCode: 400".into()),
            ..TokenStatus::default()
        };
        assert_eq!(
            waits_for(&mk_snapshot(token, &file)),
            "the login failed: Error making API request. Code: 400"
        );
    }

    #[test]
    fn each_file_has_its_cause_and_equal_causes_are_told_once() {
        let denied = Some("read secret/a:\n\n* permission denied");
        let files = [
            ("/a", denied),
            ("/b", Some("no such function")),
            ("/c", denied),
        ];
        assert_eq!(
            waits_for(&mk_snapshot(mk_token(), &files)),
            "/a, /c: read secret/a: * permission denied; /b: no such function"
        );
        let files = ["1", "2", "3", "4", "5"].map(|name| (name, Some(name)));
        assert_eq!(
            waits_for(&mk_snapshot(mk_token(), &files)),
            "1: 1; 2: 2; 3: 3; and 2 more, see \"vault-agent status\""
        );
    }

    #[test]
    fn a_request_without_an_answer_is_named() {
        let mut snapshot = mk_snapshot(mk_token(), &[("/a", None)]);
        let secret = |request: &str, age_seconds, error: Option<&str>| SecretStatus {
            request: request.into(),
            age_seconds,
            lease_seconds: None,
            error: error.map(Into::into),
        };
        snapshot.secrets = vec![
            secret("read kv/a", Some(1), None),
            secret("read kv/b", None, Some("no")),
            secret("read kv/c", None, None),
        ];
        assert_eq!(
            waits_for(&snapshot),
            "/a: read kv/c: no answer yet from https://vault:8200"
        );
    }
}
