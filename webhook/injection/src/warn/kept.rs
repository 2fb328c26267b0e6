//! Mistakes of upstream that the compatible flavor keeps.

use contract::annotations;
use contract::diagnostics::{keys, pods, secrets};

use super::subject::Subject;
use crate::ask::secrets::Content;
use crate::ask::token::{self, TokenVolume};
use crate::vocabulary::warning::Warning;

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let (asked, mut warnings) = (subject.asked, Vec::new());
    for secret in &asked.secrets {
        let name = secret.raw_name;
        let Content::Default { path, .. } = &secret.content else {
            continue;
        };
        let key = subject.annotations.key_for(&annotations::SECRET, name);
        if path.contains(['"', '\\']) {
            let text = format!("agent-inject-secret-{name}: quotes break the default template");
            warnings.push(Warning::sure(secrets::QUOTES_IN_PATH, text).at(key.clone()));
        }
        if (secret.left_delimiter, secret.right_delimiter) != ("{{", "}}") {
            let text = format!("secret {name}: the default template ignores its delimiters");
            warnings.push(Warning::sure(secrets::DELIMITERS_IGNORED, text).at(key));
        }
    }
    let preserve = &annotations::PRESERVE_SECRET_CASE;
    let unread = |name| subject.annotations.bool_for(preserve, name, false).is_err();
    if subject.annotations.bool(preserve, false).is_err()
        || asked.secrets.iter().any(|secret| unread(secret.raw_name))
    {
        let text = "preserve-secret-case is neither true nor false and is ignored";
        warnings.push(subject.mistake(keys::NOT_A_BOOLEAN, preserve, text));
    }
    if asked.share_process_namespace.is_some() && !asked.agents.init {
        let text = "agent-share-process-namespace is ignored without an init container";
        warnings.push(subject.about(pods::IGNORED, &annotations::SHARE_PROCESS_NAMESPACE, text));
    }
    for (spec, means) in [
        (&annotations::RUN_AS_USER, "root"),
        (&annotations::RUN_AS_GROUP, "the group root"),
    ] {
        if asked.identity.is_some() && subject.annotations.get(spec) == Some("") {
            let text = format!("{} is empty, which means {means}", spec.key);
            warnings.push(subject.mistake(pods::AGENT_AS_ROOT, spec, &text));
        }
    }
    let vault = &asked.vault;
    let untold = !vault.namespace.is_empty()
        || vault.tls_skip_verify
        || !vault.tls_server_name.is_empty()
        || !vault.ca_path.is_empty();
    if asked.revoke_after.is_some() && asked.agents.has_sidecar() && untold {
        let text = "agent-revoke-on-shutdown: the hook knows no namespace, ca-key, server name or \
                    skip-verify";
        warnings.push(subject.about(
            pods::REVOCATION_HOOK,
            &annotations::REVOKE_ON_SHUTDOWN,
            text,
        ));
    }
    if asked.init_first && !subject.pod.init_containers.is_empty() && renames(subject) {
        let text = "agent-init-json-patch renames the container: with agent-init-first it gets \
                    mounts twice";
        warnings.push(subject.about(pods::RENAMED, &annotations::INIT_JSON_PATCH, text));
    }
    warnings.extend(token(subject));
    warnings
}

/// A token that is not the one of the pod, because of the path that it is mounted at.
fn token(subject: Subject<'_, '_>) -> Option<Warning> {
    let asked = subject.asked;
    let is_named = subject.annotations.get(&annotations::TOKEN_VOLUME);
    if asked.token.is_own()
        || is_named.is_some_and(|name| !name.is_empty())
        || !token::is_for(asked.login.kind)
    {
        return None;
    }
    let of_pod = TokenVolume::of_pod(subject.pod, asked.profile, asked.origin);
    if of_pod.is_some_and(|token| token.is_at(&asked.token)) {
        return None;
    }
    let text = format!(
        "the agent logs in with what is mounted at {}, the first path with \"serviceaccount\" in it, and \
         not with the pod's token: agent-token-expiration-seconds gives it a token of its own",
        asked.token.mount_path
    );
    Some(
        Warning::new(pods::ANOTHER_TOKEN, text)
            .at(subject.annotations.key(&annotations::TOKEN_VOLUME)),
    )
}

/// Whether the agent that goes in front has another name.
fn renames(subject: Subject<'_, '_>) -> bool {
    let name = subject.asked.profile.names().init;
    let first = subject.additions.init.first();
    first.is_some_and(|agent| agent.name() != name)
}
