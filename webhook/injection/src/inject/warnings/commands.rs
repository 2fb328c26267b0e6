//! Commands that cannot do what they are for.

use contract::annotations;
use contract::diagnostics::secrets as codes;
use contract::names::AGENT_BINARY;

use super::{Certainty, Subject, Warning, mounts};
use crate::inject::secrets::Secret;
use crate::settings::{has_shell_for_commands, is_this_release};

/// What only a shell understands.
const SHELL: [char; 8] = ['$', '|', '&', ';', '<', '>', '*', '`'];

/// Programs that signal others.
const SIGNALS: [&str; 3] = ["kill", "pkill", "killall"];

pub(super) fn warnings(subject: Subject<'_, '_>, secret: &Secret<'_>) -> Vec<Warning> {
    let command = secret.command.trim();
    if command.is_empty() || !subject.asked.configmap.is_empty() {
        return Vec::new();
    }
    let warnings = [
        program(subject, secret, command),
        signal(subject, secret, command),
    ];
    warnings.into_iter().flatten().collect()
}

/// A program or a shell that the image does not have.
fn program(subject: Subject<'_, '_>, secret: &Secret<'_>, command: &str) -> Option<Warning> {
    let asked = subject.asked;
    if asked.flavor.has_shell() || has_shell_for_commands(asked.image) {
        return None;
    }
    let name = secret.raw_name;
    // An image that is made from ours may have more in it than ours.
    let certainty = if asked.is_default_image && is_this_release(asked.image) {
        Certainty::Sure
    } else {
        Certainty::Likely
    };
    let (code, text) = if command.contains(SHELL) {
        let text = format!(
            "agent-inject-command-{name} needs a shell: use our -busybox image, or agent-flavor \
             compatible with a stock image"
        );
        (codes::COMMAND_NEEDS_SHELL, text)
    } else if has_program(subject, command) {
        return None;
    } else {
        let text = format!(
            "agent-inject-command-{name} starts a program that the agent's image does not have: use our \
             -busybox image, or the path of a program on one of the agent's volumes"
        );
        (codes::COMMAND_PROGRAM, text)
    };
    let key = subject.annotations.key_for(&annotations::COMMAND, name);
    let warning = Warning {
        certainty,
        ..Warning::new(code, text)
    };
    Some(warning.at(key))
}

/// Whether our image has the program: it is the agent itself, or on a volume of the agent's.
fn has_program(subject: Subject<'_, '_>, command: &str) -> bool {
    // As the agent reads it: a text without blanks is a list, parted by commas.
    let is_list = |c: char| c == ',' && !command.contains(char::is_whitespace);
    let mut words = command.split(|c: char| c.is_whitespace() || is_list(c));
    let program = words.find(|word| !word.is_empty()).unwrap_or_default();
    let program = program.trim_matches(['"', '\'']);
    program == AGENT_BINARY
        || program.starts_with('/')
            && mounts::nearest(&mounts::of_an_agent(subject), program).is_some()
}

/// A signal to the application, whose processes the agent does not see.
fn signal(subject: Subject<'_, '_>, secret: &Secret<'_>, command: &str) -> Option<Warning> {
    let asked = subject.asked;
    let shares = asked
        .share_process_namespace
        .or(subject.pod.share_process_namespace);
    if shares == Some(true) || !signals(command) {
        return None;
    }
    let name = secret.raw_name;
    let text = format!(
        "agent-inject-command-{name} sends a signal, but the agent sees no processes of the application: \
         set agent-share-process-namespace to true"
    );
    let key = subject.annotations.key_for(&annotations::COMMAND, name);
    Some(Warning::new(codes::COMMAND_SIGNAL, text).at(key))
}

fn signals(command: &str) -> bool {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let mut words = command.split(|c| !is_of_a_word(c));
    words.any(|word| {
        let program = word.rsplit('/').next().unwrap_or(word);
        SIGNALS.contains(&program)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_signals_is_told_from_one_that_only_reads_like_it() {
        for command in [
            "pkill -HUP app",
            "kill -HUP 1",
            "/bin/kill 1",
            "kill $(pidof app)",
            "sh -c 'sleep 1;kill 1'",
            "killall,-HUP,app",
        ] {
            assert!(signals(command), "{command}");
        }
        for command in ["/app/kill-cache", "skill", "/bin/app --kill-idle", "killer"] {
            assert!(!signals(command), "{command}");
        }
    }
}
