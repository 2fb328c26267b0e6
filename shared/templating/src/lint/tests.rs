use crate::{Options, Template};

use super::*;

fn report(source: &str) -> Report {
    let template = Template::parse(source, Options::default()).unwrap();
    template.lint().unwrap()
}

fn problems(source: &str) -> Vec<(usize, usize, Problem)> {
    let findings = report(source).findings.into_iter();
    findings
        .map(|it| (it.line, it.column, it.problem))
        .collect()
}

fn missing(key: &str) -> Problem {
    Problem::MissingData {
        key: key.into(),
        path: "secret/data/app".into(),
    }
}

#[test]
fn a_key_beside_data_of_kv_v2_is_found_wherever_the_secret_is_held() {
    for source in [
        "{{ with secret \"secret/data/app\" }}{{ .Data.password }}{{ end }}",
        "{{ with $s := secret \"/secret/data/app/\" }}{{ $s.Data.password }}{{ end }}",
        "{{ $s := secret \"secret/data/app\" }}{{ $s.Data.password }}",
        "{{ (secret \"secret/data/app?version=2\").Data.password }}",
        "{{ with (secret \"secret/data/app\").Data }}{{ .password }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ with .Data }}{{ index . \"password\" }}{{ end }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ if .Data.password }}x{{ end }}{{ end }}",
        "{{ define \"a\" }}{{ with secret \"secret/data/app\" }}{{ .Data.password | toUpper }}{{ end }}{{ end }}",
    ] {
        let found: Vec<_> = problems(source).into_iter().map(|it| it.2).collect();
        assert_eq!(found, [missing("password")], "{source}");
    }
}

#[test]
fn of_what_is_not_known_nothing_is_said() {
    for source in [
        "{{ with secret \"secret/data/app\" }}{{ .Data.data.password }}{{ .Data.metadata.version }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ .Data | toJSON }}{{ .LeaseID }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ range $k, $v := .Data }}{{ $v.password }}{{ end }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ range .Data.data }}{{ .Data.x }}{{ end }}{{ end }}",
        "{{ with secret \"secret/app\" }}{{ .Data.password }}{{ .Data.data.password }}{{ end }}",
        "{{ with secret (print \"secret/data/\" \"app\") }}{{ .Data.password }}{{ end }}",
        "{{ $s := secret \"secret/data/app\" }}{{ $s = secret \"kv/app\" }}{{ $s.Data.password }}",
        "{{ with secret \"a/data/b\" | toJSON }}{{ .Data.password }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ with env \"X\" }}{{ .Data.x }}{{ end }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}x{{ else }}{{ .Data.x }}{{ end }}",
        "{{ with secret \"data/app\" }}{{ .Data.password }}{{ end }}",
        "{{ with secret \"kv/data\" }}{{ .Data.password }}{{ end }}",
        "{{ with secret \"database/creds/app\" }}{{ .Data.username }}{{ end }}",
        "{{ with secret \"kv/creds/team/app\" }}{{ .Data.data.x }}{{ end }}",
        "{{ with pkiCert \"pki/issue/app\" \"common_name=a\" }}{{ .Cert }}{{ .Data.x }}{{ end }}",
        "{{ range secrets \"secret/metadata/\" }}{{ . }}{{ end }}",
        "{{ with secret \"a/data/b\" }}{{ `{{ x }}` }}{{ end }}",
        "{{ \"{\" }}{{ `}}` }}",
    ] {
        assert_eq!(problems(source), [], "{source}");
    }
}

#[test]
fn a_variable_holds_what_it_holds_in_its_scope() {
    let source = "{{ $s := secret \"secret/data/app\" }}\
        {{ if true }}{{ $s := secret \"kv/app\" }}{{ $s.Data.x }}{{ end }}\n{{ $s.Data.y }}";
    assert_eq!(problems(source), [(2, 6, missing("y"))]);
}

#[test]
fn what_cannot_work_is_found() {
    let path = |path: &str| path.to_owned();
    for (source, problem) in [
        (
            "{{ with secret \"database/creds/app\" }}{{ .Data.data.username }}{{ end }}",
            Problem::NoData {
                path: path("database/creds/app"),
            },
        ),
        (
            "{{ range secret \"secret/data/app\" }}{{ .Data.x }}{{ end }}",
            Problem::RangeOverSecret,
        ),
        (
            "{{ \"{{\" }} with secret \"a\" {{ \"}}\" }}",
            Problem::Escape,
        ),
        (
            "{{`{{ with secret \"a/data/b\" }}x{{ end }}`}}",
            Problem::Escape,
        ),
        (
            "{{ with secret \"/v1/secret/data/app\" }}{{ .Data.data.x }}{{ end }}",
            Problem::Address {
                path: path("v1/secret/data/app"),
            },
        ),
        (
            "{{ with secret \"secret/metadata/app\" }}x{{ end }}",
            Problem::Metadata {
                path: path("secret/metadata/app"),
            },
        ),
        (
            "{{ with secret \"pki/issue/app\" }}x{{ end }}",
            Problem::CertificateRead {
                path: path("pki/issue/app"),
            },
        ),
        (
            "{{ with secret \"pki/issue/app\" \"common_name=a\" }}{{ .Data.private_key }}{{ end }}",
            Problem::CertificateWrite {
                path: path("pki/issue/app"),
            },
        ),
    ] {
        let problems: Vec<_> = problems(source).into_iter().map(|it| it.2).collect();
        assert_eq!(problems, [problem], "{source}");
    }
}

#[test]
fn what_a_template_reads_is_told_with_arguments_and_keys() {
    let report = report(
        "{{ with secret \"pki/issue/a\" \"common_name=x\" \"ttl=1h\" }}{{ .Data.certificate }}\
         {{ index .Data \"issuing_ca\" }}{{ end }}{{ with pkiCert \"pki/issue/b\" }}{{ end }}",
    );
    let keys = ["certificate", "issuing_ca"].map(str::to_owned);
    let first = Read {
        path: "pki/issue/a".into(),
        arguments: Some(vec!["common_name=x".into(), "ttl=1h".into()]),
        is_certificate: false,
        keys: keys.into(),
    };
    assert_eq!(report.reads[0], first);
    assert_eq!(report.reads[1].path, "pki/issue/b");
    assert!(report.reads[1].is_certificate && report.is_complete);
    let made = self::report("{{ with secret (env \"P\") }}{{ end }}");
    assert!(made.reads.is_empty() && !made.is_complete);
}
