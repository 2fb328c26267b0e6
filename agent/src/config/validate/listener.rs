//! One `listener` block.

use contract::agent_config::Listener as Written;
use contract::agent_config::check::{self, ListenerRole};

use serve_tls::{AuthorityFile, CertificateFiles, Policy, Version};

use super::ConfigError;
use crate::listener::{Address, ListenerSettings, Role, TcpAddressError, TlsSettings};
use secret_files::names;

const DEFAULT_ADDRESS: &str = "127.0.0.1:8200";
/// Only the agent's user, where nothing is said.
const DEFAULT_SOCKET_MODE: u32 = 0o600;

pub(super) fn settings(block: &Written, index: usize) -> Result<ListenerSettings, ConfigError> {
    let place = format!("listener[{index}]");
    check::listener_kind(block, index)?;
    check::listener_address(block, index)?;
    Ok(ListenerSettings {
        address: address(block, &place)?,
        tls: tls(block, &place)?,
        role: match check::listener_role(block, index)? {
            ListenerRole::Default => Role::Default,
            ListenerRole::MetricsOnly => Role::MetricsOnly,
        },
        require_request_header: block.require_request_header.0,
        enable_quit: block
            .agent_api
            .as_ref()
            .is_some_and(|api| api.enable_quit.0),
    })
}

/// A unix socket has no need of TLS, and gets it only with a certificate.
fn tls(block: &Written, place: &str) -> Result<Option<TlsSettings>, ConfigError> {
    let wrong = |key: &str, reason: &dyn std::fmt::Display| {
        Err(ConfigError::value(format!("{place}.{key}"), reason))
    };
    let has_none = block.tls_cert_file.is_empty() && block.tls_key_file.is_empty();
    if block.tls_disable.0 || block.kind == "unix" && has_none {
        return Ok(None);
    }
    for (key, value) in [
        ("tls_cert_file", &block.tls_cert_file),
        ("tls_key_file", &block.tls_key_file),
    ] {
        if value.is_empty() {
            let reason = "is missing: give tls_cert_file and tls_key_file, or tls_disable = true";
            return wrong(key, &reason);
        }
    }
    let version = |key: &str, text: &str, default: Version| match text {
        "" => Ok(default),
        text => text
            .parse()
            .map_err(|error| ConfigError::value(format!("{place}.{key}"), error)),
    };
    let minimum = version("tls_min_version", &block.tls_min_version, Version::Tls12)?;
    let maximum = version("tls_max_version", &block.tls_max_version, Version::Tls13)?;
    if minimum > maximum {
        return wrong("tls_max_version", &"is older than tls_min_version");
    }
    let suites = block.tls_cipher_suites.iter().map(String::as_str);
    let policy = Policy::new(minimum, suites).and_then(|policy| policy.up_to(maximum));
    let policy = match policy {
        Ok(policy) => policy,
        Err(error) => return wrong("tls_cipher_suites", &error),
    };
    let requires = block.tls_require_and_verify_client_cert.0;
    if requires && block.tls_disable_client_certs.0 {
        let reason = "does not go together with tls_require_and_verify_client_cert";
        return wrong("tls_disable_client_certs", &reason);
    }
    if requires && block.tls_client_ca_file.is_empty() {
        let reason = "is missing: tls_require_and_verify_client_cert needs it";
        return wrong("tls_client_ca_file", &reason);
    }
    Ok(Some(TlsSettings {
        certificate: CertificateFiles::new(&block.tls_cert_file, &block.tls_key_file),
        client_ca: requires.then(|| AuthorityFile::new(&block.tls_client_ca_file)),
        policy,
    }))
}

