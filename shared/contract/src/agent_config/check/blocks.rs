//! Rules between blocks, and the blocks `api_proxy`, `cache`, `exec`.

use std::collections::BTreeSet;

use super::{Problem, Scope};
use crate::agent_config::{AgentConfig, ApiProxy, Exec, Persist};
use crate::values;

/// Which connections are kept for later requests. The agent has two pools of connections: one for
/// logins, one for all else. A connection of HTTP/1.1 that may not be idle is used once, so both keys
/// come to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Connections of logins and renewals are kept.
    pub of_logins: bool,
    /// Connections of templates and of the proxy are kept.
    pub of_others: bool,
}

/// Which token a request of an application is sent with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UseToken {
    /// Its own or none.
    #[default]
    Own,
    /// Its own, else the agent's.
    Fallback,
    /// The agent's.
    Force,
}

/// Reads `disable_idle_connections` and `disable_keep_alives`.
///
/// # Errors
///
/// A word is unknown.
pub fn reuse<T: AsRef<str>>(idle: &[T], keep_alives: &[T]) -> Result<Reuse, Problem> {
    let mut reuse = Reuse {
        of_logins: true,
        of_others: true,
    };
    for (key, words) in [
        ("disable_idle_connections", idle),
        ("disable_keep_alives", keep_alives),
    ] {
        for word in words.iter().map(|word| word.as_ref().trim()) {
            match word {
                "" => {}
                "auto-auth" => reuse.of_logins = false,
                "caching" | "proxying" | "templating" => reuse.of_others = false,
                other => {
                    return Err(Problem::rule(
                        Scope::within(key),
                        format!(
                            "unknown {key} value: {other}; it takes auto-auth, caching, proxying, templating"
                        ),
                    ));
                }
            }
        }
    }
    Ok(reuse)
}

/// An agent without a login passes on requests of applications, and nothing else.
///
/// # Errors
///
/// There is more to do, or nothing.
pub fn without_login(config: &AgentConfig) -> Result<(), Problem> {
    if config.cache.is_none() && config.listener.is_empty() {
        return Err(Problem::rule(
            Scope::Whole,
            "no auto_auth, cache, or listener block found in config",
        ));
    }
    if !config.template.is_empty() || !config.env_template.is_empty() {
        return Err(Problem::rule(
            Scope::Whole,
            "template and env_template need an auto_auth block: their secrets are read with its token",
        ));
    }
    Ok(())
}

/// A login is for something: a sink, a template, or requests of applications.
///
/// # Errors
///
/// There is nothing.
pub fn nothing_to_do(config: &AgentConfig) -> Result<(), Problem> {
    let logs_in_for_nothing = config
        .auto_auth
        .as_ref()
        .is_some_and(|auto_auth| auto_auth.sink.is_empty())
        && config.template.is_empty()
        && config.env_template.is_empty();
    if logs_in_for_nothing && matches!(use_token(config), Ok(UseToken::Own)) {
        return Err(Problem::rule(
            Scope::between("auto_auth"),
            "auto_auth requires at least one sink or at least one template or \
             api_proxy.use_auto_auth_token=true",
        ));
    }
    Ok(())
}

/// Checks `api_proxy` and `cache`, and reads which token applications get.
///
/// # Errors
///
/// What does not go together, or is unknown.
pub fn proxy_rules(config: &AgentConfig) -> Result<UseToken, Problem> {
    let cache = config.cache.as_ref();
    let proxy = config.api_proxy.as_ref();
    let (of_cache, of_proxy) = written_tokens(config);
    if !of_cache.is_empty() && !of_proxy.is_empty() {
        return Err(Problem::rule(
            Scope::between("cache.use_auto_auth_token"),
            "use_auto_auth_token defined in both api_proxy and cache config; give it in api_proxy only",
        ));
    }
    let is_empty = config.listener.is_empty();
    if proxy.is_some() && is_empty {
        return Err(Problem::rule(
            Scope::between("api_proxy"),
            "api_proxy requires at least 1 listener to be defined",
        ));
    }
    if cache.is_some() && is_empty && config.template.is_empty() && config.env_template.is_empty() {
        return Err(Problem::rule(
            Scope::between("cache"),
            "enabling the cache requires at least 1 template or 1 listener to be defined",
        ));
    }
    if let Some(kept) = cache.and_then(|cache| cache.persist.as_ref()) {
        persist(kept)?;
    }
    if let Some(proxy) = proxy {
        consistency(proxy)?;
    }
    let block = if of_proxy.is_empty() {
        "cache"
    } else {
        "api_proxy"
    };
    let use_token = use_token(config)?;
    let use_key = || Scope::between(format!("{block}.use_auto_auth_token"));
    if use_token != UseToken::Own && config.auto_auth.is_none() {
        return Err(Problem::rule(
            use_key(),
            format!("{block}.use_auto_auth_token is true but auto_auth not configured"),
        ));
    }
    if use_token != UseToken::Own && wraps(config) {
        return Err(Problem::rule(
            use_key(),
            format!("{block}.use_auto_auth_token is true and auto_auth uses wrapping"),
        ));
    }
    Ok(use_token)
}

