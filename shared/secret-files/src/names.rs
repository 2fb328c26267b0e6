//! Users and groups by name or number.

use std::path::Path;

use thiserror::Error;

/// A name that the system does not know.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown {kind} {name:?}: it is neither a number nor listed in {file}")]
pub struct UnknownName {
    kind: &'static str,
    name: String,
    file: &'static str,
}

/// The number of a user; `None` for an empty name.
pub fn user(name: &str) -> Result<Option<u32>, UnknownName> {
    number("user", name, "/etc/passwd")
}

/// The number of a group; `None` for an empty name.
pub fn group(name: &str) -> Result<Option<u32>, UnknownName> {
    number("group", name, "/etc/group")
}

fn number(kind: &'static str, name: &str, file: &'static str) -> Result<Option<u32>, UnknownName> {
    if name.is_empty() {
        return Ok(None);
    }
    if let Ok(id) = name.parse() {
        return Ok(Some(id));
    }
    // Images made from scratch have no such file: then no name is known.
    let table = std::fs::read_to_string(Path::new(file)).unwrap_or_default();
    find(&table, name).map(Some).ok_or_else(|| UnknownName {
        kind,
        name: name.to_owned(),
        file,
    })
}

/// Both tables have the name in the first field and the number in the third.
fn find(table: &str, name: &str) -> Option<u32> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbers_or_stand_in_the_table() {
        let table = "root:x:0:0:root:/root:/bin/sh\nvault:x:100:1000::/home/vault:/bin/false\n";
        assert_eq!(find(table, "vault"), Some(100));
        assert_eq!(find(table, "vaul"), None);
        assert_eq!(user("1000"), Ok(Some(1000)));
        assert_eq!(group(""), Ok(None));
        let error = user("no-such-user").unwrap_err();
        assert!(error.to_string().contains("unknown user \"no-such-user\""));
    }
}
