//! The generated text, and the names of its variables.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::GenerateError;

/// A secret without its values.
pub(super) struct Secret {
    /// What to read.
    pub(super) path: String,
    /// The path without what version 2 puts into it.
    pub(super) name: String,
    /// Its data stands one level deeper.
    pub(super) is_v2: bool,
    /// The names of its keys.
    pub(super) keys: Vec<String>,
}

/// A variable and its template.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) contents: String,
}

/// All that goes into the file.
pub(super) struct Configuration {
    pub(super) token_file: String,
    pub(super) address: String,
    /// Empty where there is none.
    pub(super) namespace: String,
    pub(super) variables: Vec<Variable>,
    pub(super) command: Vec<String>,
}

/// A variable for each key. It is called by the last part of the secret's path and the key; where
/// another secret has that name already, the part before is put in front, and so on.
pub(super) fn variables(secrets: &[Secret]) -> Result<Vec<Variable>, GenerateError> {
    let mut taken: BTreeMap<String, (&Secret, &str)> = BTreeMap::new();
    let mut variables = Vec::new();
    for secret in secrets {
        for key in &secret.keys {
            let parts: Vec<&str> = secret.name.split('/').collect();
            let starts = (0..parts.len()).rev();
            let mut names = starts.map(|start| variable_name(&parts[start..], key));
            let free = names.find(|name| !is_anothers(&taken, name, secret));
            let name = free.unwrap_or_else(|| variable_name(&parts, key));
            if let Some((other, first)) = taken.insert(name.clone(), (secret, key)) {
                return Err(GenerateError::Same {
                    first: format!("{first:?} of {}", other.path),
                    second: format!("{key:?} of {}", secret.path),
                    name,
                });
            }
            variables.push(Variable {
                name,
                contents: contents(secret, key),
            });
        }
    }
    Ok(variables)
}

fn is_anothers(taken: &BTreeMap<String, (&Secret, &str)>, name: &str, secret: &Secret) -> bool {
    let owner = taken.get(name);
    owner.is_some_and(|(owner, _)| !std::ptr::eq(*owner, secret))
}

