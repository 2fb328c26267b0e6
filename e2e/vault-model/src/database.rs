//! The database engine without a database: it makes up users, keeps their leases, and rotates
//! static ones.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::duration;
use crate::ids::Ids;
use crate::leases::NewLease;
use crate::request::{Operation, Request};
use crate::state::Turn;
use crate::tokens::SYSTEM_MAX_TTL;

/// A mount's connections and roles.
#[derive(Debug, Default)]
pub(crate) struct Database {
    connections: BTreeMap<String, Connection>,
    roles: BTreeMap<String, Role>,
    static_roles: BTreeMap<String, StaticRole>,
}

#[derive(Debug)]
struct Connection {
    plugin: String,
    allowed_roles: Vec<String>,
    details: Map<String, Value>,
}

#[derive(Debug)]
struct Role {
    connection: String,
    creation_statements: Value,
    default_ttl: Duration,
    max_ttl: Duration,
}

#[derive(Debug)]
struct StaticRole {
    connection: String,
    username: String,
    password: String,
    period: Duration,
    rotated: Timestamp,
    /// How much later than promised the password changes, and what `ttl` says meanwhile.
    lag: Duration,
    meanwhile: Meanwhile,
}

/// What a static role that is late says of its remaining time. Vault has been seen to say both.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    /// There is none.
    Nothing,
    /// All of the next period.
    NextPeriod,
}

impl Database {
    pub(crate) fn handle(
        &mut self,
        mount: &str,
        path: &str,
        request: &Request,
        turn: Turn<'_>,
    ) -> Outcome {
        let Turn { now, .. } = turn;
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        match (kind, name, request.operation) {
            ("config", "", Operation::List) => list(&self.connections),
            ("roles", "", Operation::List) => list(&self.roles),
            ("static-roles", "", Operation::List) => list(&self.static_roles),
            (_, "", _) => Err(Refusal::unsupported()),
            ("config", _, Operation::Write) => self.connect(name, request),
            ("config", _, Operation::Read) => {
                let connection = self.connections.get(name).ok_or_else(Refusal::not_found)?;
                Ok(Secret::data("database", connection.view()).into())
            }
            ("roles", _, Operation::Write) => self.set_role(name, request),
            ("roles", _, Operation::Read) => {
                let role = self.roles.get(name).ok_or_else(Refusal::not_found)?;
                Ok(Secret::data("database", role.view()).into())
            }
            ("static-roles", _, Operation::Write) => {
                self.set_static_role(name, request, now, turn.ids)
            }
            ("config", _, Operation::Delete) => Ok(remove(&mut self.connections, name)),
            ("roles", _, Operation::Delete) => Ok(remove(&mut self.roles, name)),
            ("static-roles", _, Operation::Delete) => Ok(remove(&mut self.static_roles, name)),
            ("creds", _, Operation::Read) => {
                let role = self.roles.get(name);
                let role =
                    role.ok_or_else(|| Refusal::bad_request(format!("unknown role: {name}")))?;
                self.check_allowed(&role.connection, name)?;
                let path = format!("{mount}creds/{name}");
                Ok(role.credentials(&path, name, turn).into())
            }
            ("static-creds", _, Operation::Read) => {
                let role = self.static_roles.get_mut(name);
                let role = role.ok_or_else(|| Refusal::bad_request("unknown role"))?;
                Ok(Secret::data("database", role.credentials(now, turn.ids)).into())
            }
            ("rotate-role", _, Operation::Write) => {
                let role = self.static_roles.get_mut(name);
                role.ok_or_else(|| Refusal::bad_request("unknown role"))?
                    .rotate(now, turn.ids);
                Ok(Answer::Empty)
            }
            _ => Err(Refusal::unsupported()),
        }
    }

