//! A scene that is set as the guide sets it: kubernetes auth, its role and policy, its secret, and
//! its database where one is asked for.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use contract::AgentConfig;
use contract::agent_config::{
    AutoAuth, DurationText, Method, Sink, Template, TemplateConfig, Vault,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::files::{Certificates, write_private};
use crate::server::{Backend, Server};
use crate::token_review::{ServiceAccount, TokenReview};
use crate::{Admin, Agent, Postgres, Story};

/// The guide's role.
pub const ROLE: &str = "api-service";

/// The guide's workload.
pub const SERVICE_ACCOUNT: ServiceAccount<'_> = ServiceAccount {
    namespace: "production",
    name: "api-service-sa",
};

/// Path of the guide's secret below its mount.
pub const GUIDE_SECRET: &str = "production/api-service";

/// The guide's template, word for word.
pub const GUIDE_TEMPLATE: &str = r#"{{- with secret "secret/data/production/api-service" -}}
DATABASE_URL={{ .Data.data.database_url }}
API_KEY={{ .Data.data.api_key }}
{{- end -}}
"#;

/// A template with all that a session needs, and the lease for those who want to look it up.
pub const DATABASE_TEMPLATE: &str = r#"{{ with secret "database/creds/api-role" }}user={{ .Data.username }}
password={{ .Data.password }}
lease={{ .LeaseID }}
{{ end }}"#;

/// How often the agent of a scenario reads secrets without a lease again.
const STATIC_INTERVAL: &str = "2s";

/// What [`DATABASE_TEMPLATE`] renders to.
#[derive(Clone, PartialEq, Eq)]
pub struct DbCredentials {
    pub user: String,
    pub password: String,
    pub lease: String,
}

impl DbCredentials {
    /// Reads a rendered file. `None` while it is not there or not complete.
    pub fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.map(str::to_owned).filter(|value| !value.is_empty())
        };
        Some(Self {
            user: field("user")?,
            password: field("password")?,
            lease: field("lease")?,
        })
    }
}

/// A server set up as in the guide, and a directory like a pod's for the agent.
pub struct Lab {
    pub story: Story,
    pub server: Server,
    pub postgres: Option<Postgres>,
    accounts: TokenReview,
    certificates: Certificates,
    pod: TempDir,
}

impl Lab {
    pub async fn start(backend: Backend, title: &str) -> Result<Self> {
        let story = Story::new(title);
        let accounts = TokenReview::start().await?;
        let certificates = Certificates::make()?;
        let server = Server::start(backend, &accounts, &certificates).await?;
        story.tell(format_args!("{} is ready", server.describe().await?));
        let pod = tempfile::Builder::new().prefix("e2e-pod-").tempdir()?;
        let lab = Self {
            story,
            server,
            postgres: None,
            accounts,
            certificates,
            pod,
        };
        write_private(&lab.ca_file(), &lab.certificates.authority)?;
        lab.be(SERVICE_ACCOUNT)?;
        lab.follow_the_guide().await?;
        Ok(lab)
    }

    pub fn admin(&self) -> &Admin {
        self.server.admin()
    }

    /// Puts a token of this account where the agent looks for it.
    pub fn be(&self, account: ServiceAccount<'_>) -> Result<()> {
        self.write_token(&self.accounts.issue(account)?)
    }

    /// Puts any text there.
    pub fn write_token(&self, token: &str) -> Result<()> {
        self.write("token", token)
    }