/// Upper case, with `_` for what a shell takes in no name, and in front of a digit.
fn variable_name(parts: &[&str], key: &str) -> String {
    let words = format!("{}_{key}", parts.join("_"));
    let mut name: String = words
        .chars()
        .map(|c| match c.to_ascii_uppercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// A key that is no word of a template is looked up by `index`.
fn contents(secret: &Secret, key: &str) -> String {
    let data = if secret.is_v2 { ".Data.data" } else { ".Data" };
    let is_word = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && !key.is_empty();
    let value = if is_word {
        format!("{data}.{key}")
    } else {
        format!("index {data} {}", quoted(key))
    };
    let path = quoted(&secret.path);
    format!("{{{{ with secret {path} }}}}{{{{ {value} }}}}{{{{ end }}}}")
}

/// Text in quotes as HCL and templates both read it. `${` would begin an interpolation in HCL.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_odd = c.is_control() || c == '$' && rest.peek() == Some(&'{');
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            c if is_odd => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out + "\""
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "auto_auth {{\n  method {{\n    type = \"token_file\"\n\n    config {{\n      \
             token_file_path = {}\n    }}\n  }}\n}}\n",
            quoted(&self.token_file)
        )?;
        writeln!(
            f,
            "template_config {{\n  static_secret_render_interval = \"5m\"\n  \
             exit_on_retry_failure         = true\n  max_connections_per_host      = 10\n}}\n"
        )?;
        writeln!(f, "vault {{\n  address = {}", quoted(&self.address))?;
        if !self.namespace.is_empty() {
            writeln!(f, "  namespace = {}", quoted(&self.namespace))?;
        }
        writeln!(f, "}}\n")?;
        for Variable { name, contents } in &self.variables {
            writeln!(
                f,
                "env_template {} {{\n  contents             = {}\n  \
                 error_on_missing_key = true\n}}\n",
                quoted(name),
                quoted(contents)
            )?;
        }
        let words: Vec<_> = match &*self.command {
            // A list of one is a line to the agent.
            [word] => vec![quoted(&shell_words::quote(word))],
            words => words.iter().map(|word| quoted(word)).collect(),
        };
        writeln!(
            f,
            "exec {{\n  command                   = [{}]\n  \
             restart_on_secret_changes = \"always\"\n  restart_stop_signal       = \"SIGTERM\"\n}}",
            words.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_secret(name: &str, keys: &[&str]) -> Secret {
        Secret {
            path: name.replacen('/', "/data/", 1),
            name: name.to_owned(),
            is_v2: true,
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    fn names(secrets: &[Secret]) -> Vec<String> {
        let variables = variables(secrets).unwrap().into_iter();
        variables.map(|variable| variable.name).collect()
    }

    #[test]
    fn a_variable_is_called_by_the_last_part_of_the_path_and_the_key() {
        let secret = mk_secret("secret/team/foo", &["password", "user"]);
        let found = variables(&[secret]).unwrap();
        assert_eq!(found[1].name, "FOO_USER");
        assert_eq!(
            found[1].contents,
            r#"{{ with secret "secret/data/team/foo" }}{{ .Data.data.user }}{{ end }}"#
        );
        let v1 = Secret {
            is_v2: false,
            ..mk_secret("kv/foo", &["user"])
        };
        let found = variables(&[v1]).unwrap();
        assert!(found[0].contents.contains("{{ .Data.user }}"));
    }

    #[test]
    fn what_cannot_be_a_name_becomes_one_and_is_looked_up_as_it_is() {
        let secret = mk_secret("secret/my-app", &["db.pass word", "ü\"x"]);
        let found = variables(&[secret]).unwrap();
        assert_eq!(found[0].name, "MY_APP_DB_PASS_WORD");
        assert!(
            found[0]
                .contents
                .contains("{{ index .Data.data \"db.pass word\" }}")
        );
        assert_eq!(found[1].name, "MY_APP___X");
        assert!(found[1].contents.contains(r#"index .Data.data "ü\"x""#));
        assert_eq!(names(&[mk_secret("secret/1st", &["k"])]), ["_1ST_K"]);
    }

    #[test]
    fn secrets_of_one_name_get_their_folders_in_front_and_keys_of_one_name_are_refused() {
        let secrets = [
            mk_secret("secret/a/db", &["pass"]),
            mk_secret("secret/b/db", &["pass", "user"]),
        ];
        assert_eq!(names(&secrets), ["DB_PASS", "B_DB_PASS", "DB_USER"]);
        let error = variables(&[mk_secret("secret/db", &["a-b", "a_b"])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"a-b\" of secret/data/db and \"a_b\" of secret/data/db both become the variable \
             DB_A_B: leave one out of -path"
        );
        let secrets = ["secret/a-b", "secret/a_b"].map(|name| mk_secret(name, &["k"]));
        assert_eq!(names(&secrets), ["A_B_K", "SECRET_A_B_K"]);
        let secrets = ["s/a-b", "s/a_b", "s/a.b"].map(|name| mk_secret(name, &["k"]));
        let error = variables(&secrets).unwrap_err().to_string();
        assert!(
            error.contains("s/data/a_b and \"k\" of s/data/a.b"),
            "{error}"
        );
    }

    #[test]
    fn a_program_without_arguments_stays_one_word() {
        let written = |command: &[&str]| {
            let configuration = Configuration {
                token_file: String::new(),
                address: String::new(),
                namespace: String::new(),
                variables: Vec::new(),
                command: command.iter().map(|word| (*word).to_owned()).collect(),
            };
            configuration.to_string()
        };
        assert!(written(&["env"]).contains(r#"= ["env"]"#));
        assert!(written(&["/my app/run"]).contains(r#"= ["'/my app/run'"]"#));
        assert!(written(&["/my app/run", "a b"]).contains(r#"= ["/my app/run", "a b"]"#));
    }

    #[test]
    fn quotes_are_read_back_as_they_were() {
        for text in ["plain", "a\"b\\c", "${x} $y", "a\nb\u{7f}", "ü"] {
            let document = hcl::parse(&format!("a = {}", quoted(text))).unwrap();
            let value = &document.items[0].value.kind;
            assert!(
                matches!(value, hcl::ValueKind::Text(read) if read == text),
                "{text:?}"
            );
        }
    }
}
