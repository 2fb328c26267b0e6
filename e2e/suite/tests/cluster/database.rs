//! A workload whose database users live for seconds, and which works on.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use e2e::{Kubectl, Scene, workload};

use crate::guide::example;

in_the_cluster! {
    Together;
    a_workload_keeps_a_session_with_its_database_while_its_users_come_and_go,
}

/// A user's life: renewed at least once, then replaced.
const TTL: f64 = 5.0;
const DEFAULT_TTL: &str = "default_ttl=5s";
const MAX_TTL: &str = "max_ttl=12s";

/// How many users the workload is watched with.
const USERS: usize = 4;

/// Keeps one session open for as long as its file names the same user, and writes a row in it every
/// now and then.
const WORK: &str = r#"
trap 'exit 0' TERM
while :; do
    . /vault/secrets/db
    user=$DB_USER
    while . /vault/secrets/db; [ "$DB_USER" = "$user" ]; do
        echo "INSERT INTO orders VALUES ('book', current_user) RETURNING concat_ws(' ',
            'worked as', placed_by, pg_backend_pid(), extract(epoch FROM clock_timestamp()));"
        sleep 0.3
    done |
        PGPASSWORD=$DB_PASSWORD psql --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
            --host=postgres.vault --username="$user" app || echo "refused as $user"
done
"#;

async fn a_workload_keeps_a_session_with_its_database_while_its_users_come_and_go(
    scene: &Scene,
) -> Result<()> {
    let kubectl = scene.within("production");
    let role = ["write", "database/roles/api-role"];
    scene.vault_afterwards(&[&role[..], &["default_ttl=1h", "max_ttl=24h"]].concat());
    scene
        .vault(&[&role[..], &[DEFAULT_TTL, MAX_TTL]].concat())
        .await?;

    scene.afterwards(&kubectl, &["delete", "deployment", "api-database"]);
    kubectl.apply(&manifest()?).await?;
    kubectl.rolled_out("api-database").await?;

    let log = || kubectl.logs("deployment/api-database", "api");
    let look = || async {
        let log = log().await.map_err(|error| error.to_string())?;
        let lines = lines(&log).map_err(|error| format!("{error:#}"))?;
        let users: BTreeSet<_> = lines.iter().map(|line| line.user.clone()).collect();
        if users.len() >= USERS {
            Ok(lines)
        } else {
            Err(format!("{users:?}"))
        }
    };
    let lines = scene.until("the last user at work", look).await;

    let mut users: Vec<&str> = lines.iter().map(|line| line.user.as_str()).collect();
    users.dedup();
    assert_eq!(users.len(), USERS, "a user that is gone does not come back");
    // The first life may be short: it is the init container's, and the sidecar begins one of its own.
    for user in &users[1..USERS - 1] {
        let own: Vec<&Line> = lines.iter().filter(|line| line.user == *user).collect();
        let sessions: BTreeSet<u32> = own.iter().map(|line| line.session).collect();
        assert_eq!(sessions.len(), 1, "one session for {user}");
        let worked = own[own.len() - 1].time - own[0].time;
        scene.story.tell(format_args!(
            "{user} worked for {worked:.1} s in one session"
        ));
        assert!(worked > TTL, "{user} was renewed beyond its first life");
    }

    let look = || async {
        match exists(scene, users[0]).await {
            Ok(false) => Ok(()),
            seen => Err(format!("{seen:?}")),
        }
    };
    scene.until("the end of the first user", look).await;
    // Not one refusal up to now, when the first user is no more.
    self::lines(&log().await?)?;
    let pod = kubectl.pod("api-database").await?;
    assert_eq!(workload::restarts(&pod), 0);
    Ok(())
}

/// The example that users find, with our application in it.
fn manifest() -> Result<String> {
    let manifest = example("database-deployment.yaml")?;
    let image = "        image: api:1.0.0\n";
    ensure!(manifest.matches(image).count() == 1, "{manifest}");
    let command = serde_json::json!(["sh", "-c", WORK]);
    let ours = format!("        image: testbed.local/postgres:1\n        command: {command}\n");
    Ok(manifest.replace(image, &ours))
}

/// A row that was written.
struct Line {
    user: String,
    session: u32,
    /// In seconds.
    time: f64,
}

/// The workload's log. Anything but written rows is an error of its database.
fn lines(log: &str) -> Result<Vec<Line>> {
    let rows = log.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let ["worked", "as", user, session, time] = words[..] else {
            anyhow::bail!("the workload says: {line}");
        };
        Ok(Line {
            user: user.to_owned(),
            session: session.parse()?,
            time: time.parse()?,
        })
    });
    rows.collect()
}

/// Whether the database has a role of this name.
async fn exists(scene: &Scene, role: &str) -> Result<bool> {
    let vault: Kubectl = scene.within("vault");
    let query = format!("SELECT count(*) FROM pg_roles WHERE rolname = '{role}'");
    let ask = format!(
        "PGPASSWORD=admin_password psql -qtA -h postgres -U vault_admin app -c \"{query}\""
    );
    let count = vault
        .run(&["exec", "deployment/postgres", "--", "sh", "-c", &ask])
        .await?;
    let count: u32 = count.trim().parse().context("a count")?;
    Ok(count > 0)
}