fn address(block: &Written, place: &str) -> Result<Address, ConfigError> {
    let wrong = |key: &str, reason: String| ConfigError::value(format!("{place}.{key}"), reason);
    if block.kind == "unix" {
        let mode = block.socket_mode.mode();
        let mode = mode.map_err(|error| wrong("socket_mode", error.to_string()))?;
        let user = names::user(&block.socket_user);
        let group = names::group(&block.socket_group);
        return Ok(Address::Unix {
            path: block.address.clone().into(),
            mode: mode.unwrap_or(DEFAULT_SOCKET_MODE),
            uid: user.map_err(|error| wrong("socket_user", error.to_string()).of_machine())?,
            gid: group.map_err(|error| wrong("socket_group", error.to_string()).of_machine())?,
        });
    }
    let address = match block.address.as_str() {
        "" => DEFAULT_ADDRESS,
        address => address,
    };
    let address = address
        .parse()
        .map_err(|error: TcpAddressError| wrong("address", error.to_string()))?;
    Ok(Address::Tcp(address))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(block: Value) -> Result<ListenerSettings, String> {
        let block: Written = serde_json::from_value(block).unwrap();
        settings(&block, 0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_listener_is_for_everything_unless_its_role_says_otherwise() {
        let plain = read(json!({"type": "tcp", "tls_disable": true})).unwrap();
        let wanted = ListenerSettings {
            address: Address::Tcp("127.0.0.1:8200".parse().unwrap()),
            tls: None,
            role: Role::Default,
            require_request_header: false,
            enable_quit: false,
        };
        assert_eq!(plain, wanted);
        let metrics = json!({
            "type": "tcp", "tls_disable": true, "role": "metrics_only",
            "require_request_header": true,
        });
        let metrics = read(metrics).unwrap();
        assert_eq!(metrics.role, Role::MetricsOnly);
        assert!(metrics.require_request_header);
        let error = read(json!({"type": "tcp", "tls_disable": true, "role": "admin"}));
        assert_eq!(
            error.unwrap_err(),
            "listener[0].role: unknown role \"admin\": give default or metrics_only"
        );
    }

    #[test]
    fn a_socket_belongs_to_the_agents_user_unless_it_is_given_away() {
        let socket = |extra: Value| {
            let mut block = json!({"type": "unix", "address": "/run/agent.sock"});
            block
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            read(block).map(|listener| listener.address)
        };
        let wanted = |mode, uid| Address::Unix {
            path: "/run/agent.sock".into(),
            mode,
            uid,
            gid: None,
        };
        assert_eq!(socket(json!({})).unwrap(), wanted(0o600, None));
        assert_eq!(
            socket(json!({"socket_mode": "0660", "socket_user": "1000"})).unwrap(),
            wanted(0o660, Some(1000))
        );
        for (extra, key) in [
            (json!({"socket_mode": "rw"}), "listener[0].socket_mode"),
            (
                json!({"socket_group": "no-such-group"}),
                "listener[0].socket_group",
            ),
            (json!({"address": ""}), "listener[0].address"),
        ] {
            assert!(socket(extra).unwrap_err().starts_with(key), "{key}");
        }
    }
    #[test]
    fn a_listener_with_tls_needs_what_belongs_to_it() {
        let with = |extra: Value| {
            let mut block = json!({
                "type": "tcp", "tls_cert_file": "/tls/tls.crt", "tls_key_file": "/tls/tls.key",
            });
            let extra = extra.as_object().unwrap().clone();
            block.as_object_mut().unwrap().extend(extra);
            read(block).map(|listener| listener.tls)
        };
        assert_eq!(with(json!({})).unwrap().unwrap().client_ca, None);
        let verified = json!({
            "tls_require_and_verify_client_cert": "true", "tls_client_ca_file": "/tls/ca.crt",
        });
        let verified = with(verified).unwrap().unwrap();
        assert_eq!(verified.client_ca, Some(AuthorityFile::new("/tls/ca.crt")));
        let suites = |name: &str| {
            let list = json!({"tls_max_version": "tls12", "tls_cipher_suites": [name]});
            with(list).unwrap().unwrap().policy
        };
        for name in ["RSA", "ECDSA"] {
            let short = format!("TLS_ECDHE_{name}_WITH_CHACHA20_POLY1305");
            assert_eq!(suites(&short), suites(&format!("{short}_SHA256")));
        }
        let socket = json!({"type": "unix", "address": "/run/a.sock"});
        assert!(with(socket.clone()).unwrap().is_some());
        assert_eq!(read(socket).unwrap().tls, None);
        for (extra, words) in [
            (json!({"tls_cert_file": ""}), "tls_cert_file: is missing"),
            (json!({"tls_key_file": ""}), "tls_key_file: is missing"),
            (
                json!({"tls_min_version": "tls10"}),
                "tls_min_version: invalid or unsupported TLS version \"tls10\": TLS 1.0 and 1.1 are \
                 broken; use tls12 or tls13",
            ),
            (
                json!({"tls_min_version": "tls13", "tls_max_version": "tls12"}),
                "tls_max_version: is older",
            ),
            (
                json!({"tls_cipher_suites": "TLS_NONE"}),
                "tls_cipher_suites: unsupported cipher \"TLS_NONE\": use IANA names",
            ),
            (
                json!({"tls_max_version": "tls12", "tls_cipher_suites": "TLS_AES_256_GCM_SHA384"}),
                "tls_cipher_suites: none of them is of a TLS version that is offered",
            ),
            (
                json!({"tls_require_and_verify_client_cert": true}),
                "tls_client_ca_file: is missing",
            ),
            (
                json!({"tls_require_and_verify_client_cert": true, "tls_disable_client_certs": true}),
                "tls_disable_client_certs: does not go together",
            ),
        ] {
            let error = with(extra).unwrap_err();
            assert!(
                error.starts_with(&format!("listener[0].{words}")),
                "{error}"
            );
        }
        assert_eq!(
            read(json!({"type": "http"})).unwrap_err(),
            "listener[0]: unknown type \"http\": give tcp or unix"
        );
    }
}
