//! The functions of sprig that depend on nothing but their arguments, with the prefix `sprig_`.
//!
//! Left out, and refused by name: what makes keys, certificates and random values (each render would
//! give others, so that the file changes for ever) and what computes with times.

mod convert;
mod decimal;
mod dict;
mod encode;
mod list;
mod logic;
mod number;
mod path;
mod regex;
mod semver;
mod sequence;
mod text;
mod url;
mod words;

use text_template::Type;

pub(crate) use self::path::clean_path;
use super::{Function, function};

/// What the name of each begins with here.
pub(crate) const PREFIX: &str = "sprig_";

/// The families, in the order in which they are documented.
pub(super) const FAMILIES: &[&[Function]] = &[
    text::FUNCTIONS,
    words::FUNCTIONS,
    encode::FUNCTIONS,
    logic::FUNCTIONS,
    convert::FUNCTIONS,
    number::FUNCTIONS,
    list::FUNCTIONS,
    sequence::FUNCTIONS,
    dict::FUNCTIONS,
    regex::FUNCTIONS,
    path::FUNCTIONS,
    url::FUNCTIONS,
    semver::FUNCTIONS,
];

/// Names of sprig that are refused.
pub(super) const REFUSED: &[&str] = &[
    "ago",
    "bcrypt",
    "buildCustomCert",
    "decryptAES",
    "derivePassword",
    "duration",
    "durationRound",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htpasswd",
    "mustDateModify",
    "mustToDate",
    "must_date_modify",
    "randInt",
    "shuffle",
    "toDate",
    "unixEpoch",
];

/// Names of sprig that Vault Agent leaves out, too.
pub(super) const OUTSIDE: &[&str] = &[
    "date",
    "dateInZone",
    "dateModify",
    "date_in_zone",
    "date_modify",
    "env",
    "expandenv",
    "getHostByName",
    "htmlDate",
    "htmlDateInZone",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randNumeric",
    "uuidv4",
];

const ANY: &[Type] = &[Type::Any];
const TWO_ANY: &[Type] = &[Type::Any, Type::Any];
const STRING: &[Type] = &[Type::String];
const TWO_STRINGS: &[Type] = &[Type::String, Type::String];
const THREE_STRINGS: &[Type] = &[Type::String, Type::String, Type::String];
const INT_STRING: &[Type] = &[Type::INT, Type::String];
