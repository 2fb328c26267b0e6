//! Credentials that live for seconds. Against the real server they open real sessions.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::{DATABASE_TEMPLATE, DEADLINE, DbCredentials, Lab};
use jiff::Timestamp;
use serde_json::{Value, json};

on_both_servers! {
    credentials_open_sessions_before_and_after_their_rotation,
    a_revoked_lease_brings_new_credentials,
    a_pool_that_logs_in_with_the_file_is_never_refused,
}

async fn credentials_open_sessions_before_and_after_their_rotation(mut lab: Lab) -> Result<()> {
    lab.database("5s", "12s").await?;
    let agent = lab.run(&lab.sidecar(&[("db", DATABASE_TEMPLATE)]))?;
    let mut current = credentials(&lab, None).await;
    work(&lab, &current).await?;

    for _ in 0..2 {
        let (next, end) = rotation(&lab, &current).await?;
        let begin = time(&lease(&lab, &next).await?["issue_time"])?;
        lab.story.tell(format_args!(
            "rotated to {}, {:.1} s before the end",
            next.user,
            seconds(begin, end)
        ));
        assert!(begin < end, "new credentials come before the old ones end");
        work(&lab, &next).await?;

        gone(&lab, &current).await?;
        current = next;
    }
    assert_eq!(agent.logged("error authenticating"), 0);
    let log = agent.log();
    lab.story
        .tell(format_args!("the agent's log of all this:\n{log}"));
    assert!(
        !log.contains(&current.password),
        "no password is in the log"
    );
    assert_eq!(agent.terminate().await?.code(), Some(0));
    Ok(())
}

async fn a_revoked_lease_brings_new_credentials(mut lab: Lab) -> Result<()> {
    // Long enough that nothing but the revocation can be the cause of a change within the deadline.
    lab.database("6s", "1h").await?;
    let _agent = lab.run(&lab.sidecar(&[("db", DATABASE_TEMPLATE)]))?;
    let first = credentials(&lab, None).await;
    work(&lab, &first).await?;

    lab.admin()
        .write("sys/leases/revoke", &json!({ "lease_id": first.lease }))
        .await?;
    lab.story
        .tell(format_args!("revoked {} by hand", first.user));
    gone(&lab, &first).await?;
    let second = credentials(&lab, Some(&first)).await;
    lab.story.tell(format_args!("replaced by {}", second.user));
    work(&lab, &second).await
}

