//! Which connections to Vault are kept for later requests: `disable_idle_connections`,
//! `disable_keep_alives`.

use contract::AgentConfig;
use contract::agent_config::check::{self, Reuse};

use super::{ConfigError, Environment};

/// A variable takes the place of its key.
pub(super) fn reuse(config: &AgentConfig, environment: &Environment) -> Result<Reuse, ConfigError> {
    let words = |variable: &str, written: &[String]| -> Vec<String> {
        match environment.vault(variable) {
            Some(variable) => variable.value.split(',').map(str::to_owned).collect(),
            None => written.to_vec(),
        }
    };
    let idle = words(
        "AGENT_DISABLE_IDLE_CONNECTIONS",
        &config.disable_idle_connections,
    );
    let alive = words("AGENT_DISABLE_KEEP_ALIVES", &config.disable_keep_alives);
    Ok(check::reuse(&idle, &alive)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(blocks: serde_json::Value, variables: &[(&str, &str)]) -> Result<Reuse, String> {
        let config = serde_json::from_value(blocks).unwrap();
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        reuse(&config, &variables.collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn either_key_stops_the_reuse_of_the_part_it_names() {
        let kept = |of_logins, of_others| {
            Ok(Reuse {
                of_logins,
                of_others,
            })
        };
        assert_eq!(read(json!({}), &[]), kept(true, true));
        let logins = json!({"disable_idle_connections": ["auto-auth", ""]});
        assert_eq!(read(logins, &[]), kept(false, true));
        for word in ["caching", "proxying", "templating"] {
            let others = json!({"disable_keep_alives": [word]});
            assert_eq!(read(others, &[]), kept(true, false));
        }
    }

    #[test]
    fn a_variable_takes_the_place_of_its_key() {
        let logins = json!({"disable_keep_alives": ["auto-auth"]});
        let variable = [("VAULT_AGENT_DISABLE_KEEP_ALIVES", "templating, caching")];
        assert_eq!(
            read(logins.clone(), &variable),
            Ok(Reuse {
                of_logins: true,
                of_others: false
            })
        );
        let empty = [("BAO_AGENT_DISABLE_KEEP_ALIVES", "")];
        assert_eq!(
            read(logins, &empty),
            Ok(Reuse {
                of_logins: true,
                of_others: true
            })
        );
    }

    #[test]
    fn another_word_is_refused_with_those_that_are_known() {
        let error = read(json!({"disable_idle_connections": ["proxy"]}), &[]).unwrap_err();
        assert_eq!(
            error,
            "unknown disable_idle_connections value: proxy; it takes auto-auth, caching, proxying, templating"
        );
    }
}
