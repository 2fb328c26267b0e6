//! Every message that refuses a pod, warns of one, or stops the injector has a stable code. This
//! table says what each means and what to do.
//!
//! ```text
//! keys, pods, secrets, … ──► SECTIONS ──► find(code)           vault-injector explain VI-1001
//!                                     └──► reference_markdown  the rows of docs/troubleshooting.md
//! ```
//!
//! A code is never given to another message. Numbers go by subject, in hundreds: see [`SECTIONS`].
//!
//! ```
//! use contract::diagnostics::{self, Code, keys};
//!
//! let code: Code = "vi-1001".parse().unwrap();
//! assert_eq!(code, keys::UNKNOWN);
//! assert_eq!(diagnostics::find(code).unwrap().fix, "`vault-injector explain` lists all keys");
//! ```

mod reference;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use reference::reference_markdown;

/// What every code begins with.
const PREFIX: &str = "VI-";

/// The stable code of a message, such as `VI-1001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

/// As the text of a message shows it.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code such as VI-1001")]
pub struct NotACode;

impl FromStr for Code {
    type Err = NotACode;

    /// Reads `VI-1001`, in upper or lower case.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let (prefix, number) = text.split_at_checked(PREFIX.len()).ok_or(NotACode)?;
        if !prefix.eq_ignore_ascii_case(PREFIX) || !number.bytes().all(|it| it.is_ascii_digit()) {
            return Err(NotACode);
        }
        number.parse().map(Self).map_err(|_| NotACode)
    }
}

/// What one code means. The texts are Markdown of one line.
#[derive(Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code.
    pub code: Code,
    /// The message, or the part of it that stays the same: in backticks, with `…` for what differs.
    pub seen: &'static str,
    /// Why it is printed.
    pub cause: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

/// Diagnostics of one subject.
#[derive(Debug)]
pub struct Section {
    /// Heading in the documentation.
    pub title: &'static str,
    /// In the order of their codes.
    pub rows: &'static [Diagnostic],
}

/// Declares the codes of one subject and their rows.
macro_rules! diagnostics {
    ($($name:ident = $number:literal: $seen:literal, $cause:literal, $fix:literal;)*) => {
        use super::{Code, Diagnostic};

        $(
            #[doc = concat!($seen, ": ", $cause, ".")]
            pub const $name: Code = Code($number);
        )*

        /// Whether the code belongs to this subject.
        pub fn contains(code: Code) -> bool {
            ROWS.iter().any(|row| row.code == code)
        }

        pub(super) const ROWS: &[Diagnostic] = &[
            $(Diagnostic { code: $name, seen: $seen, cause: $cause, fix: $fix },)*
        ];
    };
}

pub mod keys;
pub mod login;
pub mod manifests;
pub mod pods;
pub mod refusals;
pub mod requests;
pub mod secrets;
pub mod startup;

/// Every diagnostic, in the order of the codes.
pub const SECTIONS: &[Section] = &[
    Section {
        title: "Annotations: keys and values",
        rows: keys::ROWS,
    },
    Section {
        title: "The pod, its volumes and its containers",
        rows: pods::ROWS,
    },
    Section {
        title: "Secrets, templates and commands",
        rows: secrets::ROWS,
    },
    Section {
        title: "Login, connection and the agent's configuration",
        rows: login::ROWS,
    },
    Section {
        title: "Files that lint and inject read",
        rows: manifests::ROWS,
    },
    Section {
        title: "Refusals by the injector's settings and limits",
        rows: refusals::ROWS,
    },
    Section {
        title: "Flags and variables of the injector",
        rows: startup::ROWS,
    },
    Section {
        title: "Requests that the webhook refuses with an HTTP error",
        rows: requests::ROWS,
    },
];

/// The row of a code.
pub fn find(code: Code) -> Option<&'static Diagnostic> {
    let rows = SECTIONS.iter().flat_map(|section| section.rows);
    rows.into_iter().find(|row| row.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> impl Iterator<Item = &'static Diagnostic> {
        SECTIONS.iter().flat_map(|section| section.rows)
    }

    #[test]
    fn codes_ascend_and_no_two_messages_share_one() {
        let codes: Vec<Code> = rows().map(|row| row.code).collect();
        assert!(codes.is_sorted_by(|left, right| left < right), "{codes:?}");
    }

    #[test]
    fn a_section_keeps_to_its_hundred() {
        for (section, hundred) in SECTIONS.iter().zip(10..) {
            let all = section.rows.iter().all(|row| row.code.0 / 100 == hundred);
            assert!(all, "{}", section.title);
        }
    }

    #[test]
    fn a_row_says_what_is_seen_why_and_what_to_do() {
        for row in rows() {
            let texts = [row.seen, row.cause, row.fix];
            assert!(texts.iter().all(|it| !it.is_empty()), "{row:?}");
            assert!(texts.iter().all(|it| !it.contains('\n')), "{row:?}");
            assert!(row.seen.contains('`'), "{row:?}");
            assert!(!row.fix.ends_with('.'), "{row:?}");
        }
    }

    #[test]
    fn a_code_is_read_as_it_is_written() {
        for row in rows() {
            assert_eq!(row.code.to_string().parse(), Ok(row.code));
        }
        assert_eq!("vi-1001".parse(), Ok(keys::UNKNOWN));
        for text in ["", "VI-", "VI-+1", "1001", "VI-99999", "XY-1001", "é"] {
            assert_eq!(text.parse::<Code>(), Err(NotACode), "{text}");
        }
    }
}
