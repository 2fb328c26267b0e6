use crate::{Context, Found, Options, Request, Secrets, Template};

use super::*;

struct NoSecrets;

impl Secrets for NoSecrets {
    fn lookup(&self, _: &Request) -> Option<Found> {
        None
    }
}

/// What is found, and what is read.
fn with_report<T>(source: &str, look: impl FnOnce(Report<'_>) -> T) -> T {
    let template = Template::parse(source, Options::default()).unwrap();
    look(template.lint().unwrap())
}

/// The problems with their places.
fn problems(source: &str) -> Vec<String> {
    with_report(source, |report| {
        let findings = report.findings.iter();
        findings
            .map(|it| format!("{}:{} {:?}", it.line, it.column, it.problem))
            .collect()
    })
}

/// Whether this is the one problem.
fn assert_only(source: &str, problem: Problem<'_>) {
    with_report(source, |report| {
        let found: Vec<_> = report.findings.iter().map(|it| it.problem).collect();
        assert_eq!(found, [problem], "{source}");
    });
}

fn missing(key: &str) -> Problem<'_> {
    Problem::MissingData {
        key,
        path: "secret/data/app",
        is_clear: true,
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
        assert_only(source, missing("password"));
    }
}

#[test]
fn of_what_is_not_known_nothing_is_said() {
    for source in [
        "{{ with secret \"secret/data/app\" }}{{ .Data.data.password }}{{ .Data.metadata.version }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ .Data | toJSON }}{{ .LeaseID }}{{ end }}",
        "{{ with secret \"secret/app\" }}{{ range $k, $v := .Data }}{{ $v.password }}{{ end }}{{ end }}",
        "{{ with secret \"secret/creds/db\" }}{{ .Data.data.password }}{{ end }}",
        "{{ with secret \"secret/team/pki/issue/x\" }}{{ .Data.data.password }}{{ end }}",
        "{{ with secret \"kv/pki/issue/a\" }}{{ .Data.data.password }}{{ end }}",
        "{{ with secret \"kv/jira/issue/web\" }}{{ .Data.data.password }}{{ end }}",
        "{{ with secret \"secret/metadata/app\" }}{{ .Data.custom_metadata.owner }}{{ end }}",
        "{{ with secret \"kv/metadata/a\" }}{{ range .Data.versions }}{{ .created_time }}{{ end }}{{ end }}",
        "{{ with secret \"kv/app\" }}{{ .LeaseID }}{{ .Renewable }}{{ .Auth.ClientToken }}{{ end }}",
        "{{ with secret \"kv/app\" \"\" \"ttl=1h\" }}{{ .Data.x }}{{ end }}",
        "{{ \"kv/app\" | secret | toJSON }}",
        "{{ define \"q\" }}{{ .Data.x }}{{ $.Data.x }}{{ end }}{{ template \"q\" (secret \"kv/app\") }}",
        "{{ range secrets \"kv\" }}{{ .Data }}{{ end }}{{ . | toJSON }}{{ $ }}{{ .x }}",
        "{{ with pkiCert \"pki/issue/a\" \"common_name=a\" }}{{ .Data.Cert }}{{ .CAChain }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ range .Data.data }}{{ .Data.x }}{{ end }}{{ end }}",
        "{{ with secret \"secret/app\" }}{{ .Data.password }}{{ .Data.data.password }}{{ end }}",
        "{{ with secret (print \"secret/data/\" \"app\") }}{{ .Data.password }}{{ end }}",
        "{{ $s := secret \"secret/data/app\" }}{{ $s = secret \"kv/app\" }}{{ $s.Data.password }}",
        "{{ with secret \"a/data/b\" | toJSON }}{{ .Data.password }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}{{ with env \"X\" }}{{ .Data.x }}{{ end }}{{ end }}",
        "{{ with secret \"secret/data/app\" }}x{{ else }}{{ . }}{{ end }}",
        "{{ with secret \"data/app\" }}{{ .Data.password }}{{ end }}",
        "{{ with secret \"kv/data\" }}{{ .Data.password }}{{ end }}",
        "{{ with secret \"database/creds/app\" }}{{ .Data.username }}{{ end }}",
        "{{ with secret \"kv/creds/team/app\" }}{{ .Data.data.x }}{{ end }}",
        "{{ with pkiCert \"pki/issue/app\" \"common_name=a\" }}{{ .Cert }}{{ .Data.Key }}{{ end }}",
        "{{ range secrets \"secret/metadata/\" }}{{ . }}{{ end }}",
        "{{ with secret \"a/data/b\" }}{{ `{{ x }}` }}{{ end }}",
        "{{ \"{\" }}{{ `}}` }}",
    ] {
        assert_eq!(problems(source), [""; 0], "{source}");
    }
}

#[test]
fn a_variable_holds_what_it_holds_in_its_scope() {
    let source = "{{ $s := secret \"secret/data/app\" }}\
        {{ if true }}{{ $s := secret \"kv/app\" }}{{ $s.Data.x }}{{ end }}\n{{ $s.Data.y }}";
    assert_eq!(problems(source), [format!("2:6 {:?}", missing("y"))]);
}

