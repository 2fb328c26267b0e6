//! What to check when Vault refuses a request of a template or has nothing there.
//!
//! Vault's own message is "permission denied" or nothing at all. The hint names the role, the path
//! as Vault got it, what is odd about its `data/`, and the command that shows more. The same refusal
//! always reads the same, because Kubernetes counts equal events instead of keeping each.

use std::fmt::Write;

use templating::Request;
use vault_engine::{Failure, FailureKind};
use vault_login::Principal;
use vault_wire::kv::Mount;

/// Why `request` failed, with a hint if Vault refused it or found nothing.
pub(super) fn explained(request: &Request, failure: &Failure, principal: &Principal) -> String {
    let path = &*failure.path;
    let asked = Asked {
        request,
        path: path.split('?').next().unwrap_or_default(),
        mount: failure.mount.as_deref(),
        principal,
    };
    match &failure.kind {
        FailureKind::Vault(error) => {
            let hint = if error.is_invalid_token() {
                // The agent logs in again; the policies are not what is wrong.
                None
            } else if error.is_permission_denied() {
                Some(asked.denied())
            } else if error.is_not_found() {
                Some(asked.missing())
            } else {
                None
            };
            hint.map_or_else(|| error.to_string(), |hint| format!("{error}; {hint}"))
        }
        FailureKind::Missing => format!("no secret exists at {path}; {}", asked.missing()),
        FailureKind::Rotating => "vault rotating secret returned ttl=0, will retry".to_owned(),
        FailureKind::Mount(error) => error.to_string(),
        FailureKind::Away(reason) | FailureKind::Unusable(reason) => reason.to_string(),
    }
}

/// Whom Vault's policies are for where the agent has a token that was made elsewhere.
pub(super) fn of_own_token() -> Principal {
    Principal {
        name: "the agent's token".to_owned(),
        shown_by: Some("vault token lookup".to_owned()),
    }
}

/// A request as Vault got it.
struct Asked<'a> {
    request: &'a Request,
    /// Without its query.
    path: &'a str,
    /// `None` if Vault has not named it.
    mount: Option<&'a Mount>,
    principal: &'a Principal,
}

