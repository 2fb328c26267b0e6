//! How the agent reaches Vault and logs in, and which program it is.

use contract::annotations::{self, AnnotationSpec};
use contract::diagnostics::{login as codes, pods};

use super::subject::Subject;
use crate::vocabulary::paths;
use crate::vocabulary::profile::Profile;
use crate::vocabulary::warning::Warning;

/// Where images have files of their own.
const IN_IMAGE: [&str; 6] = [
    "/etc",
    "/usr",
    "/opt",
    "/var/lib",
    "/var/run/secrets",
    "/run/secrets",
];

/// Where `tls-secret` is mounted.
const TLS_PATH: &str = "/vault/tls";

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(auth_path(subject));
    files(subject, &mut warnings);
    warnings.extend(telemetry(subject));
    warnings.extend(program(subject));
    warnings.extend(unused_templates(subject));
    warnings.extend(grace(subject));
    warnings.extend(unused_patch(subject));
    warnings
}

/// A path that no login is under.
fn auth_path(subject: Subject<'_, '_>) -> Option<Warning> {
    let spec = &annotations::AUTH_PATH;
    if !subject.asked.configmap.is_empty() {
        return None;
    }
    let meant = right_auth_path(subject.asked.login.path)?;
    let text = format!("is not the path of an auth method: write {meant}");
    Some(subject.refused(codes::AUTH_PATH, spec, &text))
}

/// What to write in the place of a path to an auth method; `None` where it is right. A namespace of
/// Vault may stand in front.
fn right_auth_path(written: &str) -> Option<String> {
    let path = written.trim().trim_matches('/');
    if path.starts_with("auth/") && !path.ends_with("/login") {
        return None;
    }
    let path = path.strip_prefix("v1/").unwrap_or(path);
    let below_auth = path.strip_prefix("auth/").or_else(|| {
        let (_, below) = path.split_once("/auth/")?;
        Some(below)
    });
    let path = match below_auth {
        // A method may be mounted at a path that is called `login`, but not at one below another's.
        Some(below) if below.contains('/') => path.strip_suffix("/login").unwrap_or(path),
        _ => path,
    };
    let meant = match below_auth {
        Some(_) => path.to_owned(),
        None => format!("auth/{}", path.strip_suffix("/login").unwrap_or(path)),
    };
    (!path.is_empty() && meant != written.trim().trim_matches('/')).then_some(meant)
}

/// Files that nothing is mounted for.
fn files(subject: Subject<'_, '_>, warnings: &mut Vec<Warning>) {
    if subject.additions.agents().next().is_none() {
        return;
    }
    let vault = &subject.asked.vault;
    for (spec, path) in [
        (&annotations::CA_CERT, vault.ca_cert),
        (&annotations::CA_KEY, vault.ca_path),
        (&annotations::CLIENT_CERT, vault.client_cert),
        (&annotations::CLIENT_KEY, vault.client_key),
    ] {
        if !path.is_empty() && !path.starts_with('/') {
            let text = format!("{} is a relative path: write it from / on", spec.key);
            warnings.push(subject.about(codes::NOT_MOUNTED, spec, &text));
        }
        if is_missing(subject, path) {
            let remedy = if vault.tls_secret.is_empty() && paths::covers(TLS_PATH, path) {
                "set tls-secret to the Secret that holds it, which is mounted at /vault/tls"
            } else {
                "mount it with tls-secret, agent-extra-secret or agent-copy-volume-mounts"
            };
            let text = format!(
                "{} is a file that the agent does not have: {remedy}",
                spec.key
            );
            warnings.push(subject.about(codes::NOT_MOUNTED, spec, &text));
        }
    }
    for (name, path) in &subject.asked.login.config {
        if is_file(name) && is_missing(subject, path) {
            let spec = &annotations::AUTH_CONFIG;
            let mut written = subject.annotations.with_suffix(spec);
            let written = written.find(|(other, _)| other.replace('-', "_") == *name);
            let written = written.map_or(name.as_str(), |(written, _)| written);
            let text = format!(
                "{}-{written} is a file that the agent does not have: mount it with agent-extra-secret \
                 or agent-copy-volume-mounts",
                spec.key
            );
            let key = subject.annotations.key_for(spec, written);
            warnings.push(Warning::new(codes::NOT_MOUNTED, text).at(key));
        }
    }
}

/// Settings of auth methods that name files.
fn is_file(setting: &str) -> bool {
    matches!(
        setting,
        "path"
            | "token_path"
            | "token_file_path"
            | "role_id_file_path"
            | "secret_id_file_path"
            | "client_cert"
            | "client_key"
            | "ca_cert"
            | "password_file_path"
            | "keytab_path"
            | "krb5conf_path"
    )
}

