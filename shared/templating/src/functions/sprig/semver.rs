//! Versions (semver.org) and ranges of them.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use text_template::{CallError, Method, Object, Signature, UintKind, Value};

use super::{Function, STRING, TWO_STRINGS, function};
use crate::functions::utf8;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_semver", STRING),
        "sprig_semver VERSION",
        "A version with its Major, Minor, Patch, Prerelease and Metadata.",
        |_, arguments| Ok(Value::Object(Arc::new(version(&utf8(&arguments[0]))?))),
    ),
    function(
        Signature::new("sprig_semverCompare", TWO_STRINGS),
        "sprig_semverCompare RANGE VERSION",
        "Whether a version is in a range such as ^1.2, >=1.0 <2.0 or 1.x.",
        |_, arguments| {
            let version = version(&utf8(&arguments[1]))?;
            Ok(is_in(&utf8(&arguments[0]), &version)?.into())
        },
    ),
];

/// A part of the version behind a receiver.
fn part(receiver: &Value, part: fn(&Version) -> Value) -> Result<Value, CallError> {
    let version = match receiver {
        Value::Object(object) => object.as_any().downcast_ref::<Version>(),
        _ => None,
    };
    version.map(part).ok_or_else(invalid)
}

fn number(number: u64) -> Value {
    Value::Uint(UintKind::Uint64, number)
}

impl Object for Version {
    fn type_name(&self) -> &'static str {
        "*semver.Version"
    }

    fn methods(&self) -> &'static [Method] {
        const METHODS: &[Method] = &[
            Method {
                signature: Signature::new("Major", &[]),
                body: |receiver, _| part(receiver, |version| number(version.numbers[0])),
            },
            Method {
                signature: Signature::new("Minor", &[]),
                body: |receiver, _| part(receiver, |version| number(version.numbers[1])),
            },
            Method {
                signature: Signature::new("Patch", &[]),
                body: |receiver, _| part(receiver, |version| number(version.numbers[2])),
            },
            Method {
                signature: Signature::new("Prerelease", &[]),
                body: |receiver, _| part(receiver, |version| (&*version.prerelease).into()),
            },
            Method {
                signature: Signature::new("Metadata", &[]),
                body: |receiver, _| part(receiver, |version| (&*version.metadata).into()),
            },
            Method {
                signature: Signature::new("Original", &[]),
                body: |receiver, _| part(receiver, |version| (&*version.original).into()),
            },
            Method {
                signature: Signature::new("String", &[]),
                body: |receiver, _| part(receiver, |version| Value::string(version.text())),
            },
        ];
        METHODS
    }

    fn shown(&self) -> Option<String> {
        Some(self.text())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Version {
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
    original: String,
}

impl Version {
    fn text(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        for (mark, part) in [('-', &self.prerelease), ('+', &self.metadata)] {
            if !part.is_empty() {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| compare_prerelease(&self.prerelease, &other.prerelease))
    }
}

/// Without one a version is newer than with one; numbers come before words.
fn compare_prerelease(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (false, false) => {}
        (a, b) => return a.cmp(&b),
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// A version; missing numbers are 0.
fn version(text: &str) -> Result<Version, CallError> {
    let (version, places) = partial(text).ok_or_else(invalid)?;
    if places == 0 {
        Err(invalid())
    } else {
        Ok(version)
    }
}

fn invalid() -> CallError {
    CallError::new("Invalid Semantic Version")
}

/// A version of which the last numbers may be missing or `x`; with how many it has.
fn partial(text: &str) -> Option<(Version, usize)> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let (rest, metadata) = bare.split_once('+').unwrap_or((bare, ""));
    let (numbers, prerelease) = rest.split_once('-').unwrap_or((rest, ""));
    let mut version = Version {
        numbers: [0; 3],
        prerelease: prerelease.to_owned(),
        metadata: metadata.to_owned(),
        original: text.to_owned(),
    };
    let mut places = 0;
    let mut open = false;
    for part in numbers.split('.') {
        if matches!(part, "x" | "X" | "*") {
            open = true;
        } else if places == 3 || open {
            return None;
        } else {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            version.numbers[places] = part.parse().ok()?;
            places += 1;
        }
    }
    Some((version, places))
}

/// Ranges apart by `||`, each of conditions apart by commas or spaces.
fn is_in(range: &str, version: &Version) -> Result<bool, CallError> {
    let mut any = false;
    for alternative in range.split("||") {
        any |= all_hold(alternative, version)?;
    }
    Ok(any)
}

fn all_hold(conditions: &str, version: &Version) -> Result<bool, CallError> {
    let spaced = conditions.replace(',', " ");
    let mut words: Vec<String> = Vec::new();
    for word in spaced.split_whitespace() {
        match words.last_mut() {
            // The operator may stand apart from its version.
            Some(last) if last.chars().all(|c| "<>=!~^".contains(c)) => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
    }
    if words.is_empty() {
        return Err(invalid());
    }
    let mut all = true;
    let mut at = 0;
    while at < words.len() {
        if words.get(at + 1).is_some_and(|word| word == "-") && at + 2 < words.len() {
            all &= holds(">=", &words[at], version)?;
            all &= holds("<=", &words[at + 2], version)?;
            at += 3;
            continue;
        }
        let end = words[at]
            .find(|c| !"<>=!~^".contains(c))
            .unwrap_or(words[at].len());
        let (operator, text) = words[at].split_at(end);
        all &= holds(operator, text, version)?;
        at += 1;
    }
    Ok(all)
}

fn holds(operator: &str, text: &str, version: &Version) -> Result<bool, CallError> {
    let (bound, places) = partial(text).ok_or_else(|| CallError::new("improper constraint"))?;
    // A version before its release is only in ranges that speak of such.
    if !version.prerelease.is_empty() && bound.prerelease.is_empty() && operator != "!=" {
        return Ok(false);
    }
    let order = version.compare(&bound);
    let same = |places: usize| version.numbers[..places] == bound.numbers[..places];
    let partly = places < 3;
    Ok(match operator {
        "" | "=" | "==" if partly => same(places),
        "" | "=" | "==" => order.is_eq(),
        "!=" if partly => !same(places),
        "!=" => order.is_ne(),
        ">" if partly => order.is_gt() && !same(places),
        ">" => order.is_gt(),
        ">=" | "=>" => order.is_ge(),
        "<" => order.is_lt(),
        "<=" | "=<" if partly => order.is_le() || same(places),
        "<=" | "=<" => order.is_le(),
        "~" | "~>" => order.is_ge() && same(places.min(2)),
        "^" => {
            let first = bound.numbers[..places]
                .iter()
                .position(|number| *number > 0);
            let fixed = first.map_or(places, |first| first + 1);
            order.is_ge() && same(fixed)
        }
        _ => return Err(CallError::new("improper constraint")),
    })
}