async fn a_pool_that_logs_in_with_the_file_is_never_refused(mut lab: Lab) -> Result<()> {
    const SESSIONS: usize = 3;
    lab.database("4s", "8s").await?;
    let agent = lab.run(&lab.sidecar(&[("db", DATABASE_TEMPLATE)]))?;
    let mut users = vec![credentials(&lab, None).await.user];
    let (mut pool, mut logins) = (Vec::new(), 0);
    let started = Instant::now();
    while users.len() < 4 {
        ensure!(started.elapsed() < DEADLINE, "only {users:?}");
        // A session may end with its user; the next one begins with what the file holds by then.
        let mut alive = Vec::new();
        for session in pool {
            if is_alive(&lab, &session).await {
                alive.push(session);
            }
        }
        pool = alive;
        // The application may begin one at any time, so the oldest makes way even if it lives.
        if pool.len() == SESSIONS {
            pool.remove(0);
        }
        while pool.len() < SESSIONS {
            let credentials = credentials(&lab, None).await;
            let session = log_in(&lab, &credentials).await;
            pool.push(session.with_context(|| format!("{} is refused", credentials.user))?);
            logins += 1;
            if !users.contains(&credentials.user) {
                users.push(credentials.user);
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    lab.story
        .tell(format_args!("{logins} logins as {users:?}, none refused"));
    assert_eq!(agent.logged("authentication successful"), 1);
    Ok(())
}

/// One session of a pool. The stand-in has no database; there it is the lease that lives or not.
enum Session {
    Database(Box<tokio_postgres::Client>),
    Lease(DbCredentials),
}

async fn log_in(lab: &Lab, credentials: &DbCredentials) -> Result<Session> {
    let Some(postgres) = &lab.postgres else {
        lease(lab, credentials).await?;
        return Ok(Session::Lease(credentials.clone()));
    };
    let client = postgres
        .connect(&credentials.user, &credentials.password)
        .await?;
    Ok(Session::Database(Box::new(client)))
}

async fn is_alive(lab: &Lab, session: &Session) -> bool {
    match session {
        Session::Database(client) => client.query_one("SELECT 1", &[]).await.is_ok(),
        Session::Lease(credentials) => lease(lab, credentials).await.is_ok(),
    }
}

/// The rendered credentials, as soon as they are others than `old`.
async fn credentials(lab: &Lab, old: Option<&DbCredentials>) -> DbCredentials {
    lab.story
        .until("new credentials in the file", || async {
            other_than(lab, old)
        })
        .await
}

fn other_than(lab: &Lab, old: Option<&DbCredentials>) -> Result<DbCredentials, String> {
    let seen = DbCredentials::parse(&lab.file("db")?).ok_or("an incomplete file")?;
    match old {
        Some(old) if old.user == seen.user => Err(format!("still {}", seen.user)),
        _ => Ok(seen),
    }
}

/// Does what an application does: opens a session and writes a row.
async fn work(lab: &Lab, credentials: &DbCredentials) -> Result<()> {
    let Some(postgres) = &lab.postgres else {
        lab.story
            .tell(format_args!("rendered {}", credentials.user));
        return Ok(());
    };
    let session = postgres
        .connect(&credentials.user, &credentials.password)
        .await?;
    session
        .execute(
            "INSERT INTO orders (item, placed_by) VALUES ('book', current_user)",
            &[],
        )
        .await?;
    let orders = session
        .query_one(
            "SELECT count(*) FROM orders WHERE placed_by = $1",
            &[&credentials.user],
        )
        .await?;
    ensure!(orders.get::<_, i64>(0) == 1, "the row must be there");
    lab.story.tell(format_args!(
        "connected as {} and wrote a row",
        credentials.user
    ));
    Ok(())
}

/// Watches a lease from its renewal to the credentials that follow it. Returns these and the time to
/// which the old lease was extended at last.
async fn rotation(lab: &Lab, old: &DbCredentials) -> Result<(DbCredentials, Timestamp)> {
    let issued = time(&lease(lab, old).await?["issue_time"])?;
    let seen = RefCell::new((issued, false));
    let next = lab
        .story
        .until("new credentials in the file", || async {
            if let Ok(info) = lease(lab, old).await {
                let mut seen = seen.borrow_mut();
                // The agent renews once as soon as it has the lease; a later renewal shows that it goes on.
                if !seen.1 && renewed_later(&info) {
                    seen.1 = true;
                    lab.story
                        .tell(format_args!("renewed the lease of {}", old.user));
                }
                if let Ok(extended) = time(&info["expire_time"]) {
                    seen.0 = seen.0.max(extended);
                }
            }
            other_than(lab, Some(old))
        })
        .await;
    let (end, renewed) = seen.into_inner();
    ensure!(renewed, "{} was replaced without a renewal", old.user);
    Ok((next, end))
}

fn renewed_later(info: &Value) -> bool {
    let times = (time(&info["issue_time"]), time(&info["last_renewal"]));
    matches!(times, (Ok(issued), Ok(renewed)) if seconds(issued, renewed) >= 2.0)
}

/// Waits until the credentials are of no use any more.
async fn gone(lab: &Lab, credentials: &DbCredentials) -> Result<()> {
    lab.story
        .until("the end of the old lease", || async {
            match lease(lab, credentials).await {
                Ok(info) => Err(info.to_string()),
                Err(_) => Ok(()),
            }
        })
        .await;
    if let Some(postgres) = &lab.postgres {
        lab.story
            .until("the end of the old role", || async {
                match postgres.has_role(&credentials.user).await {
                    Ok(false) => Ok(()),
                    seen => Err(format!("{seen:?}")),
                }
            })
            .await;
        let refused = postgres
            .connect(&credentials.user, &credentials.password)
            .await;
        ensure!(refused.is_err(), "{} can still connect", credentials.user);
        lab.story
            .tell(format_args!("{} is gone and refused", credentials.user));
    }
    Ok(())
}

/// What the server says of a lease.
async fn lease(lab: &Lab, credentials: &DbCredentials) -> Result<Value> {
    let answer = lab
        .admin()
        .write(
            "sys/leases/lookup",
            &json!({ "lease_id": credentials.lease }),
        )
        .await?;
    Ok(answer.body["data"].clone())
}

fn time(value: &Value) -> Result<Timestamp> {
    Ok(value.as_str().context("a time must be a text")?.parse()?)
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}
