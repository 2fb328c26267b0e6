//! Commands that signal the application.

use contract::annotations;
use contract::diagnostics::secrets as codes;
use contract::names::{AGENT_BINARY, SIGNAL_COMMAND, is_signal};

use super::{SHELL, arguments, of_our_image};
use crate::ask::secrets::Secret;
use crate::vocabulary::warning::Warning;
use crate::warn::subject::Subject;

/// Programs that signal others.
const SIGNALS: [&str; 3] = ["kill", "pkill", "killall"];

pub(super) fn warnings(
    subject: Subject<'_, '_>,
    secret: &Secret<'_>,
    command: &str,
) -> Vec<Warning> {
    if !signals(command) {
        return Vec::new();
    }
    let warnings = [
        wrong_arguments(subject, secret, command),
        unseen(subject, secret),
        another_user(subject, secret),
    ];
    warnings.into_iter().flatten().collect()
}

/// Arguments that `/vault-agent signal` refuses. What a shell makes of a command is not known.
fn wrong_arguments(
    subject: Subject<'_, '_>,
    secret: &Secret<'_>,
    command: &str,
) -> Option<Warning> {
    if !subject.asked.flavor.is_our_agent() || command.contains(SHELL) {
        return None;
    }
    let mut words = arguments(command);
    if words.next() != Some(AGENT_BINARY) || words.next() != Some(SIGNAL_COMMAND) {
        return None;
    }
    let what = wrong(words)?;
    let name = secret.raw_name;
    let text = format!(
        "agent-inject-command-{name}: {AGENT_BINARY} {SIGNAL_COMMAND} takes a signal and then a process, \
         and {what}: write \"{AGENT_BINARY} {SIGNAL_COMMAND} HUP PROCESS\""
    );
    let key = subject.annotations.key_for(&annotations::COMMAND, name);
    Some(of_our_image(subject, codes::SIGNAL_ARGUMENTS, text).at(key))
}

/// What is wrong with the words behind `signal`.
fn wrong<'c>(words: impl Iterator<Item = &'c str>) -> Option<&'static str> {
    let mut given = Vec::new();
    for word in words {
        match word.trim_start_matches('-') {
            name if name == word => given.push(word),
            "h" | "help" => return None,
            "" | "if-running" => {}
            _ => return Some("has no flag but --if-running"),
        }
    }
    match given.as_slice() {
        [] => Some("there is neither"),
        [only] if is_signal(only) => Some("there is no process"),
        [_] => Some("there is no signal"),
        [signal, _] if is_signal(signal) => None,
        [_, signal] if is_signal(signal) => Some("the process is first"),
        [_, _] => Some("the first word is not a signal"),
        _ => Some("there are more words"),
    }
}

/// Whether the agent sees the processes of the pod's other containers.
fn shares_processes(subject: Subject<'_, '_>) -> bool {
    let asked = subject.asked.share_process_namespace;
    asked.or(subject.pod.share_process_namespace) == Some(true)
}

/// A signal that the kernel refuses, because the agent has no privileges and no process can be of its
/// user. Root may become any user, and one that nobody has written may be the agent's.
fn another_user(subject: Subject<'_, '_>, secret: &Secret<'_>) -> Option<Warning> {
    let (asked, pod) = (subject.asked, subject.pod);
    if !shares_processes(subject)
        || pod.host_pid == Some(true)
        || !asked.agents.has_sidecar()
        || subject.has(&annotations::JSON_PATCH)
    {
        return None;
    }
    let agent = asked.identity?.user;
    let of_pod = pod.security_context.as_ref().and_then(|it| it.run_as_user);
    let is_of_another = |own: Option<i64>| {
        own.or(of_pod)
            .is_some_and(|user| user != agent && user != 0)
    };
    let mut users = pod
        .running_containers()
        .map(|container| container.security_context.as_ref()?.run_as_user);
    if !users.all(is_of_another) {
        return None;
    }
    let name = secret.raw_name;
    let text = format!(
        "agent-inject-command-{name} sends a signal, but the agent runs as another user than every \
         container of the pod, so the kernel refuses it: set agent-run-as-same-user to true"
    );
    let key = subject.annotations.key_for(&annotations::COMMAND, name);
    Some(Warning::new(codes::SIGNAL_OF_ANOTHER_USER, text).at(key))
}

/// A signal to the application, whose processes the agent does not see.
fn unseen(subject: Subject<'_, '_>, secret: &Secret<'_>) -> Option<Warning> {
    if shares_processes(subject) || subject.pod.host_pid == Some(true) {
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

/// Whether a command sends a signal.
pub(super) fn signals(command: &str) -> bool {
    let words: Vec<&str> = words(command).collect();
    let is_program = |word: &&str| {
        let program = word.rsplit('/').next().unwrap_or(word);
        SIGNALS.contains(&program)
    };
    let is_of_agent = |pair: &[&str]| pair == [AGENT_BINARY, SIGNAL_COMMAND];
    words.iter().any(is_program) || words.windows(2).any(is_of_agent)
}

/// The words of a command, however a shell puts them together.
pub(super) fn words(command: &str) -> impl Iterator<Item = &str> {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let words = command.split(move |c| !is_of_a_word(c));
    words.filter(|word| !word.is_empty())
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
