//! What to write instead of what other languages write.

use text_template::Error;

/// Words that open and close blocks elsewhere, and those here.
const WORDS: [(&[&str], &str); 3] = [
    (
        &[
            "endif",
            "endwith",
            "endrange",
            "endfor",
            "endforeach",
            "fi",
            "done",
            "endblock",
        ],
        "end",
    ),
    (
        &["elif", "elseif", "elsif", "elseIf", "elsewith"],
        "else if",
    ),
    (&["foreach", "for", "each"], "range"),
];

/// Operators of other languages, the longer ones first.
const OPERATORS: [(&str, &str); 8] = [
    ("==", "eq"),
    ("!=", "ne"),
    ("&&", "and"),
    ("||", "or"),
    ("<=", "le"),
    (">=", "ge"),
    ("<", "lt"),
    (">", "gt"),
];

/// Fields of secrets and certificates, which stand behind a dot.
const FIELDS: [&str; 7] = [
    "Data",
    "LeaseID",
    "LeaseDuration",
    "Renewable",
    "Cert",
    "Key",
    "CA",
];

/// About a name that no function has.
pub(super) fn of_name(source: &str, error: &Error, name: &str) -> Option<String> {
    if let Some((_, word)) = WORDS.iter().find(|(words, _)| words.contains(&name)) {
        return Some(format!("write {word}"));
    }
    let before = before(source, error, name)?;
    if before.ends_with("secret ") || before.ends_with("pkiCert ") {
        return Some(in_quotes(name));
    }
    let behind = line(source, error)?.get(before.len() + name.len()..)?;
    // Calls have no fields without parentheses.
    (FIELDS.contains(&name) || behind.starts_with('.'))
        .then(|| format!("write .{name}, with a dot in front"))
}

/// About a name that no function has, and none is like.
pub(super) fn of_missing_quotes(source: &str, error: &Error, name: &str) -> Option<String> {
    let before = before(source, error, name)?;
    let is_key = before.rsplit("{{").next()?.contains("index ");
    is_key.then(|| in_quotes(name))
}

/// About anything else.
pub(super) fn of_text(source: &str, error: &Error, message: &str) -> Option<String> {
    if message.starts_with("unclosed action") {
        let line = message.rsplit_once(':').and_then(|it| it.1.parse().ok());
        let line: usize = line.unwrap_or(error.line());
        return Some(format!(
            "the action that begins on line {line} is not closed"
        ));
    }
    if message.starts_with("unexpected \"{\"") {
        return Some(String::from(
            "the action in front of this one is not closed",
        ));
    }
    let line = line(source, error)?;
    of_character(message)
        .or_else(|| of_single_quotes(line, error.column(), message))
        .or_else(|| of_quoted_key(line))
        .or_else(|| of_key(line, error.column(), message))
        .or_else(|| of_path(line, error.column(), message))
        .or_else(|| of_operator(line, message))
}

fn line<'s>(source: &'s str, error: &Error) -> Option<&'s str> {
    source.lines().nth(error.line().checked_sub(1)?)
}

/// The line up to a name at the place of an error or a little in front of it.
fn before<'s>(source: &'s str, error: &Error, name: &str) -> Option<&'s str> {
    let line = line(source, error)?;
    let to = (error.column() - 1 + name.len()).min(line.len());
    let at = line.get(..to)?.rfind(name)?;
    line.get(..at)
}

fn in_quotes(text: &str) -> String {
    format!("write it in quotes: \"{text}\"")
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || "_.$".contains(sign)
}

/// What word processors and web pages make of quotes and spaces.
fn of_character(message: &str) -> Option<String> {
    let (_, code) = message.split_once("U+")?;
    match code.get(..4)? {
        "2018" | "2019" | "201A" | "201B" | "201C" | "201D" | "201E" | "201F" | "00AB" | "00BB"
        | "2032" | "2033" | "FF02" => Some(String::from("write straight quotes: \"")),
        "00A0" | "2007" | "202F" | "3000" | "200B" | "FEFF" => {
            Some(String::from("write an ordinary space"))
        }
        "2013" | "2014" | "2212" => Some(String::from("write an ordinary dash: -")),
        _ => None,
    }
}

/// A text in single quotes.
fn of_single_quotes(line: &str, column: usize, message: &str) -> Option<String> {
    if !message.contains("character constant") && !message.contains("bad character U+0027") {
        return None;
    }
    let from = line.get(column.checked_sub(1)?..)?;
    let (_, text) = from.split_once('\'').or_else(|| line.split_once('\''))?;
    let text = text.split('\'').next()?;
    Some(format!("write double quotes: \"{text}\""))
}

/// A key in quotes behind a dot.
fn of_quoted_key(line: &str) -> Option<String> {
    let (before, key) = line.split_once(".\"")?;
    let object = &before[before.trim_end_matches(is_word).len()..];
    if object.is_empty() || !object.starts_with(['.', '$']) {
        return None;
    }
    let key = key.split('"').next()?;
    Some(format!("write index {object} \"{key}\""))
}

/// What to write for a key that cannot stand behind a dot.
fn of_key(line: &str, column: usize, message: &str) -> Option<String> {
    let is_dash = message.contains("bad character U+002D");
    if !is_dash && !message.contains("bad character U+005B") {
        return None;
    }
    // The token that cannot be read begins somewhere in front of the sign.
    let from = line.get(..column.checked_sub(1)?)?.len();
    let sign = if is_dash { '-' } else { '[' };
    let at = from + line[from..].find(sign)?;
    let chain = &line[line[..at].trim_end_matches(is_word).len()..at];
    let behind = &line[at + 1..];
    let (object, key) = if is_dash {
        let (object, start) = chain.rsplit_once('.')?;
        let rest = behind
            .split(|sign: char| !is_word(sign) && sign != '-')
            .next()?;
        (object, format!("{start}-{rest}"))
    } else {
        let quoted = behind.strip_prefix(['\'', '"'])?;
        (chain, quoted.split(['\'', '"']).next()?.to_owned())
    };
    let object = if object.is_empty() { "." } else { object };
    Some(format!("write index {object} \"{key}\""))
}

/// A path or a key without quotes.
fn of_path(line: &str, column: usize, message: &str) -> Option<String> {
    let sign = match message.split_once("bad character U+")?.1.get(..4)? {
        "002F" => '/',
        "002D" => '-',
        _ => return None,
    };
    let from = line.get(..column.checked_sub(1)?)?.len();
    let at = from + line[from..].find(sign)?;
    let is_path = |sign: char| is_word(sign) || "/-".contains(sign);
    let start = line[..at].trim_end_matches(is_path).len();
    let path = line[start..].split(|sign| !is_path(sign)).next()?;
    Some(in_quotes(path))
}

/// An operator between values, where functions take them behind their name.
fn of_operator(line: &str, message: &str) -> Option<String> {
    if !message.starts_with("unexpected") && !message.starts_with("missing value") {
        return None;
    }
    // What stands in quotes is no operator.
    let code: String = line.split('"').step_by(2).collect();
    let action = code.split("{{").skip(1);
    let actions = action.map(|it| it.split("}}").next().unwrap_or(it));
    for action in actions {
        let found = OPERATORS.iter().find(|(sign, _)| action.contains(sign));
        if let Some((sign, name)) = found {
            return Some(format!("write {name} A B instead of A {sign} B"));
        }
        if action.contains('!') {
            return Some(String::from("write not A instead of !A"));
        }
    }
    None
}
