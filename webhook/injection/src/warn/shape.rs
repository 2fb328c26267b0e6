//! The agent's containers and volumes, and how they fit the pod.

use contract::annotations;
use contract::diagnostics::pods;

use super::subject::Subject;
use crate::ask::arrangement::{Role, Sidecar};
use crate::settings::is_our_image;
use crate::shape::container::Agent;
use crate::vocabulary::origin::Origin;
use crate::vocabulary::warning::Warning;

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let asked = subject.asked;
    let mut warnings = Vec::new();
    if asked.flavor.has_shell() && is_our_image(asked.image) {
        let text = "agent-flavor compatible needs a shell, which this agent image does not have";
        warnings.push(subject.mistake(pods::NO_SHELL_IN_IMAGE, &annotations::FLAVOR, text));
    }
    if !asked.flavor.keeps_mistakes() && arguments_are_shell_lines(subject) {
        let text = "the JSON patch sets a shell line as args/0, but there is no shell";
        warnings.push(subject.about(pods::SHELL_ARGUMENTS, &annotations::JSON_PATCH, text));
    }
    warnings.extend(arrangement(subject));
    warnings.extend(revocation(subject));
    warnings.extend(doubtful_token(subject));
    warnings
}

fn arrangement(subject: Subject<'_, '_>) -> Vec<Warning> {
    let (agents, mut warnings) = (subject.asked.agents, Vec::new());
    if agents.is_native() && !agents.init && subject.has(&annotations::INIT_JSON_PATCH) {
        let text =
            "agent-init-json-patch is ignored: only agent-json-patch applies to a native sidecar";
        warnings.push(subject.about(pods::IGNORED, &annotations::INIT_JSON_PATCH, text));
    }
    let waits = matches!(agents.sidecar, Some(Sidecar::Native { startup: Some(_) }));
    if !waits && subject.has(&annotations::STARTUP_TIMEOUT) {
        let text = "agent-startup-timeout is ignored: no native sidecar is waited for";
        warnings.push(subject.about(pods::IGNORED, &annotations::STARTUP_TIMEOUT, text));
    }
    if subject.has(&annotations::METRICS_PORT) {
        let why = if subject.asked.flavor.keeps_mistakes() {
            Some("only our agent image has such a port (agent-flavor native)")
        } else if !subject.asked.configmap.is_empty() {
            Some("the ConfigMap has to have the listener")
        } else {
            (!agents.has_sidecar()).then_some("an init container is gone before it is scraped")
        };
        let text = why.map(|why| format!("agent-metrics-port is ignored: {why}"));
        let warning =
            |text: String| subject.about(pods::IGNORED, &annotations::METRICS_PORT, &text);
        warnings.extend(text.map(warning));
    }
    warnings.extend(metrics_port(subject));
    let stays = agents.sidecar == Some(Sidecar::Regular) && !subject.asked.tuning.enable_quit;
    if subject.asked.is_job && stays {
        let is_template = matches!(subject.asked.origin, Origin::Template { .. });
        warnings.push(if is_template && subject.asked.may_be_native {
            // Newer clusters get a native sidecar.
            let text = "on clusters older than 1.29 the sidecar keeps this Job from completing: set \
                        agent-pre-populate-only to true, or name the cluster's version \
                        (--kube-version)";
            Warning::hint(pods::JOB_NEVER_ENDS, text)
        } else {
            let text =
                "the sidecar keeps this Job from completing: set agent-pre-populate-only to true";
            Warning::new(pods::JOB_NEVER_ENDS, text)
        });
    }
    warnings
}

/// A port for metrics on which a container of the pod listens already.
fn metrics_port(subject: Subject<'_, '_>) -> Option<Warning> {
    if !subject.asked.agents.has_sidecar() {
        return None;
    }
    let port = subject.asked.metrics_port_of(Role::Sidecar)?.get();
    let mut running = subject.pod.running_containers();
    let other = running.find(|container| container.declares_port(port))?;
    let text = format!(
        "agent-metrics-port is a port of container {} too, and only one of them can listen there: write \
         another one",
        other.name
    );
    Some(subject.about(pods::PORT_TAKEN, &annotations::METRICS_PORT, &text))
}

/// A token that is not for the API server, because the pod has none that is.
fn doubtful_token(subject: Subject<'_, '_>) -> Option<Warning> {
    let token = &subject.asked.token;
    if !token.is_last_resort() {
        return None;
    }
    let text = format!(
        "the pod has no token for the API server, so the agent logs in with {}: name its volume in \
         agent-service-account-token-volume-name if that is meant, or write agent-token-audience",
        token.path()
    );
    let key = subject.annotations.key(&annotations::TOKEN_VOLUME);
    Some(Warning::new(pods::DOUBTFUL_TOKEN, text).at(key))
}

fn revocation(subject: Subject<'_, '_>) -> Option<Warning> {
    let (asked, spec) = (subject.asked, &annotations::REVOKE_ON_SHUTDOWN);
    // Where only the flag asks, pods that cannot are no mistake of their authors.
    asked.revoke_after.filter(|_| subject.has(spec))?;
    if !asked.agents.has_sidecar() {
        let text = "agent-revoke-on-shutdown is ignored: an init container never revokes";
        return Some(subject.about(pods::IGNORED, spec, text));
    }
    if asked.revokes_itself() && !asked.configmap.is_empty() {
        let text =
            "agent-revoke-on-shutdown is ignored: the ConfigMap has to say revoke_on_shutdown";
        return Some(subject.about(pods::IGNORED, spec, text));
    }
    None
}

fn arguments_are_shell_lines(subject: Subject<'_, '_>) -> bool {
    let additions = subject.additions;
    let mut agents = additions.init.iter().chain(&additions.sidecar);
    agents.any(Agent::has_shell_line_without_shell)
}
