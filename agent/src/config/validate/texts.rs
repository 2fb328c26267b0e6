//! The texts of the templates: read and parsed before an agent runs, as it would do at its start.

use contract::AgentConfig;
use contract::agent_config::{Template as Written, check};

use super::{ConfigError, exec, template};
use crate::config::{TemplateSettings, TemplateSource};
use crate::render;

/// What is wrong with the texts, as far as they are there. A file that this machine does not have is a
/// [`ConfigError::Machine`].
pub(in crate::config) fn texts(config: &AgentConfig) -> Vec<ConfigError> {
    let files = config.template.iter().enumerate().map(|(index, block)| {
        let settings = template::settings(&without_owner(block), index);
        (check::place(block, index), settings)
    });
    let variables = config.env_template.iter().map(|block| {
        let place = format!("env_template[{}]", block.name);
        (place, exec::variable(block))
    });
    // What is wrong with the blocks themselves is said elsewhere.
    let good = files.chain(variables);
    let good = good.filter_map(|(place, settings)| Some((place, settings.ok()?)));
    let (places, templates): (Vec<String>, Vec<TemplateSettings>) = good.unzip();
    let wrong = render::check(&templates).into_iter();
    wrong
        .map(|(index, reason)| {
            let place = &places[index];
            match &templates[index].source {
                TemplateSource::File(path) if !path.exists() => {
                    let reason = format!("{} is not there, and was not checked", path.display());
                    ConfigError::value(format!("{place}.source"), reason).of_machine()
                }
                TemplateSource::File(_) => ConfigError::value(format!("{place}.source"), reason),
                TemplateSource::Contents(_) => {
                    ConfigError::value(format!("{place}.contents"), reason)
                }
            }
        })
        .collect()
}

/// Users and groups may be those of another machine.
fn without_owner(block: &Written) -> Written {
    Written {
        user: String::new(),
        uid: String::new(),
        group: String::new(),
        gid: String::new(),
        ..block.clone()
    }
}