/// What `cache` and `api_proxy` say of the token.
fn written_tokens(config: &AgentConfig) -> (&str, &str) {
    let of_cache = config.cache.as_ref();
    let of_proxy = config.api_proxy.as_ref();
    (
        of_cache.map_or("", |cache| &cache.use_auto_auth_token),
        of_proxy.map_or("", |proxy| &proxy.use_auto_auth_token),
    )
}

/// Reads which token applications get.
fn use_token(config: &AgentConfig) -> Result<UseToken, Problem> {
    let (block, written) = match written_tokens(config) {
        (of_cache, "") => ("cache", of_cache),
        (_, of_proxy) => ("api_proxy", of_proxy),
    };
    if written.is_empty() {
        return Ok(UseToken::Own);
    }
    if written.eq_ignore_ascii_case("force") {
        return Ok(UseToken::Force);
    }
    match values::parse_bool(written) {
        Ok(true) => Ok(UseToken::Fallback),
        Ok(false) => Ok(UseToken::Own),
        Err(_) => Err(Problem::value(
            format!("{block}.use_auto_auth_token"),
            format!("{written:?} is not true, false or force"),
        )),
    }
}

/// Checks what outlives the process.
fn persist(block: &Persist) -> Result<(), Problem> {
    match block.kind.as_str() {
        "kubernetes" => Ok(()),
        "" => Err(Problem::value(
            "cache.persist",
            "persist type must be specified",
        )),
        other => Err(Problem::value(
            "cache.persist.type",
            format!("{other:?} is not kubernetes, the only kind there is"),
        )),
    }
}

/// Checks the values. That they have no effect is said by [`warnings`](super::warnings()).
fn consistency(proxy: &ApiProxy) -> Result<(), Problem> {
    match proxy.enforce_consistency.as_str() {
        "" | "never" | "always" => {}
        other => {
            return Err(Problem::value(
                "api_proxy.enforce_consistency",
                format!("{other:?} is not never or always"),
            ));
        }
    }
    match proxy.when_inconsistent.as_str() {
        "" | "fail" | "retry" | "forward" => Ok(()),
        other => Err(Problem::value(
            "api_proxy.when_inconsistent",
            format!("{other:?} is not fail, retry or forward"),
        )),
    }
}

fn wraps(config: &AgentConfig) -> bool {
    let method = config
        .auto_auth
        .as_ref()
        .and_then(|auth| auth.method.as_ref());
    method.is_some_and(|method| !method.wrap_ttl.is_empty())
}

/// Checks what goes with a program of the agent's; `None` where the agent keeps files.
///
/// # Errors
///
/// What does not go together.
pub fn exec_rules(config: &AgentConfig) -> Result<Option<&Exec>, Problem> {
    let refused = |key: &str, text: &str| Err(Problem::rule(Scope::between(key), text));
    let exec = match (&config.exec, config.env_template.is_empty()) {
        (None, true) => return Ok(None),
        (None, false) => {
            return refused(
                "env_template",
                "a top-level 'exec' element must be specified with 'env_template' entries",
            );
        }
        (Some(_), true) => {
            return refused(
                "exec",
                "must specify at least one 'env_template' element with a top-level 'exec' element",
            );
        }
        (Some(exec), false) => exec,
    };
    if !config.template.is_empty() {
        return refused(
            "template[0]",
            "'template' cannot be specified with 'env_template' entries",
        );
    }
    if config.api_proxy.is_some() {
        return refused(
            "api_proxy",
            "'api_proxy' cannot be specified with 'env_template' entries",
        );
    }
    let mut names = BTreeSet::new();
    for block in &config.env_template {
        if !names.insert(&block.name) {
            let text = format!(
                "env_template: duplicate environment variable name: {:?}",
                block.name
            );
            return refused(&format!("env_template[{}]", block.name), &text);
        }
    }
    Ok(Some(exec))
}