impl Asked<'_> {
    fn denied(&self) -> String {
        let Self {
            path, principal, ..
        } = self;
        let capability = match self.request {
            Request::List { .. } => "list",
            Request::Write { .. } | Request::Pki { .. } => "update",
            _ => "read",
        };
        let mut hint = format!(
            "{} lacks the capability {capability:?} on {path:?}: check the path, and that a policy \
             grants it (",
            principal.name
        );
        if let Some(command) = &principal.shown_by {
            write!(hint, "{command:?} names the policies, ")
                .expect("writing to a String must succeed");
        }
        hint.push_str("\"vault policy read NAME\" shows one)");
        self.with_data_question(hint)
    }

    fn missing(&self) -> String {
        let path = self.path;
        let hint = format!(
            "{} may ask for {path:?}, but nothing is there, or it is deleted: check the path with {:?}",
            self.principal.name,
            self.command()
        );
        self.with_data_question(hint)
    }

    /// The command that shows what is at the path.
    fn command(&self) -> String {
        let path = self.path;
        if !matches!(self.request, Request::Read { .. } | Request::List { .. }) {
            return format!("vault path-help {path}");
        }
        let verb = match self.request {
            Request::List { .. } => "list",
            _ => "get",
        };
        match self.in_kv() {
            Some((mount, name)) => format!("vault kv {verb} -mount={mount} {name}"),
            None if verb == "list" => format!("vault list {path}"),
            None => format!("vault read {path}"),
        }
    }

    /// Mount and name of a secret, if the engine is known to be KV.
    fn in_kv(&self) -> Option<(&str, &str)> {
        let known = self.mount.filter(|mount| mount.kind == "kv")?;
        let (mount, rest) = self.below_mount()?;
        let inner = ["data/", "metadata/"]
            .iter()
            .find_map(|prefix| rest.strip_prefix(prefix));
        Some((mount, inner.filter(|_| known.is_kv_v2()).unwrap_or(rest)))
    }

    /// The mount and what comes behind it. Where Vault has not named the mount, it counts as the part
    /// in front of `data/`, else as the first segment.
    fn below_mount(&self) -> Option<(&str, &str)> {
        let path = self.path;
        let length = match self.mount {
            Some(mount) => {
                let mount = mount.path.trim_end_matches('/');
                path.starts_with(mount).then_some(mount.len())
            }
            None => path.find("/data/").or_else(|| path.find('/')),
        }?;
        let (mount, rest) = path.split_at(length);
        Some((mount, rest.strip_prefix('/')?))
    }

    fn with_data_question(&self, mut hint: String) -> String {
        if let Some(question) = self.data_question() {
            hint.push_str("; ");
            hint.push_str(&question);
        }
        hint
    }

    /// What may be wrong about `data/` in the path.
    fn data_question(&self) -> Option<String> {
        let is_of_kv = matches!(self.request, Request::Read { .. } | Request::Write { .. });
        let (mount, rest) = self.below_mount().filter(|_| is_of_kv)?;
        let inner = rest.strip_prefix("data/");
        match (self.mount, inner) {
            (Some(engine), _) if engine.kind != "kv" => None,
            (Some(engine), Some(name)) if !engine.is_kv_v2() => Some(format!(
                "{mount}/ is KV version 1, whose paths have no data/: did you mean {:?}?",
                format!("{mount}/{name}")
            )),
            (_, Some(name)) => name.strip_prefix("data/").map(|_| {
                format!(
                    "the path has data/ twice: did you mean {:?}?",
                    format!("{mount}/{name}")
                )
            }),
            (None, None) => Some(format!(
                "if {mount}/ is KV version 2, its paths have data/ behind the mount: did you mean {:?}?",
                format!("{mount}/data/{rest}")
            )),
            (Some(_), None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_engine(version: &str) -> Mount {
        Mount {
            path: "secret/".into(),
            kind: "kv".into(),
            version: Some(version.into()),
        }
    }

    fn read(path: &str, mount: Option<&Mount>) -> [String; 2] {
        let request = Request::Read { path: path.into() };
        let asked = Asked {
            request: &request,
            path,
            mount,
            principal: &Principal {
                name: "role \"shop\"".into(),
                shown_by: Some("vault read auth/kubernetes/role/shop".into()),
            },
        };
        [asked.denied(), asked.missing()]
    }

    #[test]
    fn a_refusal_names_role_path_and_the_commands_that_show_more() {
        assert_eq!(
            read("secret/data/shpo", Some(&mk_engine("2"))),
            [
                "role \"shop\" lacks the capability \"read\" on \"secret/data/shpo\": check the path, and \
                 that a policy grants it (\"vault read auth/kubernetes/role/shop\" names the policies, \
                 \"vault policy read NAME\" shows one)",
                "role \"shop\" may ask for \"secret/data/shpo\", but nothing is there, or it is deleted: \
                 check the path with \"vault kv get -mount=secret shpo\"",
            ]
        );
        let [_, missing] = read("secret/a/b", Some(&mk_engine("1")));
        assert!(
            missing.ends_with("\"vault kv get -mount=secret a/b\""),
            "{missing}"
        );
        let [_, missing] = read("db/creds/x", None);
        assert!(missing.contains("\"vault read db/creds/x\""), "{missing}");
    }

    #[test]
    fn a_path_with_data_in_the_wrong_place_is_asked_about() {
        for (path, engine, question) in [
            (
                "secret/data/data/a",
                Some(mk_engine("2")),
                "data/ twice: did you mean \"secret/data/a\"?",
            ),
            (
                "secret/data/data/a",
                None,
                "data/ twice: did you mean \"secret/data/a\"?",
            ),
            (
                "team/kv/data/data/a",
                None,
                "twice: did you mean \"team/kv/data/a\"?",
            ),
            (
                "secret/a/b",
                None,
                "behind the mount: did you mean \"secret/data/a/b\"?",
            ),
            (
                "secret/data/a",
                Some(mk_engine("1")),
                "have no data/: did you mean \"secret/a\"?",
            ),
        ] {
            for hint in read(path, engine.as_ref()) {
                assert!(hint.ends_with(question), "{path}: {hint}");
            }
        }
        for (path, engine) in [
            ("secret/data/a", Some(mk_engine("2"))),
            ("secret/data/a", None),
            ("secret/a", Some(mk_engine("1"))),
            ("secret", None),
        ] {
            for hint in read(path, engine.as_ref()) {
                assert!(!hint.contains("did you mean"), "{path}: {hint}");
            }
        }
    }
}
