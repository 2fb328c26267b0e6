//! `docs/annotations.md`, made from the table.

use std::fmt::{self, Write as _};

use super::{AnnotationSpec, GROUPS, Kind, Suffix};
use crate::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};

/// The text of `docs/annotations.md`.
pub fn reference_markdown() -> String {
    let mut page = format!(
        "# Annotations\n\n\
         Annotations go on the pod: in a Deployment, on `spec.template.metadata.annotations`. Every \
         key starts with\n`{ANNOTATION_PREFIX}` or `{OPENBAO_PREFIX}` (which counts where both are there); \
         it is left out below. `NAME`\nstands for a secret's name, which is also its file's name \
         under `/vault/secrets`, in lower case.\n\n\
         A default holds only where the annotation is absent. An annotation that is there with an \
         empty value stays\nempty. A value that cannot be read denies the pod, and the message names \
         the annotation; with our\nagent image, neither can one that the agent would refuse at its start. A stock \
         agent gets it, with a warning.\n[annotations-in-pods.md](annotations-in-pods.md) shows what each changes in a \
         pod.\n\n\
         This page is made from the table that the injector reads with \
         (`shared/contract/src/annotations/table.rs`);\na test fails when the two differ, and \
         `cargo run -p contract --example annotations-reference > docs/annotations.md`\nwrites it anew.\n"
    );
    for (title, specs) in GROUPS {
        let _ = write!(
            page,
            "\n## {title}\n\n| key | value | default | meaning |\n|---|---|---|---|\n"
        );
        for spec in *specs {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                spec.written_key(),
                spec.kind,
                spec.default,
                spec.doc.replace('|', "\\|"),
            );
        }
    }
    page
}

impl AnnotationSpec {
    /// The key as documentation writes it: without the prefix, with `-NAME` where it takes one.
    pub fn written_key(&self) -> String {
        match self.suffix {
            Suffix::None => self.key.to_owned(),
            Suffix::Optional => format!("{}[-NAME]", self.key),
            Suffix::Required => format!("{}-NAME", self.key),
        }
    }
}

/// As documentation writes it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&described(*self))
    }
}

fn described(kind: Kind) -> String {
    match kind {
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Int => "whole number".to_owned(),
        Kind::Uint => "whole number, 0 or more".to_owned(),
        Kind::Port => "port, 1 to 65535".to_owned(),
        Kind::Float => "decimal number".to_owned(),
        Kind::Duration => "duration (`1m30s`)".to_owned(),
        Kind::Quantity => "quantity (`64Mi`)".to_owned(),
        Kind::List => "list (`a,b`)".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::VaultPath => "path in Vault".to_owned(),
        Kind::Template => "template".to_owned(),
        Kind::Json => "JSON, else text".to_owned(),
        Kind::JsonPatch => "JSON patch".to_owned(),
        Kind::OneOf(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