#[test]
fn what_cannot_work_is_found() {
    for (source, problem) in [
        (
            "{{ with secret \"database/creds/app\" }}{{ .Data.data.username }}{{ end }}",
            Problem::NoData {
                path: "database/creds/app",
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
                path: "v1/secret/data/app",
            },
        ),
        (
            "{{ with secret \"secret/metadata/app\" }}x{{ end }}",
            Problem::Metadata {
                path: "secret/metadata/app",
            },
        ),
        (
            "{{ with secret \"pki/issue/app\" }}x{{ end }}",
            Problem::CertificateRead {
                path: "pki/issue/app",
            },
        ),
        (
            "{{ with secret \"pki/issue/app\" \"common_name=a\" }}{{ .Data.private_key }}{{ end }}",
            Problem::CertificateWrite {
                path: "pki/issue/app",
                read: 0,
            },
        ),
        (
            "{{ with secret \"secret/metadata/app\" }}{{ .Data.data.password }}{{ end }}",
            Problem::MetadataKey {
                path: "secret/metadata/app",
            },
        ),
        (
            "{{ with secret \"secret/metadata/app\" }}{{ .Data.password }}{{ end }}",
            Problem::MetadataKey {
                path: "secret/metadata/app",
            },
        ),
        (
            "{{ with secret \"kv1/app/data/a\" }}{{ .Data.password }}{{ end }}",
            Problem::MissingData {
                key: "password",
                path: "kv1/app/data/a",
                is_clear: false,
            },
        ),
        (
            "{{ with secret \"a/data/b\" }}{{ range $k, $v := .Data }}x{{ end }}{{ end }}",
            Problem::RangeOverData { path: "a/data/b" },
        ),
    ] {
        assert_only(source, problem);
    }
}

#[test]
fn fields_and_arguments_that_are_not_there_are_found() {
    for (source, problem) in [
        (
            "{{ with secret \"a/data/b\" }}{{ .data.password }}{{ end }}",
            Problem::NoField { name: "data" },
        ),
        (
            "{{ $s := secret \"a/data/b\" }}{{ $s.username }}",
            Problem::NoField { name: "username" },
        ),
        ("{{ .Data.x }}", Problem::NothingInDot { name: "Data" }),
        (
            "{{ with secret \"a/data/b\" }}{{ $.Data.x }}{{ end }}",
            Problem::NothingInDot { name: "Data" },
        ),
        (
            "{{ with secret }}x{{ end }}",
            Problem::NoPath { function: "secret" },
        ),
        (
            "{{ with secret \"a/b\" \"ttl\" }}x{{ end }}",
            Problem::NoPair { argument: "ttl" },
        ),
        (
            "{{ with pkiCert \"pki/issue/a\" \"common_name=a\" }}{{ .Data.private_key }}{{ end }}",
            Problem::CertificateField {
                key: "private_key",
                field: "Key",
            },
        ),
        (
            "{{ with secret \"a/data/b\" }}{{ \"{{ .Data.data.x }}\" }}{{ end }}",
            Problem::Escape,
        ),
        (
            "{{ print `{{ with secret \"a/data/b\" }}x{{ end }}` }}",
            Problem::Escape,
        ),
    ] {
        assert_only(source, problem);
    }
}

#[test]
fn what_a_template_reads_is_told_with_arguments_and_keys() {
    let source = "{{ with secret \"pki/issue/a\" \"common_name=x\" \"ttl=1h\" }}\
        {{ .Data.certificate }}{{ index .Data \"issuing_ca\" }}{{ end }}\
        {{ with pkiCert \"pki/issue/b\" }}{{ .Key }}{{ end }}";
    with_report(source, |report| {
        let first = Read {
            path: "pki/issue/a",
            arguments: Some(vec!["common_name=x", "ttl=1h"]),
            is_certificate: false,
            keys: vec!["certificate", "issuing_ca"],
        };
        assert_eq!(report.reads[0], first);
        assert_eq!(report.reads[1].path, "pki/issue/b");
        assert_eq!(report.reads[1].keys, ["Key"]);
        assert!(report.reads[1].is_certificate && report.is_complete);
    });
    with_report("{{ with secret (env \"P\") }}{{ end }}", |made| {
        assert!(made.reads.is_empty() && !made.is_complete);
    });
}

#[test]
fn a_path_that_a_call_refuses_is_found_as_the_call_would_refuse_it() {
    for (source, function, path, fault) in [
        (
            "{{ with secret \":=x\" }}{{ .Data.x }}{{ end }}",
            "secret",
            ":=x",
            PathFault::Form("missing protocol scheme"),
        ),
        (
            "{{ secret \" / \" | toJSON }}",
            "secret",
            " / ",
            PathFault::Empty,
        ),
        (
            "{{ with secret \"secret/%!d(string=x)\" }}{{ .Data.data.x }}{{ end }}",
            "secret",
            "secret/%!d(string=x)",
            PathFault::Escape("%!d"),
        ),
        ("{{ secret \"\" \"a=b\" }}", "secret", "", PathFault::Empty),
        (
            "{{ pkiCert \"pki/issue/%\" \"common_name=a\" }}",
            "pkiCert",
            "pki/issue/%",
            PathFault::Escape("%"),
        ),
        (
            "{{ range secrets \"/\" }}{{ . }}{{ end }}",
            "secrets",
            "/",
            PathFault::Empty,
        ),
    ] {
        let problem = Problem::Path {
            function,
            path,
            fault,
        };
        assert_only(source, problem);
        let template = Template::parse(source, Options::default()).unwrap();
        let context = Context::new(&NoSecrets, &|_| None);
        assert!(template.render(&context).is_err(), "{source}");
    }
    for source in [
        "{{ range secrets \"\" }}{{ . }}{{ end }}",
        "{{ with secret \":=x\" \"a=b\" }}x{{ end }}",
        "{{ with secret (env \"P\") }}x{{ end }}",
    ] {
        assert_eq!(problems(source), [""; 0], "{source}");
    }
}
