//! Values that no pod could use.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::*;
use super::configured;
use crate::tls::SelfSigned;

fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let arguments: Vec<_> = ["-vault-address=http://v"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    match configured(&arguments, variables) {
        Err(stop @ Stop::Wrong(_)) => stop.to_string(),
        other => panic!("{arguments:?}: {other:?}"),
    }
}

#[test]
fn every_value_that_cannot_work_is_named_at_once_with_where_it_comes_from() {
    let text = refused(
        &["-cpu-limit=abc", "-vault-cacert-bytes=zzz", "-strict=yes"],
        &[
            ("AGENT_INJECT_VAULT_ADDR", "ftp://x"),
            ("AGENT_INJECT_MEM_LIMIT", "64MB"),
        ],
    );
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "-cpu-limit: \"abc\" is not a quantity (write 250m or 0.25) [VI-1609]",
            "Error parsing environment variables: AGENT_INJECT_MEM_LIMIT (-memory-limit): \"64MB\" is \
             not a quantity (write 64Mi or 64M) [VI-1609]",
            "-strict: \"yes\" is not a boolean (write true or false) [VI-1607]",
            "Error parsing environment variables: AGENT_INJECT_VAULT_ADDR (-vault-address): it must begin \
             with https:// or http:// (write https://vault.vault.svc:8200) [VI-1610]",
            "-vault-cacert-bytes: the value is neither PEM of a certificate nor base64 of it (write the \
             file's text, or what base64 < ca.crt prints) [VI-1611]",
        ]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_value_that_a_pod_could_not_use_is_refused_at_start() {
    for (arguments, expected) in [
        (&["-cpu-request=-1"][..], "VI-1609"),
        (&["-memory-request=64mb"], "VI-1609"),
        (&["-ephemeral-storage-limit=1 Gi"], "VI-1609"),
        (&["-cpu-request=2", "-cpu-limit=1500m"], "VI-1615"),
        (&["-memory-request=1Gi", "-memory-limit=1G"], "VI-1615"),
        (&["-vault-address=vault:8200"], "VI-1610"),
        (&["-vault-address=https://"], "VI-1610"),
        (&["-vault-address=https://v:99999"], "VI-1610"),
        (&["-vault-address=unix://"], "VI-1610"),
        (&["-vault-address=http://v w"], "VI-1610"),
        (&["-vault-address=,"], "VI-1610"),
        (&["-vault-address=https://a:8200,b:8200"], "VI-1610"),
        (&["-vault-address=https://a:8200,ftp://b"], "VI-1610"),
        (&["-proxy-address=proxy:port"], "VI-1610"),
        (&["-proxy-address=http://"], "VI-1610"),
        (&["-proxy-address=socks5://proxy"], "has no SOCKS"),
        (
            &[
                "-proxy-address=socks5://proxy",
                "-vault-image=r.example/vault-injector-agent:1",
            ],
            "has no SOCKS",
        ),
        (&["-auth-min-backoff=10"], "VI-1608"),
        (&["-auth-min-backoff=-1s"], "VI-1608"),
        (
            &["-auth-min-backoff=10s", "-auth-max-backoff=5s"],
            "VI-1615",
        ),
        (&["-auth-min-backoff=10m"], "VI-1615"),
        (
            &["-auth-max-backoff=500ms"],
            "500ms is shorter than the default of -auth-min-backoff (1s): set -auth-min-backoff as well \
             [VI-1615]",
        ),
        (
            &["-template-static-secret-render-interval=5 min"],
            "VI-1608",
        ),
        (&["-template-static-secret-render-interval=-1s"], "VI-1608"),
        (&["-shutdown-delay=-1s"], "VI-1608"),
        (&["-template-lease-renewal-threshold=NaN"], "VI-1607"),
        (&["-template-lease-renewal-threshold=inf"], "VI-1607"),
        (&["-template-lease-renewal-threshold=90"], "VI-1607"),
        (&["-template-max-connections-per-host=x"], "VI-1607"),
        (&["-run-as-user=root"], "VI-1607"),
        (&["-run-as-user=-1"], "VI-1607"),
        (&["-run-as-group=4294967296"], "VI-1607"),
        (&["-use-leader-elector=yes"], "VI-1607"),
        (&["-default-template=MAP"], "VI-1606"),
        (&["-agent-flavor=nativ"], "VI-1606"),
        (&["-agent-native-sidecar=yes"], "VI-1606"),
        (&["-profile=bao"], "VI-1606"),
        (&["-template-engine=jinja"], "VI-1606"),
        (
            &["-disable-idle-connections=auto-auth, cache"],
            "-disable-idle-connections: it takes auto-auth",
        ),
        (
            &["-disable-keep-alives=templates"],
            "-disable-keep-alives: it takes auto-auth",
        ),
        (&["-vault-auth-type=Kubernetes"], "did you mean kubernetes?"),
        (&["-vault-auth-type=kubernets"], "did you mean kubernetes?"),
        (&["-vault-auth-type=a b"], "it is not an auth method"),
        (&["-vault-auth-path=kubernetes"], "write auth/kubernetes ["),
        (&["-vault-auth-path=/v1/auth/k/login"], "write auth/k ["),
        (
            &["-vault-namespace=team\n"],
            "ends with a blank (remove it) [VI-1616]",
        ),
        (
            &["-vault-auth-path=auth/a\nb"],
            "has a line break in it (write it on one line) [VI-1616]",
        ),
        (&["-vault-image=Vault:1"], "VI-1614"),
        (&["-vault-image=hashicorp/vault:"], "VI-1614"),
        (&["-vault-image=hashicorp/vault 1"], "VI-1614"),
        (&["-vault-image=vault@sha256:abc"], "VI-1614"),
        (&["-listen=8080"], "VI-1612"),
        (&["-listen=:808080"], "VI-1612"),
        (&["-listen=http://x:1"], "VI-1612"),
        (&["-telemetry-path=/mutate"], "VI-1613"),
        (&["-telemetry-path=/{x}"], "it has '{' in it"),
        (&["-telemetry-path=/metrics?x"], "it has '?' in it"),
        (&["-tls-auto=a/b", "-tls-auto-hosts=x"], "VI-1616"),
        (&["-tls-auto=a", "-tls-auto-hosts=x y"], "VI-1616"),
        (&["-tls-key-file=a"], "-tls-cert-file is missing"),
    ] {
        let text = refused(arguments, &[]);
        assert!(text.contains(expected), "{arguments:?}: {text}");
        assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    }
}

