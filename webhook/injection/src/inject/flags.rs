//! Flags of the injector whose value the agent of every pod would refuse: a pod that says nothing is
//! decided about, and what is said of it is about the flags.

use serde_json::value::RawValue;

use super::{Decision, Object, Request, decide};
use crate::settings::Settings;
use crate::vocabulary::denial::Denial;
use crate::vocabulary::origin::Origin;
use crate::vocabulary::warning::Warning;
use crate::warn::OF_A_FLAG;

/// A pod that asks for a file and leaves the rest to the flags.
const POD: &str = r#"{
    "metadata": {"annotations": {
        "vault.hashicorp.com/agent-inject": "true",
        "vault.hashicorp.com/role": "app",
        "vault.hashicorp.com/agent-set-security-context": "false",
        "vault.hashicorp.com/agent-run-as-same-user": "false",
        "vault.hashicorp.com/agent-inject-secret-app": "secret/app"
    }},
    "spec": {"containers": [{"name": "app", "volumeMounts": [{
        "name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"
    }]}]}
}"#;

/// What is wrong with the values of flags that stand in for annotations, each with its flag. Pure; for
/// the injector's start.
pub fn flag_problems(settings: &Settings) -> Vec<Warning> {
    // A pod may name what the flags do not, and strictness would show one mistake alone.
    let settings = Settings {
        strict: false,
        vault_address: match settings.vault_address.as_str() {
            "" => "https://vault".to_owned(),
            address => address.to_owned(),
        },
        ..settings.clone()
    };
    let Ok(pod) = serde_json::from_str::<&RawValue>(POD) else {
        return Vec::new();
    };
    let request = Request {
        namespace: "default",
        object: Some(Object::Raw(pod)),
        origin: Origin::Pod,
    };
    let outcome = decide(request, &settings);
    let mut found = outcome.warnings;
    if let Decision::Deny(Denial::Agent(complaints)) = outcome.decision {
        found.extend(complaints);
    }
    found.retain(|warning| warning.text().starts_with(OF_A_FLAG));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::FlavorSetting;

    fn texts(settings: &Settings) -> Vec<String> {
        let found = flag_problems(settings);
        found.iter().map(|it| it.text().to_owned()).collect()
    }

    #[test]
    fn a_wrong_value_of_a_flag_is_told_with_the_flag_before_there_is_a_pod() {
        let mk = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings
        };
        for (settings, flag, text) in [
            (
                mk(|it| it.auth_type = "Kubernetes".to_owned()),
                "-vault-auth-type",
                "is not an auth method of our agent: did you mean kubernetes?",
            ),
            (
                mk(|it| it.auth_path = "kubernetes".to_owned()),
                "-vault-auth-path",
                "is not the path of an auth method: write auth/kubernetes",
            ),
            (
                mk(|it| it.vault_address = "vault:8200".to_owned()),
                "-vault-address",
                "is not a URL: begin it with https:// or http://",
            ),
            (
                mk(|it| it.auth_max_backoff = "1s".to_owned()),
                "-auth-max-backoff",
                "has to be longer than auth-min-backoff, which is 1s unless it is set",
            ),
            (
                mk(|it| it.static_secret_render_interval = "5 min".to_owned()),
                "-template-static-secret-render-interval",
                "is not a duration: write \"5m\"",
            ),
            (
                mk(|it| it.disable_keep_alives = "all".to_owned()),
                "-disable-keep-alives",
                "takes auto-auth, caching, proxying, templating, separated by commas",
            ),
        ] {
            let wanted = format!("the injector's flag {flag} {text}");
            assert_eq!(texts(&settings), [wanted]);
        }
    }

    #[test]
    fn flags_as_they_are_and_methods_that_pods_complete_are_right() {
        assert_eq!(texts(&Settings::default()), [""; 0]);
        let approle = Settings {
            auth_type: "approle".to_owned(),
            ..Settings::default()
        };
        assert_eq!(texts(&approle), [""; 0]);
        let stock = Settings {
            auth_type: "ldap".to_owned(),
            flavor: FlavorSetting::Compatible,
            ..Settings::default()
        };
        assert_eq!(texts(&stock), [""; 0]);
    }
}
