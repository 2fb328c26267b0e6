//! What an agent that is not ready waits for, in one line.
//!
//! A probe prints it, and Kubernetes shows it as an event. Equal events are counted and different
//! ones are dropped after a few, so the same cause always reads the same: no time and no number of
//! tries is in it.

use super::{Snapshot, TemplateStatus};
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

/// What keeps files away.
struct Cause<'a> {
    /// The same for all causes that differ in names of requests alone.
    key: String,
    text: String,
    files: Vec<&'a str>,
    /// The requests, the one in the text first.
    requests: Vec<&'a str>,
}

/// One text for all files that wait for the same.
fn causes(snapshot: &Snapshot, address: &str) -> Vec<String> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    let missing = snapshot.templates.iter();
    for template in missing.filter(|template| !template.rendered) {
        let text = match &template.error {
            Some(error) => one_line(error),
            None => unanswered(snapshot, address),
        };
        // The file stands in front anyhow.
        let own = format!("{}: ", template.destination);
        let text = text.strip_prefix(&own).unwrap_or(&text);
        let request = request_of(snapshot, template);
        let key = request.map_or(text.to_owned(), |request| nameless(text, request));
        let at = causes.iter().position(|known| known.key == key);
        let at = at.unwrap_or_else(|| {
            causes.push(Cause {
                key,
                text: text.to_owned(),
                files: Vec::new(),
                requests: Vec::new(),
            });
            causes.len() - 1
        });
        causes[at].files.push(&template.destination);
        if let Some(request) = request.filter(|request| !causes[at].requests.contains(request)) {
            causes[at].requests.push(request);
        }
    }
    causes.iter().map(Cause::shown).collect()
}

impl Cause<'_> {
    fn shown(&self) -> String {
        let files = some_of(&self.files);
        match self.requests.get(1..) {
            Some(others) if !others.is_empty() => {
                format!("{files}: {} (the same for {})", self.text, some_of(others))
            }
            _ => format!("{files}: {}", self.text),
        }
    }
}

/// The first few, and how many more.
fn some_of(all: &[&str]) -> String {
    match all.split_at_checked(NAMED) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{} and {} more", first.join(", "), rest.len())
        }
        _ => all.join(", "),
    }
}

/// The request whose failure is that of the template.
fn request_of<'a>(snapshot: &'a Snapshot, template: &TemplateStatus) -> Option<&'a str> {
    template.error.as_ref()?;
    let mut secrets = snapshot.secrets.iter();
    let failed = secrets.find(|secret| secret.error == template.error)?;
    Some(&failed.request)
}

/// A failure without the names that are this request's own: its path below the mount, as in URLs and
/// commands, and the last part of it, as Vault names a role.
fn nameless(text: &str, request: &str) -> String {
    let path = request.split_once(' ').map_or(request, |(_, path)| path);
    let path = path.split('?').next().unwrap_or_default();
    let below = path.split_once('/').map_or(path, |(_, below)| below);
    let name = below.rsplit('/').next().unwrap_or_default();
    let is_end = |c: char| c.is_whitespace() || "\"'`?:,;()".contains(c);
    let words = text.split_inclusive(is_end).map(|word| {
        let bare = word.trim_end_matches(is_end);
        let end = &word[bare.len()..];
        let rest = bare.strip_suffix(below);
        let rest = rest.filter(|rest| rest.is_empty() || rest.ends_with('/'));
        match rest {
            Some(rest) => format!("{rest}*{end}"),
            None if bare == name => format!("*{end}"),
            None => word.to_owned(),
        }
    });
    words.collect()
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
    use super::super::{SecretStatus, TokenStatus};
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
    fn causes_that_differ_in_their_paths_alone_are_told_once() {
        let failed = |path: &str| {
            let role = path.rsplit('/').next().unwrap();
            format!(
                "read {path}: URL: GET https://vault/v1/{path} Errors: * role {role:?} not found"
            )
        };
        let paths = [
            "db/creds/a",
            "db/creds/b",
            "db/creds/c",
            "db/creds/d",
            "aws/creds/a",
        ];
        let errors = paths.map(failed);
        let files = ["/1", "/2", "/3", "/4", "/5"];
        let templates: Vec<_> = files
            .into_iter()
            .zip(errors.iter().map(|error| Some(error.as_str())))
            .collect();
        let mut snapshot = mk_snapshot(mk_token(), &templates);
        snapshot.secrets = paths
            .iter()
            .zip(&errors)
            .map(|(path, error)| SecretStatus {
                request: format!("read {path}"),
                age_seconds: None,
                lease_seconds: None,
                error: Some(error.clone()),
            })
            .collect();
        let others = "read db/creds/b, read db/creds/c, read db/creds/d";
        assert_eq!(
            waits_for(&snapshot),
            format!(
                "/1, /2, /3 and 1 more: {} (the same for {others}); /5: {}",
                errors[0], errors[4]
            )
        );
    }

    #[test]
    fn a_template_that_fails_does_not_name_its_file_twice() {
        let files = ["/a", "/b"].map(|file| (file, format!("{file}: line 1: no such function")));
        let files = files
            .each_ref()
            .map(|(file, error)| (*file, Some(error.as_str())));
        assert_eq!(
            waits_for(&mk_snapshot(mk_token(), &files)),
            "/a, /b: line 1: no such function"
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