#[test]
fn a_value_that_pods_can_use_starts() {
    let pem = SelfSigned::new(&["x".to_owned()]).unwrap().authority_pem;
    let pem_flag = format!("-vault-cacert-bytes={pem}");
    let base64 = STANDARD.encode(&pem);
    let base64_flag = format!("-vault-cacert-bytes={base64}");
    for arguments in [
        &["-cpu-request=1", "-cpu-limit=1000m"][..],
        &["-cpu-limit=", "-memory-request="],
        &["-vault-address=unix:///run/vault.sock"],
        &["-vault-address=https://[::1]:8200/"],
        &["-proxy-address=http://user:p%40ss@proxy:3128"],
        &["-vault-address=https://a:8200,https://b:8200, HTTP://c"],
        &["-proxy-address=proxy:3128"],
        &["-proxy-address=user:p%40ss@proxy:3128"],
        &[
            "-proxy-address=socks5://proxy:1080",
            "-agent-flavor=compatible",
        ],
        &[
            "-proxy-address=socks5h://proxy:1080",
            "-vault-image=hashicorp/vault:1.21.0",
        ],
        &["-log-format=JSON"],
        &["-log-format=text"],
        &["-vault-namespace=team "],
        &["-template-max-connections-per-host=-1"],
        &["-template-static-secret-render-interval=0"],
        &["-auth-max-backoff=0s"],
        &["-tls-auto=a", "-tls-auto-hosts=svc,svc.ns.svc.,my_host"],
        &["-auth-min-backoff=10s"],
        &["-template-static-secret-render-interval=300"],
        &["-template-lease-renewal-threshold=0.9"],
        &["-disable-idle-connections=auto-auth,caching,proxying,templating"],
        &["-vault-auth-type=ldap", "-agent-flavor=compatible"],
        &["-vault-auth-path=team/auth/k8s/"],
        &[
            "-vault-image=Registry.example:5000/a/vault_x:1.2-ent@sha256:0123456789abcdef0123456789abcdef",
        ],
        &["-vault-image=vault"],
        &["-listen=[::1]:8443"],
        &["-listen=localhost:8443"],
        &["-telemetry-path="],
        &[&pem_flag],
        &[&base64_flag],
    ] {
        let arguments: Vec<_> = ["-vault-address=http://v"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        if let Err(stop) = configured(&arguments, &[]) {
            panic!("{arguments:?}: {stop}");
        }
    }
}

#[test]
fn a_format_of_the_log_goes_in_any_case_and_another_word_is_a_warning() {
    let warnings = |format: &str, variables: &[(&str, &str)]| {
        let arguments = ["-vault-address=http://v", format];
        let configuration = configured(&arguments, variables).unwrap();
        let warnings = configuration.warnings.iter().map(ToString::to_string);
        (configuration.log_format, warnings.collect::<Vec<_>>())
    };
    assert_eq!(warnings("-log-format=JSON", &[]), (Format::Json, vec![]));
    assert_eq!(
        warnings("-log-format=Standard", &[]),
        (Format::Text, vec![])
    );
    let (format, said) = warnings("-log-format=json", &[("AGENT_INJECT_LOG_FORMAT", "text")]);
    assert_eq!(format, Format::Text);
    assert_eq!(
        said,
        [
            "AGENT_INJECT_LOG_FORMAT (-log-format): \"text\" is not one of standard, json: standard \
             applies [VI-1606]"
        ]
    );
}

#[test]
fn no_message_repeats_an_address_or_a_certificate() {
    for flag in ["vault-address", "proxy-address", "vault-cacert-bytes"] {
        let text = refused(&[&format!("-{flag}=ftp://user:canary@x")], &[]);
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_variable_of_openbao_is_named_as_it_is_set() {
    let text = refused(&[], &[("AGENT_INJECT_BAO_ADDR", "bao:8200")]);
    assert!(
        text.contains(
            "AGENT_INJECT_BAO_ADDR (-vault-address): it must begin with https:// or http:// ("
        ),
        "{text}"
    );
}
