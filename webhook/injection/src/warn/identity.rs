//! Which image the agent is started from, and as whom.

use contract::annotations;
use contract::diagnostics::{keys, pods};

use super::subject::Subject;
use crate::vocabulary::warning::Warning;

/// What Kubernetes takes for a user or a group.
const IDS: std::ops::RangeInclusive<i64> = 0..=i32::MAX as i64;

pub(super) fn faults(subject: Subject<'_, '_>) -> Vec<Warning> {
    if !subject.asked.has_agent() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    if let Some(identity) = subject.asked.identity {
        for (spec, id) in [
            (&annotations::RUN_AS_USER, identity.user),
            (&annotations::RUN_AS_GROUP, identity.group),
        ] {
            if IDS.contains(&id) {
                continue;
            }
            let of_pod = identity
                .user_field
                .filter(|_| *spec == annotations::RUN_AS_USER);
            if let Some(field) = of_pod {
                faults.push(user_of_pod(subject, field));
            } else {
                let text = "is not a user or group that Kubernetes takes: write a number from 0 to \
                            2147483647";
                faults.push(subject.refused(keys::OUT_OF_RANGE, spec, text));
            }
        }
    }
    if !is_image(subject.asked.image) {
        let text =
            "is not the name of an image: write it as registry.example/vault-injector-agent:1.0";
        faults.push(subject.refused(pods::IMAGE_NAME, &annotations::IMAGE, text));
    }
    faults
}

/// A user of the pod's own that it does not get, and with `agent-run-as-same-user` nor does the agent.
fn user_of_pod(subject: Subject<'_, '_>, field: &str) -> Warning {
    let text = format!(
        "spec.{field}, which agent-run-as-same-user takes for the agent, is not a user that Kubernetes \
         takes: write a number from 1 to 2147483647"
    );
    let warning = Warning::sure(keys::OUT_OF_RANGE, text);
    let spec = &annotations::RUN_AS_SAME_USER;
    if subject.has(spec) {
        warning.at(subject.annotations.key(spec))
    } else {
        warning
    }
}

/// Whether a kubelet takes the text for an image: a path in lower case, behind it a tag, a digest or
/// both. Of a digest, nothing is checked but that it has an algorithm.
fn is_image(text: &str) -> bool {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let (path, tag) = match name[last..].find(':') {
        Some(colon) => (&name[..last + colon], Some(&name[last + colon + 1..])),
        None => (name, None),
    };
    let mut parts = path.split('/');
    // A registry is told from a part of the path by its dot or port, or is called localhost.
    let is_registry = |part: &str| part.contains(['.', ':']) || part == "localhost";
    if path.contains('/') && path.split('/').next().is_some_and(is_registry) {
        parts.next();
    }
    parts.all(is_part)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(|digest| digest.split_once(':').is_some_and(|(_, hex)| is_word(hex)))
}

fn is_part(part: &str) -> bool {
    let is_inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let is_edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    part.bytes().all(is_inner) && is_edge(part.bytes().next()) && is_edge(part.bytes().last())
}

fn is_tag(tag: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=128).contains(&tag.len()) && tag.bytes().all(is_inner) && !tag.starts_with(['.', '-'])
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::is_image;

    #[test]
    fn names_of_images_are_told_from_what_only_reads_like_one() {
        for image in [
            "vault-injector-agent",
            "hashicorp/vault:1.21.0",
            "Registry.example:5000/a/b_c/d--e:V1.0-x_y",
            "localhost/a@sha256:0123abcd",
            "gcr.io/a/b:tag@sha256:0123",
        ] {
            assert!(is_image(image), "{image}");
        }
        for text in [
            "",
            " a",
            "a b:1",
            "Foo/bar:1",
            "vault:1.2:3",
            "vault:",
            "https://registry.example/a",
            "registry.example/",
            "a/-b",
            "a@sha256",
            "${IMAGE}",
            "{{ .Values.image }}",
        ] {
            assert!(!is_image(text), "{text}");
        }
    }
}
