//! A configuration that is too large for one variable: Linux takes no longer ones than 128 KiB, so
//! the injector goes on in `VAULT_CONFIG_2`, `VAULT_CONFIG_3` and so on.

use contract::names::{CONFIG_VARIABLE, config_part, part_number};

use super::Source;
use crate::config::{ConfigError, Environment};

/// The text of all parts, and what messages call it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) text: String,
    pub(super) origin: String,
}

/// The variable, and the parts behind it where it is the injector's. A part that is empty is not
/// there, so that one of an image can be taken out; nor is one that is a source of its own.
pub(super) fn joined(
    variable: &str,
    sources: &[Source],
    environment: &Environment,
) -> Result<Joined, ConfigError> {
    let first = environment.get(variable);
    let first = first.ok_or_else(|| ConfigError::NotSet {
        variable: variable.to_owned(),
    })?;
    let mut joined = Joined {
        text: first.to_owned(),
        origin: variable.to_owned(),
    };
    if variable != CONFIG_VARIABLE {
        return Ok(joined);
    }
    let mut numbers: Vec<u32> = environment.names().filter_map(part_number).collect();
    numbers.retain(|number| {
        let name = config_part(*number);
        let is_empty = environment.get(&name).is_none_or(str::is_empty);
        !is_empty && !sources.contains(&Source::Variable(name))
    });
    numbers.sort_unstable();
    let mut last = None;
    for (number, expected) in numbers.into_iter().zip(2..) {
        let name = config_part(number);
        if number != expected {
            return Err(ConfigError::Gap {
                missing: config_part(expected),
                present: name,
            });
        }
        joined.text += environment.get(&name).unwrap_or_default();
        last = Some(name);
    }
    if let Some(last) = last {
        joined.origin = format!("{variable} to {last}");
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<(String, String), String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment = variables.iter().map(own).collect();
        let sources = [Source::Variable(CONFIG_VARIABLE.to_owned())];
        joined(CONFIG_VARIABLE, &sources, &environment)
            .map(|joined| (joined.text, joined.origin))
            .map_err(|error| error.to_string())
    }

    fn done(text: &str, origin: &str) -> (String, String) {
        (text.to_owned(), origin.to_owned())
    }

    #[test]
    fn parts_are_joined_by_their_numbers() {
        assert_eq!(
            read(&[("VAULT_CONFIG", "a")]),
            Ok(done("a", "VAULT_CONFIG"))
        );
        let many: Vec<_> = (2..=11).map(|n| (config_part(n), n.to_string())).collect();
        let mut variables = vec![("VAULT_CONFIG", "1")];
        variables.extend(many.iter().map(|(name, value)| (&**name, &**value)));
        assert_eq!(
            read(&variables),
            Ok(done("1234567891011", "VAULT_CONFIG to VAULT_CONFIG_11"))
        );
    }

    #[test]
    fn a_gap_is_refused_with_the_variable_that_is_missing() {
        let error = read(&[("VAULT_CONFIG", "a"), ("VAULT_CONFIG_3", "c")]).unwrap_err();
        assert_eq!(
            error,
            "VAULT_CONFIG_3 is set, but VAULT_CONFIG_2 is not: a configuration in several variables \
             is numbered without a gap; set VAULT_CONFIG_2, or remove VAULT_CONFIG_3 if it is not a \
             part of the configuration"
        );
        let emptied = [
            ("VAULT_CONFIG", "a"),
            ("VAULT_CONFIG_2", ""),
            ("VAULT_CONFIG_3", "c"),
        ];
        assert_eq!(read(&emptied).unwrap_err(), error);
    }

    #[test]
    fn other_variables_of_a_similar_name_are_none_of_it() {
        let foreign = [
            ("VAULT_CONFIG", "a"),
            ("VAULT_CONFIG_1", "x"),
            ("VAULT_CONFIG_02", "x"),
            ("VAULT_CONFIG_2", ""),
            ("VAULT_CONFIG_FILE", "x"),
            ("VAULT_CONFIG_PORT_8200_TCP", "x"),
        ];
        assert_eq!(read(&foreign), Ok(done("a", "VAULT_CONFIG")));
    }

    #[test]
    fn a_part_that_is_a_source_of_its_own_is_not_joined() {
        let environment = [("VAULT_CONFIG", "a"), ("VAULT_CONFIG_2", "b")];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let environment = environment.into_iter().map(own).collect();
        let sources =
            ["VAULT_CONFIG", "VAULT_CONFIG_2"].map(|name| Source::Variable(name.to_owned()));
        let joined = joined(CONFIG_VARIABLE, &sources, &environment).unwrap();
        assert_eq!(joined.text, "a");
    }
}
