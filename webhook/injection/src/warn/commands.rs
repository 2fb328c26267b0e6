//! Commands that cannot do what they are for.

mod signals;

use contract::annotations;
use contract::diagnostics::{Code, secrets as codes};
use contract::names::{AGENT_BINARY, AGENT_COMMANDS, SIGNAL_COMMAND};

use super::mounts::Places;
use super::subject::Subject;
use crate::ask::secrets::Secret;
use crate::settings::{has_shell_for_commands, is_our_image, is_this_release};
use crate::vocabulary::warning::Warning;

/// What only a shell understands.
const SHELL: [char; 8] = ['$', '|', '&', ';', '<', '>', '*', '`'];

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
        stock_image(subject, places, secret, command),
    ];
    let mut warnings: Vec<_> = warnings.into_iter().flatten().collect();
    warnings.extend(signals::warnings(subject, secret, command));
    warnings
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
    let signal = if signals::signals(command) {
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
    Some(of_our_image(subject, code, text).at(key))
}

/// A warning that is sure for our own image of this release. One that is made from it may have more in
/// it, and another release other commands.
fn of_our_image(subject: Subject<'_, '_>, code: Code, text: String) -> Warning {
    if subject.asked.is_default_image && is_this_release(subject.asked.image) {
        Warning::sure(code, text)
    } else {
        Warning::new(code, text)
    }
}

/// Our agent's binary in a stock image.
fn stock_image(
    subject: Subject<'_, '_>,
    places: &Places<'_, '_>,
    secret: &Secret<'_>,
    command: &str,
) -> Option<Warning> {
    let asked = subject.asked;
    if asked.flavor.is_our_agent()
        || is_our_image(asked.image)
        || places.nearest(AGENT_BINARY).is_some()
        || !signals::words(command).any(|word| word == AGENT_BINARY)
    {
        return None;
    }
    let name = secret.raw_name;
    let text = format!(
        "agent-inject-command-{name} starts {AGENT_BINARY}, which a stock image does not have: write \
         \"pkill -HUP PROCESS\" to signal a process, or use our agent image (agent-flavor native)"
    );
    let key = subject.annotations.key_for(&annotations::COMMAND, name);
    Some(Warning::new(codes::COMMAND_PROGRAM, text).at(key))
}

/// The program of a command: the agent itself, or one on a volume of the agent's.
fn started(places: &Places<'_, '_>, command: &str) -> Program {
    let mut words = arguments(command);
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

/// The words of a command as the agent reads it: a text without blanks is a list, parted by commas.
fn arguments(command: &str) -> impl Iterator<Item = &str> {
    let is_list = !command.contains(char::is_whitespace);
    let words = command.split(move |c: char| c.is_whitespace() || (is_list && c == ','));
    let words = words.filter(|word| !word.is_empty());
    words.map(|word| word.trim_matches(['"', '\'']))
}
