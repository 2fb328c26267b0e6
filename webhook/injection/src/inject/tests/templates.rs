//! Templates that parse, and will not do what their author thinks.

use super::*;

/// What is told of one template and its path, by code, and how sure it is.
fn told(path: &str, template: &str) -> Vec<(String, warnings::Certainty)> {
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
    ] {
        assert_eq!(told(path, template), [], "{template}");
    }
}

#[test]
fn what_cannot_be_in_the_answer_is_warned_of_with_its_code() {
    use warnings::Certainty::{Hint, Likely, Sure};
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
fn the_key_of_one_certificate_beside_another_is_warned_of() {
    let pair = |first: &str, second: &str| {
        let template = |arguments: &str, key: &str| {
            format!(
                "{{{{ with secret \"pki/issue/a\" {arguments} }}}}{{{{ .Data.{key} }}}}{{{{ end }}}}"
            )
        };
        let (key, certificate) = (
            template(first, "private_key"),
            template(second, "certificate"),
        );
        warned(&[
            ("agent-inject-secret-key", "pki/issue/a"),
            ("agent-inject-template-key", &key),
            ("agent-inject-secret-crt", "pki/issue/a"),
            ("agent-inject-template-crt", &certificate),
        ])
    };
    let told = pair("\"common_name=a\"", "\"common_name=a\" \"ttl=1h\"");
    let told: Vec<_> = told
        .iter()
        .filter(|it| it.contains("private key of one certificate"))
        .collect();
    assert_eq!(
        told,
        [
            "agent-inject-template-key and -crt write the private key of one certificate and another \
          certificate, because their arguments differ: write pkiCert with the same arguments in \
          both"
        ]
    );
    let told = pair("\"common_name=a\"", "\"common_name=a\"");
    assert!(
        !told
            .iter()
            .any(|it| it.contains("private key of one certificate")),
        "{told:?}"
    );
}
