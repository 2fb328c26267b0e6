//! The warnings of what is wrong inside one template.

use contract::diagnostics::Code;
use contract::diagnostics::secrets as codes;
use templating::lint::{Finding, Problem, shown};

use crate::vocabulary::warning::Warning;

/// The warning of a finding.
pub(super) fn told(name: &str, finding: &Finding<'_>) -> Warning {
    let start = format!(
        "agent-inject-template-{name}, line {}, column {}: ",
        finding.line, finding.column
    );
    let likely = |code: Code, text: String| Warning::new(code, start.clone() + &text);
    let hint = |code: Code, text: String| Warning::hint(code, start.clone() + &text);
    let sure = |code: Code, text: String| Warning::sure(code, start.clone() + &text);
    let refusal = || finding.problem.refusal().unwrap_or_default();
    match &finding.problem {
        Problem::MissingData {
            key,
            path,
            is_clear,
        } => {
            let text = key_of_kv2(key, path);
            if *is_clear {
                likely(codes::KEYS_OF_KV2, text)
            } else {
                hint(codes::KEYS_OF_KV2, text)
            }
        }
        Problem::RangeOverData { path } => likely(codes::KEYS_OF_KV2, range_over_kv2(path)),
        Problem::NoField { name } => sure(codes::FIELD_OF_SECRET, not_a_field(name)),
        Problem::CertificateField { key, field } => {
            let text = format!(
                "pkiCert gives .Cert, .Key, .CA and .CAChain: write .{field} instead of .Data.{key}"
            );
            sure(codes::FIELD_OF_CERTIFICATE, text)
        }
        Problem::NothingInDot { name } => {
            let name = shown(name);
            let text = format!(
                "the root of a template has no .{name}: write .{name}, without $, inside \
                 {{{{ with secret \"PATH\" }}}}"
            );
            likely(codes::NOTHING_IN_DOT, text)
        }
        Problem::NoPath { function } => {
            let text = format!("{function} is called without a path: write {function} \"PATH\"");
            sure(codes::ARGUMENTS_OF_SECRET, text)
        }
        Problem::NoPair { .. } => sure(codes::ARGUMENTS_OF_SECRET, refusal()),
        Problem::Path { .. } => sure(codes::PATH_REFUSED, refusal()),
        Problem::NoData { path } => {
            let text = format!("{} has no .Data.data: write .Data.KEY", shown(path));
            likely(codes::NO_DATA_IN_DATA, text)
        }
        Problem::RangeOverSecret => {
            let text = "a secret is a single value: use `with` instead of `range`";
            sure(codes::RANGE_OVER_SECRET, text.to_owned())
        }
        Problem::Escape => {
            let text = "this writes the text of a template instead of a secret: an escape for Helm is \
                        left over, so write the action without it";
            likely(codes::ESCAPE_LEFT_OVER, text.to_owned())
        }
        Problem::Address { path } => {
            let text = format!(
                "{} has v1/ in front, as in an address: remove it",
                shown(path)
            );
            likely(codes::ADDRESS_AS_PATH, text)
        }
        Problem::Metadata { path } => {
            let text = format!(
                "{} is the metadata of a secret, without values",
                shown(path)
            );
            hint(codes::METADATA_PATH, text)
        }
        Problem::MetadataKey { path } => likely(codes::METADATA_PATH, key_of_metadata(path)),
        Problem::CertificateRead { path } => {
            likely(codes::CERTIFICATE_READ, certificate_read(path))
        }
        Problem::CertificateWrite { path, .. } => {
            hint(codes::CERTIFICATE_WRITTEN, certificate_written(path))
        }
    }
}

fn key_of_kv2(key: &str, path: &str) -> String {
    let (path, key) = (shown(path), shown(key));
    let right = if key.eq_ignore_ascii_case("data") {
        String::from(".Data.data")
    } else {
        format!(".Data.data.{key}")
    };
    format!("{path} is KV v2, whose keys are in .Data.data: write {right} instead of .Data.{key}")
}

fn range_over_kv2(path: &str) -> String {
    format!(
        "{} is KV v2, whose keys are in .Data.data: write range over .Data.data instead of .Data, \
         which holds data and metadata",
        shown(path)
    )
}

fn certificate_read(path: &str) -> String {
    let path = shown(path);
    format!(
        "{path} issues a certificate and cannot be read: write pkiCert \"{path}\" \
         \"common_name=NAME\""
    )
}

fn certificate_written(path: &str) -> String {
    format!(
        "secret issues another certificate each time: write pkiCert \"{}\"",
        shown(path)
    )
}

fn key_of_metadata(path: &str) -> String {
    let data = path.replacen("/metadata/", "/data/", 1);
    let (path, data) = (shown(path), shown(&data));
    format!(
        "{path} is the metadata of a secret, without values: read {data} and write .Data.data.KEY"
    )
}

fn not_a_field(name: &str) -> String {
    if name == "data" {
        return String::from("data is not a field of a secret: write .Data");
    }
    let name = shown(name);
    format!(
        "{name} is not a field of a secret, whose keys are in .Data: write .Data.{name}, or \
         .Data.data.{name} if the path is KV v2"
    )
}
