//! Expressions as RE2 and Go write them, read and written again for an engine that has classes,
//! groups and repetitions but another syntax around them: `{` and `&&` that mean themselves, `\Q`,
//! octal numbers, flags, a thousand repetitions at most.

use super::class::{self, Class};
use super::reader::{Reader, character};

/// What is wrong with an expression, in Go's words, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) why: &'static str,
    pub(super) part: String,
}

pub(super) fn misfit<T>(why: &'static str, part: &str) -> Result<T, Misfit> {
    let part = part.to_owned();
    Err(Misfit { why, part })
}

/// An expression for the engine, whose groups have no names, and the names they had.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) pattern: String,
    pub(super) names: Vec<Option<String>>,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    lines: bool,
    dot_all: bool,
    lazy: bool,
}

struct Translator<'a> {
    reader: Reader<'a>,
    out: Translated,
    flags: Flags,
    /// The flags outside of each open group, and where it begins in the pattern.
    groups: Vec<(Flags, usize)>,
    /// Where in the pattern that begins which a repetition can repeat.
    atom: Option<usize>,
    /// It is repeated already, perhaps before flags that stand for nothing.
    quantified: bool,
    /// Where the repetition begins that was read last, if nothing was read since.
    repeated: Option<usize>,
}

pub(super) fn translate(source: &str) -> Result<Translated, Misfit> {
    let mut translator = Translator {
        reader: Reader::new(source),
        out: Translated::default(),
        flags: Flags::default(),
        groups: Vec::new(),
        atom: None,
        quantified: false,
        repeated: None,
    };
    while let Some(c) = translator.reader.peek() {
        translator.step(c)?;
    }
    if translator.groups.is_empty() {
        Ok(translator.out)
    } else {
        misfit("missing closing )", source)
    }
}

