//! The blocks that render: `template`, `env_template`, and the commands that go with them.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::flexible::{DurationText, PermsText, Switch, one, one_or_many, text, words};

/// One file to render.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Template {
    /// The file; may be empty if the whole text goes through `writeToFile`.
    #[serde(default)]
    pub destination: String,
    /// The template itself; exactly one of this and `source`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contents: String,
    /// File that holds the template.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Language of the template: `go` or `handlebars`; `go` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Left delimiter of actions; `{{` where empty.
    #[serde(default)]
    pub left_delimiter: String,
    /// Right delimiter of actions; `}}` where empty.
    #[serde(default)]
    pub right_delimiter: String,
    /// Command to run after the file was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Mode of the file, octal; the file's own or 0644 where empty.
    #[serde(default, skip_serializing_if = "PermsText::is_empty")]
    pub perms: PermsText,
    /// A missing key is an error instead of `<no value>`.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub error_on_missing_key: Switch,
    /// A failing execution of the template counts as fatal before the first complete render; on where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_fatal: Option<Switch>,
    /// Quiet time before the file is written again.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub wait: Option<Wait>,
    /// Make the destination's directories; on where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_dest_dirs: Option<Switch>,
    /// Longest run of the command; 30 s where absent. A Go duration only.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub command_timeout: DurationText,
    /// Owner of the file: a number or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Group of the file: a number or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The command with its settings; takes the place of `command`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub exec: Option<TemplateExec>,
    /// Keep the previous file as `NAME.bak`.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub backup: Switch,
    /// Owner of the file, another name of `user`.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "text"
    )]
    pub uid: String,
    /// Group of the file, another name of `group`.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "text"
    )]
    pub gid: String,
    /// Directory that the function `file` may not leave.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sandbox_path: String,
    /// Functions that are off, as globs.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub function_denylist: Vec<String>,
    /// Another name of `function_denylist`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub function_blacklist: Vec<String>,
}

/// Quiet time before a file is written again: `MIN` or `MIN:MAX` as text, or a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Wait {
    /// `5s`, or `5s:10s`.
    Text(String),
    /// Keys.
    Block(WaitBlock),
}

/// The block form of [`Wait`]. Go durations only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitBlock {
    /// Off switches it off; on where absent and `min` is not zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<Switch>,
    /// Time without a further change.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub min: DurationText,
    /// Longest wait since the first change; four times `min` where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub max: DurationText,
}

/// A command: a line for a shell, or the words of one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Command {
    /// One text.
    Line(String),
    /// Words.
    Words(Vec<String>),
}

/// The command of a template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TemplateExec {
    /// The command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Off switches it off; on where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<Switch>,
    /// The environment of the command.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub env: Option<ExecEnv>,
    /// Longest run; 30 s where absent. A Go duration only.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub timeout: DurationText,
    /// Accepted, and of no effect.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kill_signal: String,
    /// Accepted, and of no effect.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub kill_timeout: DurationText,
    /// Accepted, and of no effect.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reload_signal: String,
    /// Accepted, and of no effect.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub splay: DurationText,
}

/// The environment of a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExecEnv {
    /// Start from an empty environment instead of the agent's.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub pristine: Switch,
    /// Further variables, as `NAME=value`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub custom: Vec<String>,
    /// Which of the agent's variables pass, as globs; all where empty.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub allowlist: Vec<String>,
    /// Another name of `allowlist`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub whitelist: Vec<String>,
    /// Which of the agent's variables do not pass, as globs.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub denylist: Vec<String>,
    /// Another name of `denylist`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub blacklist: Vec<String>,
}

/// The program that the agent starts and supervises (exec mode).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Exec {
    /// The program, required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// `always` (where empty) or `never`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub restart_on_secret_changes: String,
    /// Signal that asks the program to end; `SIGTERM` where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub restart_stop_signal: String,
}

/// A variable of the program of [`Exec`], rendered from a template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvTemplate {
    /// The name of the variable: the label of the block.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The template itself; exactly one of this and `source`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contents: String,
    /// File that holds the template.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Language of the template: `go` or `handlebars`; `go` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Left delimiter of actions; `{{` where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub left_delimiter: String,
    /// Right delimiter of actions; `}}` where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub right_delimiter: String,
    /// A missing key is an error instead of `<no value>`.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub error_on_missing_key: Switch,
    /// A failing execution is fatal before the first complete render; on where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_fatal: Option<Switch>,
    /// Functions that are off, as globs.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub function_denylist: Vec<String>,
    /// Another name of `function_denylist`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub function_blacklist: Vec<String>,
}

/// Keys of [`Template`] that make no sense for a variable, and are errors instead of unknown.
const NOT_FOR_VARIABLES: &[&str] = &[
    "backup",
    "command",
    "command_timeout",
    "create_dest_dirs",
    "destination",
    "exec",
    "perms",
    "user",
    "uid",
    "group",
    "gid",
    "wait",
    "sandbox_path",
];

/// The `env_template` blocks, none of which may have a key that only files have.
pub(super) fn env_templates<'de, D>(deserializer: D) -> Result<Vec<EnvTemplate>, D::Error>
where
    D: Deserializer<'de>,
{
    let blocks: Vec<serde_json::Value> = one_or_many(deserializer)?;
    let read = |block: serde_json::Value| {
        let odd = NOT_FOR_VARIABLES
            .iter()
            .find(|key| block.get(**key).is_some());
        if let Some(key) = odd {
            let name = block.get("name").and_then(serde_json::Value::as_str);
            return Err(de::Error::custom(format!(
                "env_template[{}]: '{key}' is not allowed",
                name.unwrap_or_default()
            )));
        }
        serde_json::from_value(block).map_err(de::Error::custom)
    };
    blocks.into_iter().map(read).collect()
}
