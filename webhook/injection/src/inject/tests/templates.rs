//! Templates that parse, and will not do what their author thinks.

use super::*;

/// What is told of one template and its path, by code, and how sure it is.
fn told(path: &str, template: &str) -> Vec<(String, Certainty)> {
    let annotations = [
        ("agent-inject-secret-app", path),
        ("agent-inject-template-app", template),
    ];
    let outcome = decided(&mk_pod(&annotations), &mk_settings());
    let warnings = outcome.warnings.iter();
    warnings
        .map(|it| (it.code().to_string(), it.certainty()))
        .collect()
}

#[test]
fn templates_that_read_what_is_there_are_let_through_in_silence() {
    for (path, template) in [
        (
            "secret/data/app",
            "{{ with secret \"secret/data/app\" }}{{ .Data.data.password }}{{ end }}",
        ),
        (
            "/database/creds/app",
            "{{ with secret \"database/creds/app\" }}{{ .Data.username }}{{ end }}",
        ),
        (
            "pki/issue/app",
            "{{ with pkiCert \"pki/issue/app\" \"common_name=a\" }}{{ .Cert }}{{ end }}",
        ),
        (
            "secret/data/app",
            "{{ range secrets \"apps\" }}{{ with secret (print \"apps/\" .) }}x{{ end }}{{ end }}",
        ),
        (
            "true",
            "{{ with secret \"secret/data/app\" }}{{ .Data.data.a }}{{ end }}",
        ),
        (
            "secret/app",
            "{{ with secret \"secret/data/app\" }}{{ .Data.data.a }}{{ end }}",
        ),
        (
            "secret/creds/db",
            "{{ with secret \"secret/creds/db\" }}{{ .Data.data.password }}{{ end }}",
        ),
        (
            "secret/issue/web",
            "{{ with secret \"secret/issue/web\" }}{{ .Data.data.password }}{{ end }}",
        ),
        ("kv/pki/issue/a", ""),
        (
            "secret/metadata/app",
            "{{ with secret \"secret/metadata/app\" }}{{ .Data.custom_metadata.owner }}{{ end }}",
        ),
    ] {
        assert_eq!(told(path, template), [], "{template}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_cannot_be_in_the_answer_is_warned_of_with_its_code() {
    use Certainty::{Hint, Likely, Sure};
    for (path, template, code, certainty) in [
        (
            "secret/data/app",
            "{{ with secret \"secret/data/app\" }}{{ .Data.password }}{{ end }}",
            1220,
            Likely,
        ),
        (
            "database/creds/a",
            "{{ with secret \"database/creds/a\" }}{{ .Data.data.x }}{{ end }}",
            1221,
            Likely,
        ),
        (
            "secret/data/app",
            "{{ range secret \"secret/data/app\" }}x{{ end }}",
            1222,
            Sure,
        ),
        (
            "app",
            "{{ `{{ with secret \"secret/data/app\" }}x{{ end }}` }}",
            1223,
            Likely,
        ),
        (
            "app",
            "{{ with secret \"v1/secret/data/app\" }}x{{ end }}",
            1224,
            Likely,
        ),
        (
            "app",
            "{{ with secret \"secret/metadata/app\" }}x{{ end }}",
            1225,
            Hint,
        ),
        (
            "app",
            "{{ with secret \"pki/issue/app\" }}x{{ end }}",
            1226,
            Likely,
        ),
        (
            "app",
            "{{ with secret \"pki/issue/app\" \"common_name=a\" }}x{{ end }}",
            1227,
            Hint,
        ),
        (
            "secret/data/ap",
            "{{ with secret \"secret/data/app\" }}x{{ end }}",
            1229,
            Likely,
        ),
        (
            "secret/data/other",
            "{{ with secret \"secret/data/app\" }}x{{ end }}",
            1229,
            Hint,
        ),
        ("secret/data/app", "static", 1229, Hint),
        (
            "kv1/app/data/a",
            "{{ with secret \"kv1/app/data/a\" }}{{ .Data.password }}{{ end }}",
            1220,
            Hint,
        ),
        (
            "kv/data/a",
            "{{ with secret \"kv/data/a\" }}{{ range $k, $v := .Data }}x{{ end }}{{ end }}",
            1220,
            Likely,
        ),
        (
            "secret/metadata/app",
            "{{ with secret \"secret/metadata/app\" }}{{ .Data.data.a }}{{ end }}",
            1225,
            Likely,
        ),
        ("v1/secret/data/app", "", 1224, Likely),
        ("secret/metadata/app", "", 1225, Likely),
        ("pki/issue/app", "", 1226, Likely),
        ("/kv/app", "", 1230, Hint),
    ] {
        let told = told(path, template);
        let expected = (format!("VI-{code}"), certainty);
        assert!(told.contains(&expected), "{path} {template}: {told:?}");
    }
}

#[test]
fn what_no_secret_and_no_certificate_has_is_warned_of_with_its_code() {
    use Certainty::{Likely, Sure};
    for (path, template, code, certainty) in [
        (
            "kv/app",
            "{{ with secret \"kv/app\" }}{{ .data.password }}{{ end }}",
            1231,
            Sure,
        ),
        ("kv/app", "{{ .Data.password }}", 1232, Likely),
        ("kv/app", "{{ with secret }}x{{ end }}", 1233, Sure),
        (
            "kv/app",
            "{{ with secret \"kv/app\" \"ttl\" }}x{{ end }}",
            1233,
            Sure,
        ),
        (
            "pki/issue/a",
            "{{ with pkiCert \"pki/issue/a\" \"common_name=a\" }}{{ .Data.private_key }}{{ end }}",
            1234,
            Sure,
        ),
    ] {
        let told = told(path, template);
        let expected = (format!("VI-{code}"), certainty);
        assert!(told.contains(&expected), "{path} {template}: {told:?}");
    }
}

#[test]
fn hints_are_not_for_admission() {
    let warned = |path| {
        let pod = mk_pod(&[("agent-inject-secret-app", path)]);
        let outcome = decided(&pod, &mk_settings());
        let texts = outcome.warnings.iter();
        texts.filter_map(Warning::for_admission).count()
    };
    assert_eq!(warned("/kv/app"), 0);
    assert_eq!(warned("v1/kv/app"), 1);
}

#[test]
fn a_key_of_kv2_in_another_case_is_told_the_right_path() {
    let template = "{{ with secret \"kv/data/a\" }}{{ .Data.Data.password }}{{ end }}";
    let told = warned(&[
        ("agent-inject-secret-app", "kv/data/a"),
        ("agent-inject-template-app", template),
    ]);
    let text = "write .Data.data instead of .Data.Data";
    assert!(told.iter().any(|it| it.ends_with(text)), "{told:?}");
}

/// What two templates of certificates are told, one with the key and one with the certificate.
fn pair(key: &str, certificate: &str) -> Vec<String> {
    let template = |call: &str| {
        let (call, field) = call.rsplit_once(' ').unwrap();
        format!("{{{{ with {call} }}}}{{{{ {field} }}}}{{{{ end }}}}")
    };
    let (key, certificate) = (template(key), template(certificate));
    let pod = mk_pod(&[
        ("agent-inject-secret-key", "pki/issue/a"),
        ("agent-inject-template-key", &key),
        ("agent-inject-secret-crt", "pki/issue/a"),
        ("agent-inject-template-crt", &certificate),
    ]);
    let outcome = decided(&pod, &mk_settings());
    let warnings = outcome.warnings.iter();
    warnings
        .map(|it| format!("{} {}", it.code(), it.text()))
        .collect()
}

#[test]
fn the_key_of_one_certificate_beside_another_is_warned_of() {
    let secret = "secret \"pki/issue/a\" \"common_name=a\"";
    let shared = "pkiCert \"pki/issue/a\" \"common_name=a\"";
    let told = |key: &str, certificate: &str| {
        let told = pair(key, certificate).into_iter();
        told.filter_map(|it| Some(it.strip_prefix("VI-1228 ")?.to_owned()))
            .collect::<Vec<_>>()
    };
    let text = |why: &str| {
        format!(
            "agent-inject-template-key and -crt write the private key of one certificate and \
             another certificate, because {why}: write pkiCert with the same arguments in both"
        )
    };
    let arguments = text("their arguments differ");
    assert_eq!(
        told(
            &format!("{secret} .Data.private_key"),
            &format!("{secret} \"ttl=1h\" .Data.certificate"),
        ),
        std::slice::from_ref(&arguments)
    );
    assert_eq!(
        told(
            &format!("{shared} .Key"),
            &format!("{shared} \"ttl=1h\" .Cert")
        ),
        [arguments]
    );
    assert_eq!(
        told(
            &format!("{secret} .Data.private_key"),
            &format!("{shared} .Cert")
        ),
        [text("one is issued by secret and the other by pkiCert")]
    );
    assert_eq!(
        told(&format!("{shared} .Key"), &format!("{shared} .Cert")),
        [""; 0]
    );
}

#[test]
fn templates_that_issue_with_equal_arguments_share_a_certificate() {
    let call = "secret \"pki/issue/a\" \"common_name=a\"";
    let told = pair(
        &format!("{call} \"ttl=1h\" .Data.private_key"),
        "secret \"pki/issue/a\" \"ttl=1h\" \"common_name=a\" .Data.certificate",
    );
    assert_eq!(told, [""; 0]);
    let told = pair(
        &format!("{call} .Data.private_key"),
        &format!("{call} \"ttl=1h\" .Data.issuing_ca"),
    );
    let hints = told.iter().filter(|it| it.starts_with("VI-1227"));
    assert_eq!(hints.count(), 2, "{told:?}");
}

#[test]
fn a_path_that_the_agent_refuses_is_warned_of_and_no_template_is_suggested_for_it() {
    let texts = warned(&[("agent-inject-secret-a", "secret/data/%!s(int=1)")]);
    assert_eq!(
        texts,
        [
            "agent-inject-secret-a: the agent refuses the path \"secret/data/%!s(int=1)\": invalid URL \
             escape \"%!s\", which printf writes if its arguments do not fit: correct the format"
        ]
    );
    let secret = ("agent-inject-secret-a", "secret/data/app");
    let template = (
        "agent-inject-template-a",
        "{{ with secret \":=x\" }}x{{ end }}",
    );
    let texts = warned(&[secret, template]);
    assert_eq!(
        texts,
        [
            "agent-inject-template-a, line 1, column 16: secret refuses the path \":=x\": missing protocol \
             scheme: write one such as \"secret/data/app\""
        ]
    );
}