    /// Puts a file into the pod.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        write_private(&self.path(name), text)
    }

    /// A token of this account, for a scenario that logs in by itself.
    pub fn service_account_token(&self, account: ServiceAccount<'_>) -> Result<String> {
        self.accounts.issue(account)
    }

    /// The key that signs service-account tokens, for a server that checks signatures itself.
    pub fn service_account_key(&self) -> String {
        self.accounts.public_key_pem()
    }

    /// A certificate for a client of this name, and its key, signed by the server's authority.
    pub fn client_certificate(&self, name: &str) -> Result<(String, String)> {
        self.certificates.client(name)
    }

    /// The authority of the server's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// A path in the pod.
    pub fn path(&self, name: &str) -> PathBuf {
        self.pod.path().join(name)
    }

    /// A file in the pod, as it is now.
    pub fn file(&self, name: &str) -> Result<String, String> {
        fs::read_to_string(self.path(name)).map_err(|error| format!("{name}: {error}"))
    }

    /// The configuration of a sidecar with these templates: (file, text).
    pub fn sidecar(&self, templates: &[(&str, &str)]) -> AgentConfig {
        let template = templates.iter().map(|(file, contents)| Template {
            destination: self.path(file).display().to_string(),
            contents: (*contents).to_owned(),
            ..Template::default()
        });
        AgentConfig {
            vault: Some(Vault {
                address: self.server.address().to_owned(),
                ca_cert: self.ca_file().display().to_string(),
                ..Vault::default()
            }),
            auto_auth: Some(AutoAuth {
                method: Some(Method {
                    kind: "kubernetes".to_owned(),
                    mount_path: "auth/kubernetes".to_owned(),
                    config: [
                        ("role".to_owned(), json!(ROLE)),
                        ("token_path".to_owned(), json!(self.path("token"))),
                    ]
                    .into(),
                    ..Method::default()
                }),
                sink: vec![Sink {
                    kind: "file".to_owned(),
                    config: [("path".to_owned(), json!(self.path("sink")))].into(),
                    ..Sink::default()
                }],
                ..AutoAuth::default()
            }),
            template: template.collect(),
            template_config: Some(TemplateConfig {
                static_secret_render_interval: DurationText::new(STATIC_INTERVAL),
                ..TemplateConfig::default()
            }),
            ..AgentConfig::default()
        }
    }

    /// The configuration of an init container, which leaves at the first login that is refused.
    pub fn init_container(&self, templates: &[(&str, &str)]) -> AgentConfig {
        let mut config = self.sidecar(templates);
        config.exit_after_auth = true.into();
        if let Some(method) = config
            .auto_auth
            .as_mut()
            .and_then(|auth| auth.method.as_mut())
        {
            method.exit_on_err = true.into();
        }
        config
    }

    pub fn run(&self, config: &AgentConfig) -> Result<Agent> {
        Agent::start(self.pod.path(), config)
    }

    /// Writes the guide's role again with other settings on top.
    pub async fn role(&self, settings: Value) -> Result<()> {
        let mut role = json!({
            "bound_service_account_names": SERVICE_ACCOUNT.name,
            "bound_service_account_namespaces": SERVICE_ACCOUNT.namespace,
            "policies": "api-secrets",
            "ttl": "1h",
        });
        if let (Value::Object(role), Value::Object(settings)) = (&mut role, settings) {
            role.extend(settings);
        }
        self.admin()
            .write(&format!("auth/kubernetes/role/{ROLE}"), &role)
            .await
            .map(drop)
    }

    /// The guide's database engine, with a real PostgreSQL where the server is real, and lifetimes
    /// that a test can watch to their end.
    pub async fn database(&mut self, default_ttl: &str, max_ttl: &str) -> Result<()> {
        let connection_url = if self.server.is_real() {
            self.postgres
                .insert(Postgres::start().await?)
                .connection_url()
        } else {
            "postgresql://{{username}}:{{password}}@postgres:5432/app".to_owned()
        };
        let admin = self.admin();
        admin
            .write("sys/mounts/database", &json!({ "type": "database" }))
            .await?;
        let config = json!({
            "plugin_name": "postgresql-database-plugin",
            "connection_url": connection_url,
            "allowed_roles": "api-role",
            "username": "vault_admin",
            "password": "admin_password",
        });
        admin.write("database/config/postgres", &config).await?;
        let role = json!({
            "db_name": "postgres",
            "creation_statements": CREATION_STATEMENTS,
            "default_ttl": default_ttl,
            "max_ttl": max_ttl,
        });
        admin.write("database/roles/api-role", &role).await?;
        // The guide leaves out that the application may ask for credentials.
        policy(
            admin,
            "api-database",
            r#"path "database/creds/api-role" { capabilities = ["read"] }"#,
        )
        .await?;
        self.role(json!({ "policies": "api-secrets,api-database" }))
            .await
    }

    /// The guide's commands from `vault auth enable` to `vault kv put`.
    async fn follow_the_guide(&self) -> Result<()> {
        let admin = self.admin();
        // What the guide leaves out: `secret/` as a KV v2 mount. A server in dev mode has it already.
        let kv2 = json!({ "type": "kv", "options": { "version": "2" } });
        let mounted = admin
            .send(reqwest::Method::PUT, "sys/mounts/secret", Some(&kv2))
            .await?;
        let there = mounted.is_ok() || mounted.errors().contains("already in use");
        ensure!(
            there,
            "sys/mounts/secret: {} {}",
            mounted.status,
            mounted.errors()
        );
        admin
            .write("sys/auth/kubernetes", &json!({ "type": "kubernetes" }))
            .await?;
        let config = json!({
            "kubernetes_host": self.accounts.url(),
            "token_reviewer_jwt": self.accounts.reviewer_jwt(),
            "disable_local_ca_jwt": true,
        });
        admin.write("auth/kubernetes/config", &config).await?;
        self.role(json!({})).await?;
        policy(
            admin,
            "api-secrets",
            "path \"secret/data/production/api-service\" {\n  capabilities = [\"read\"]\n}\n",
        )
        .await?;
        // A mount that was just upgraded to KV v2 refuses writes for a moment.
        let secret = json!({
            "database_url": "postgresql://user:pass@db:5432/app",
            "api_key": "sk_live_xxxxx",
        });
        self.story
            .until("the first write of the guide's secret", || async {
                let put = admin.kv_put("secret", GUIDE_SECRET, &secret).await;
                put.map_err(|error| error.to_string())
            })
            .await;
        Ok(())
    }
}

/// The guide's statement, word for word.
const CREATION_STATEMENTS: &str = r#"CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO "{{name}}";"#;

async fn policy(admin: &Admin, name: &str, rules: &str) -> Result<()> {
    let written = admin
        .write(
            &format!("sys/policies/acl/{name}"),
            &json!({ "policy": rules }),
        )
        .await;
    written.map(drop).with_context(|| format!("policy {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_only_from_a_complete_file() {
        let text = "user=v-1\npassword=a=b\nlease=database/creds/api-role/x\n";
        let credentials = DbCredentials::parse(text).expect("all three lines are there");
        assert_eq!(credentials.password, "a=b");
        assert!(DbCredentials::parse("user=v-1\npassword=\nlease=x\n").is_none());
        assert!(DbCredentials::parse("user=v-1\n").is_none());
    }
}
