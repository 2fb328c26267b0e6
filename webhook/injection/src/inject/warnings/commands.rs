//! Commands that cannot do what they are for.

use contract::annotations;
use contract::diagnostics::secrets as codes;
use contract::names::{AGENT_BINARY, AGENT_COMMANDS, SIGNAL_COMMAND};

use super::mounts::Places;
use super::{Certainty, Subject, Warning};
use crate::inject::secrets::Secret;
use crate::settings::{has_shell_for_commands, is_this_release};

/// What only a shell understands.
const SHELL: [char; 8] = ['$', '|', '&', ';', '<', '>', '*', '`'];

/// Programs that signal others.
const SIGNALS: [&str; 3] = ["kill", "pkill", "killall"];

/// Whether our image can start a command.
enum Program {
    There,
    NotThere,
    /// The agent itself, with a command that it does not have.
    UnknownToAgent,
}

pub(super) fn warnings(
    subject: Subject<'_, '_>,
    places: &Places<'_, '_>,
    secret: &Secret<'_>,
) -> Vec<Warning> {
    let command = secret.command.trim();
    if command.is_empty() || !subject.asked.configmap.is_empty() {
        return Vec::new();
    }
    let warnings = [
        program(subject, places, secret, command),
        signal(subject, secret, command),
    ];
    warnings.into_iter().flatten().collect()
}

/// A program or a shell that the image does not have.
fn program(
    subject: Subject<'_, '_>,
    places: &Places<'_, '_>,
    secret: &Secret<'_>,
    command: &str,
) -> Option<Warning> {
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
    let signal = if signals(command) {
        format!("write \"{AGENT_BINARY} {SIGNAL_COMMAND} HUP PROCESS\" to signal a process, or ")
    } else {
        String::new()
    };
    let (code, text) = if command.contains(SHELL) {
        let text = format!(
            "agent-inject-command-{name} needs a shell: {signal}use our -busybox image, or \
             agent-flavor compatible with a stock image"
        );
        (codes::COMMAND_NEEDS_SHELL, text)
    } else {
        let text = match started(places, command) {
            Program::There => return None,
            Program::NotThere => format!(
                "agent-inject-command-{name} starts a program that the agent's image does not have: \
                 {signal}use our -busybox image, or the path of a program on one of the agent's volumes"
            ),
            Program::UnknownToAgent => format!(
                "agent-inject-command-{name} starts {AGENT_BINARY} with a command that it does not \
                 have: write one of {}",
                AGENT_COMMANDS.join(", ")
            ),
        };
        (codes::COMMAND_PROGRAM, text)
    };
    let key = subject.annotations.key_for(&annotations::COMMAND, name);
    let warning = Warning {
        certainty,
        ..Warning::new(code, text)
    };
    Some(warning.at(key))
}

/// The program of a command: the agent itself, or one on a volume of the agent's.
fn started(places: &Places<'_, '_>, command: &str) -> Program {
    // As the agent reads it: a text without blanks is a list, parted by commas.
    let is_list = |c: char| c == ',' && !command.contains(char::is_whitespace);
    let words = command.split(|c: char| c.is_whitespace() || is_list(c));
    let words = words.filter(|word| !word.is_empty());
    let mut words = words.map(|word| word.trim_matches(['"', '\'']));
    let program = words.next().unwrap_or_default();
    if program == AGENT_BINARY {
        return match words.next() {
            Some(word) if !word.starts_with('-') && !AGENT_COMMANDS.contains(&word) => {
                Program::UnknownToAgent
            }
            _ => Program::There,
        };
    }
    if program.starts_with('/') && places.nearest(program).is_some() {
        Program::There
    } else {
        Program::NotThere
    }
}

/// A signal to the application, whose processes the agent does not see.
fn signal(subject: Subject<'_, '_>, secret: &Secret<'_>, command: &str) -> Option<Warning> {
    let asked = subject.asked;
    let shares = asked
        .share_process_namespace
        .or(subject.pod.share_process_namespace);
    if shares == Some(true) || subject.pod.host_pid == Some(true) || !signals(command) {
        return None;
    }
    let name = secret.raw_name;
    let text = format!(
        "agent-inject-command-{name} sends a signal, but the agent sees no processes of the application: \
         set agent-share-process-namespace to true, and run both as the same user \
         (agent-run-as-same-user)"
    );
    let key = subject.annotations.key_for(&annotations::COMMAND, name);
    Some(Warning::new(codes::COMMAND_SIGNAL, text).at(key))
}

fn signals(command: &str) -> bool {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let words = command.split(|c| !is_of_a_word(c));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let is_program = |word: &&str| {
        let program = word.rsplit('/').next().unwrap_or(word);
        SIGNALS.contains(&program)
    };
    let is_of_agent = |pair: &[&str]| pair == [AGENT_BINARY, SIGNAL_COMMAND];
    words.iter().any(is_program) || words.windows(2).any(is_of_agent)
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
            "/vault-agent signal HUP app",
            "/vault-agent,signal,HUP,app",
        ] {
            assert!(signals(command), "{command}");
        }
        for command in [
            "/app/kill-cache",
            "skill",
            "/bin/app --kill-idle",
            "killer",
            "/vault-agent status",
            "signal app",
        ] {
            assert!(!signals(command), "{command}");
        }
    }
}