fn is_missing(subject: Subject<'_, '_>, path: &str) -> bool {
    path.starts_with('/')
        && !IN_IMAGE.iter().any(|there| paths::covers(there, path))
        && !subject.additions.agents().any(|agent| agent.mounts(path))
}

/// Our agent serves its metrics and pushes none.
fn telemetry(subject: Subject<'_, '_>) -> Option<Warning> {
    if !subject.asked.flavor.is_our_agent() {
        return None;
    }
    let spec = &annotations::TELEMETRY;
    let (name, _) = subject.annotations.with_suffix(spec).next()?;
    let text = format!(
        "{}-{name} is ignored: our agent has no telemetry block, and serves its metrics on a listener",
        spec.key
    );
    let warning = Warning::new(codes::TELEMETRY, text);
    Some(warning.at(subject.annotations.key_for(spec, name)))
}

/// A stock image of one product, started with the program of the other.
fn program(subject: Subject<'_, '_>) -> Option<Warning> {
    let asked = subject.asked;
    if asked.flavor.is_our_agent() || subject.has(&annotations::JSON_PATCH) {
        return None;
    }
    let name = asked.image.rsplit('/').next().unwrap_or_default();
    let name = name.split([':', '@']).next().unwrap_or_default();
    let (product, profile) = match asked.profile {
        Profile::Vault if name.starts_with("openbao") || name == "bao" => ("OpenBao", "openbao"),
        Profile::OpenBao if name == "vault" || name == "vault-enterprise" => ("Vault", "vault"),
        _ => return None,
    };
    let program = asked.inside().program;
    let text = format!(
        "agent-image is of {product}, and is started with the program {program}: start the injector \
         with -profile={profile}, or use another image"
    );
    Some(subject.about(codes::OTHER_PROGRAM, &annotations::IMAGE, &text))
}

/// A configuration of the user's has templates of its own.
fn unused_templates(subject: Subject<'_, '_>) -> Option<Warning> {
    if subject.asked.configmap.is_empty() {
        return None;
    }
    let specs: [&AnnotationSpec; 3] = [
        &annotations::TEMPLATE,
        &annotations::TEMPLATE_FILE,
        &annotations::SECRET,
    ];
    let (spec, name) = specs.into_iter().find_map(|spec| {
        let (name, _) = subject.annotations.with_suffix(spec).next()?;
        // Keys share their beginning: one is not the other's with a name.
        let is_other = spec.key == annotations::TEMPLATE.key && name.starts_with("file-");
        (!is_other).then_some((spec, name))
    })?;
    let text = format!(
        "{}-{name} is ignored: the agent's configuration is in agent-configmap, which has to hold the \
         templates",
        spec.key
    );
    let warning = Warning::sure(codes::TEMPLATES_UNUSED, text);
    Some(warning.at(subject.annotations.key_for(spec, name)))
}

/// A revocation that the pod's end comes before. A native sidecar ends after the application and does
/// not wait.
fn grace(subject: Subject<'_, '_>) -> Option<Warning> {
    let asked = subject.asked;
    // Where only the flag asks, pods that end sooner are no mistake of their authors.
    let specs = [&annotations::REVOKE_GRACE, &annotations::REVOKE_ON_SHUTDOWN];
    let spec = specs.into_iter().find(|spec| subject.has(spec))?;
    let grace = asked.revoke_after?;
    let waits = asked.agents.has_sidecar() && !asked.agents.is_native();
    let period = subject.pod.termination_grace_period();
    if !waits || grace < period {
        return None;
    }
    let text = format!(
        "agent-revoke-grace ({grace}) is not shorter than the pod's terminationGracePeriodSeconds \
         ({period}): the agent is killed before it revokes"
    );
    Some(subject.about(codes::REVOKE_GRACE, spec, &text))
}

/// A patch for a container that the pod does not get.
fn unused_patch(subject: Subject<'_, '_>) -> Vec<Warning> {
    let agents = subject.asked.agents;
    let mut warnings = Vec::new();
    if !agents.has_sidecar() && subject.has(&annotations::JSON_PATCH) {
        let text = "agent-json-patch is ignored: the pod gets no sidecar; agent-init-json-patch \
                    changes the init container";
        warnings.push(subject.about(pods::IGNORED, &annotations::JSON_PATCH, text));
    }
    if !agents.init && agents.has_sidecar() && !agents.is_native() {
        let spec = &annotations::INIT_JSON_PATCH;
        if subject.has(spec) {
            let text =
                "agent-init-json-patch is ignored: the pod gets no init container of the agent";
            warnings.push(subject.about(pods::IGNORED, spec, text));
        }
    }
    warnings
}