    pub(crate) fn static_password(
        &mut self,
        role: &str,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Option<&str> {
        let role = self.static_roles.get_mut(role)?;
        role.keep_up(now, ids);
        Some(&role.password)
    }

    fn connect(&mut self, name: &str, request: &Request) -> Outcome {
        let plugin = request.text("plugin_name");
        let plugin = plugin
            .ok_or_else(|| Refusal::bad_request("empty plugin name"))?
            .to_owned();
        let mut details = request.body.clone();
        for secret in [
            "plugin_name",
            "allowed_roles",
            "password",
            "verify_connection",
        ] {
            details.remove(secret);
        }
        let allowed_roles = request.texts("allowed_roles");
        self.connections.insert(
            name.to_owned(),
            Connection {
                plugin,
                allowed_roles,
                details,
            },
        );
        Ok(Answer::Empty)
    }

    fn set_role(&mut self, name: &str, request: &Request) -> Outcome {
        let ttl = |field| duration::field(&request.body, field);
        let role = Role {
            connection: db_name(request)?,
            creation_statements: request
                .body
                .get("creation_statements")
                .cloned()
                .unwrap_or_default(),
            default_ttl: positive(ttl("default_ttl")?).unwrap_or(SYSTEM_MAX_TTL),
            max_ttl: positive(ttl("max_ttl")?).unwrap_or(SYSTEM_MAX_TTL),
        };
        self.roles.insert(name.to_owned(), role);
        Ok(Answer::Empty)
    }

    fn set_static_role(
        &mut self,
        name: &str,
        request: &Request,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Outcome {
        let username = request.text("username");
        let period = positive(duration::field(&request.body, "rotation_period")?);
        let role = StaticRole {
            connection: db_name(request)?,
            username: username
                .ok_or_else(|| {
                    Refusal::bad_request("username is a required field to create a static account")
                })?
                .to_owned(),
            password: ids.letters(20),
            period: period.ok_or_else(|| Refusal::bad_request("rotation_period is required"))?,
            rotated: now,
            // The stand-in's own: a real server is late without being asked.
            lag: duration::field(&request.body, "rotation_lag")?.unwrap_or_default(),
            meanwhile: match request.text("rotation_lag_ttl") {
                Some("next") => Meanwhile::NextPeriod,
                _ => Meanwhile::Nothing,
            },
        };
        self.check_allowed(&role.connection, name)?;
        self.static_roles.insert(name.to_owned(), role);
        Ok(Answer::Empty)
    }

    fn check_allowed(&self, connection: &str, role: &str) -> Result<(), Refusal> {
        let missing = || {
            Refusal::new(
                500,
                format!("failed to find entry for connection with name: {connection:?}"),
            )
        };
        let connection = self.connections.get(connection).ok_or_else(missing)?;
        if connection
            .allowed_roles
            .iter()
            .any(|allowed| allowed == "*" || allowed == role)
        {
            return Ok(());
        }
        Err(Refusal::new(
            500,
            format!("{role:?} is not an allowed role"),
        ))
    }
}

impl Connection {
    fn view(&self) -> Value {
        json!({
            "plugin_name": self.plugin,
            "allowed_roles": self.allowed_roles,
            "connection_details": self.details,
        })
    }
}

impl Role {
    fn view(&self) -> Value {
        json!({
            "db_name": self.connection,
            "creation_statements": self.creation_statements,
            "default_ttl": self.default_ttl.as_secs(),
            "max_ttl": self.max_ttl.as_secs(),
        })
    }

    /// A new user with a lease.
    fn credentials(&self, path: &str, name: &str, turn: Turn<'_>) -> Secret {
        let Turn {
            caller,
            leases,
            ids,
            now,
        } = turn;
        let short = |text: &str| -> String { text.chars().take(8).collect() };
        let username = format!(
            "v-{}-{}-{}-{}",
            short(&caller.display_name),
            short(name),
            ids.letters(20),
            now.as_second()
        );
        let new = NewLease {
            path,
            token: &caller.token,
            subject: &username,
            ttl: self.default_ttl,
            max_ttl: self.max_ttl,
        };
        let lease = leases.grant(&new, now, ids);
        let data = json!({ "username": username, "password": ids.letters(20) });
        Secret {
            lease_id: lease.id,
            lease_duration: lease.duration,
            renewable: true,
            ..Secret::data("database", data)
        }
    }
}

impl StaticRole {
    fn rotate(&mut self, now: Timestamp, ids: &mut Ids) {
        self.password = ids.letters(20);
        self.rotated = now;
    }

    /// Rotates when the time has come.
    fn keep_up(&mut self, now: Timestamp, ids: &mut Ids) {
        while self.rotated + self.period + self.lag <= now {
            self.rotate(self.rotated + self.period, ids);
        }
    }

    /// The user as of now.
    fn credentials(&mut self, now: Timestamp, ids: &mut Ids) -> Value {
        self.keep_up(now, ids);
        let mut next = self.rotated + self.period;
        if next <= now {
            next = match self.meanwhile {
                Meanwhile::Nothing => now,
                Meanwhile::NextPeriod => next + self.period,
            };
        }
        json!({
            "username": self.username,
            "password": self.password,
            "last_vault_rotation": self.rotated.to_string(),
            "rotation_period": self.period.as_secs(),
            "ttl": next.duration_since(now).as_secs(),
        })
    }
}

fn list<T>(items: &BTreeMap<String, T>) -> Outcome {
    let names: Vec<String> = items.keys().cloned().collect();
    Answer::keys("database", &names)
}

fn remove<T>(items: &mut BTreeMap<String, T>, name: &str) -> Answer {
    items.remove(name);
    Answer::Empty
}

fn db_name(request: &Request) -> Result<String, Refusal> {
    let name = request.text("db_name");
    name.map(str::to_owned)
        .ok_or_else(|| Refusal::bad_request("empty database name attribute"))
}

fn positive(duration: Option<Duration>) -> Option<Duration> {
    duration.filter(|duration| !duration.is_zero())
}