impl Translator<'_> {
    fn step(&mut self, c: char) -> Result<(), Misfit> {
        let begin = self.reader.at;
        match c {
            '*' | '+' | '?' => {
                self.reader.next();
                return self.repeat(begin, &c.to_string());
            }
            '{' => {
                if let Some((least, most)) = self.reader.counts() {
                    let counts = self.reader.since(begin);
                    if least > 1000 || most.is_some_and(|most| most > 1000 || most < least) {
                        return misfit("invalid repeat count", counts);
                    }
                    let counts = counts.to_owned();
                    return self.repeat(begin, &counts);
                }
                self.reader.next();
                self.literal(c)?;
            }
            '(' => return self.open(),
            ')' => {
                let Some((flags, open)) = self.groups.pop() else {
                    return misfit("unexpected )", self.reader.source);
                };
                self.flags = flags;
                self.reader.next();
                self.atom(")");
                self.atom = Some(open);
            }
            '|' => {
                self.reader.next();
                self.out.pattern.push('|');
                self.atom = None;
            }
            '[' => {
                let class = class::bracketed(&mut self.reader, self.flags.fold)?;
                self.atom(&class.written());
            }
            '\\' => self.escape()?,
            _ => {
                self.reader.next();
                let lines = self.flags.lines;
                match c {
                    '^' if lines => self.atom("(?m:^)"),
                    '^' => self.atom(r"(?:\A)"),
                    '$' if lines => self.atom("(?m:$)"),
                    '$' => self.atom(r"(?:\z)"),
                    '.' if self.flags.dot_all => self.atom("(?s:.)"),
                    '.' => self.atom("."),
                    _ => self.literal(c)?,
                }
            }
        }
        self.repeated = None;
        Ok(())
    }

    /// Writes what can be repeated.
    fn atom(&mut self, pattern: &str) {
        self.atom = Some(self.out.pattern.len());
        self.quantified = false;
        self.out.pattern.push_str(pattern);
    }

    fn literal(&mut self, c: char) -> Result<(), Misfit> {
        if c.is_ascii_alphanumeric() && !self.flags.fold {
            self.atom(c.encode_utf8(&mut [0]));
            return Ok(());
        }
        let class = Class::of(c, self.flags.fold, &mut self.reader)?;
        self.atom(&class.written());
        Ok(())
    }

    /// A repetition that begins at `begin` and was read up to where it may be lazy.
    fn repeat(&mut self, begin: usize, operator: &str) -> Result<(), Misfit> {
        let lazy = self.reader.skip("?");
        if let Some(first) = self.repeated {
            return misfit(
                "invalid nested repetition operator",
                self.reader.since(first),
            );
        }
        let Some(atom) = self.atom else {
            return misfit(
                "missing argument to repetition operator",
                self.reader.since(begin),
            );
        };
        if self.quantified {
            self.reader.spend(self.out.pattern.len() - atom)?;
            self.out.pattern.insert_str(atom, "(?:");
            self.out.pattern.push(')');
        }
        self.quantified = true;
        self.out.pattern.push_str(operator);
        if lazy != self.flags.lazy {
            self.out.pattern.push('?');
        }
        self.repeated = Some(begin);
        Ok(())
    }

    /// A group, or flags for what is left of this one.
    fn open(&mut self) -> Result<(), Misfit> {
        let begin = self.reader.at;
        self.repeated = None;
        if self.reader.skip("(?P<") || self.reader.skip("(?<") {
            let rest = self.reader.rest();
            let Some((name, _)) = rest.split_once('>') else {
                return misfit("invalid named capture", self.reader.from(begin));
            };
            let named = Some(name.to_owned());
            self.reader.at += name.len() + 1;
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(word) {
                return misfit("invalid named capture", self.reader.since(begin));
            }
            self.out.names.push(named);
        } else if self.reader.skip("(?") {
            let outside = self.flags;
            if self.flags(begin)? {
                self.group(outside, "(?:");
            }
            return Ok(());
        } else {
            self.reader.next();
            self.out.names.push(None);
        }
        self.group(self.flags, "(");
        Ok(())
    }

    fn group(&mut self, outside: Flags, pattern: &str) {
        self.groups.push((outside, self.out.pattern.len()));
        self.out.pattern.push_str(pattern);
        self.atom = None;
    }

    /// Sets flags; does a group begin behind them?
    fn flags(&mut self, begin: usize) -> Result<bool, Misfit> {
        let (mut on, mut any) = (true, false);
        loop {
            match self.reader.next().unwrap_or_default() {
                'i' => self.flags.fold = on,
                'm' => self.flags.lines = on,
                's' => self.flags.dot_all = on,
                'U' => self.flags.lazy = on,
                '-' if on => {
                    (on, any) = (false, false);
                    continue;
                }
                ':' if on || any => return Ok(true),
                ')' if on || any => return Ok(false),
                _ => {
                    let part = self.reader.since(begin);
                    return misfit("invalid or unsupported Perl syntax", part);
                }
            }
            any = true;
        }
    }

    fn escape(&mut self) -> Result<(), Misfit> {
        if self.reader.skip(r"\Q") {
            let rest = self.reader.rest();
            let (quoted, length) = match rest.split_once(r"\E") {
                Some((quoted, _)) => (quoted, quoted.len() + 2),
                None => (rest, rest.len()),
            };
            self.reader.at += length;
            return quoted.chars().try_for_each(|c| self.literal(c));
        }
        for (escape, pattern) in [
            (r"\A", r"(?:\A)"),
            (r"\z", r"(?:\z)"),
            (r"\b", r"(?-u:\b)"),
            (r"\B", r"(?-u:\B)"),
        ] {
            if self.reader.skip(escape) {
                self.atom(pattern);
                return Ok(());
            }
        }
        if let Some(class) = class::escaped(&mut self.reader, self.flags.fold)? {
            self.atom(&class.written());
            return Ok(());
        }
        let c = character(&mut self.reader)?;
        if let Some(c) = char::from_u32(c) {
            return self.literal(c);
        }
        self.atom(&Class::new(Vec::new()).written());
        Ok(())
    }
}
