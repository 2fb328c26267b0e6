//! The stand-in is worth something only where it answers as the real server does: the answers that
//! an agent decides by, in one table for both.

use anyhow::Result;
use e2e::{Lab, ROLE, SERVICE_ACCOUNT};
use reqwest::Method;
use serde_json::{Value, json};

on_both_servers! {
    answers_have_the_status_and_the_words_that_an_agent_decides_by,
    a_login_says_whom_it_is_for_and_how_long,
    a_deleted_secret_is_a_404_that_tells_when,
    leases_tell_their_times,
}

/// Who asks, the request with its body, the status of the answer and words of its errors.
const ANSWERS: &str = r#"
nobody    GET  secret/data/production/api-service                         -                    403  permission denied
stranger  GET  secret/data/production/api-service                         -                    403  invalid token
stranger  GET  auth/token/lookup-self                                     -                    403  invalid token
stranger  PUT  auth/token/renew-self                                      {}                   403  invalid token
pod       GET  secret/data/production/api-service                         -                    200
pod       GET  secret/data/production/other                               -                    403  permission denied
pod       PUT  secret/data/production/api-service                         {"data":{}}          403  permission denied
pod       GET  sys/internal/ui/mounts/secret/data/production/api-service  -                    200
pod       GET  sys/internal/ui/mounts/secret/production/api-service       -                    200
pod       GET  sys/internal/ui/mounts/nope/a                              -                    403  preflight capability check returned 403
pod       GET  auth/token/lookup-self                                     -                    200
pod       PUT  auth/token/renew-self                                      {"increment":0}      200
pod       PUT  sys/leases/renew                                           {"lease_id":"a/b"}   400  lease not found
root      GET  secret/data/nope                                           -                    404
root      GET  secret/data/production/api-service?version=99              -                    404
root      GET  secret/metadata/?list=true                                 -                    200
root      GET  secret/metadata/nope/?list=true                            -                    404
root      GET  nomount/x                                                  -                    404  no handler for route
nobody    PUT  auth/kubernetes/login            {"role":"x","jwt":"a.b.c"}                     400  invalid role name "x"
nobody    PUT  auth/kubernetes/login            {"role":"api-service","jwt":"a.b.c"}           403  permission denied
nobody    PUT  auth/kubernetes/login            {"role":"api-service"}                         400  missing jwt
nobody    PUT  auth/kubernetes/login            {"jwt":"a"}                                    400  missing role
nobody    GET  sys/health                                                 -                    200
"#;

async fn answers_have_the_status_and_the_words_that_an_agent_decides_by(lab: Lab) -> Result<()> {
    let pod = login(&lab).await?;
    let pod = lab.admin().with_token(token(&pod));
    for row in ANSWERS.trim().lines() {
        let mut cells = row.split_whitespace();
        let mut cell = || cells.next().expect("a row must have five cells");
        let admin = match cell() {
            "nobody" => lab.admin().with_token(""),
            "stranger" => lab.admin().with_token("hvs.stranger"),
            "pod" => pod.clone(),
            _ => lab.admin().clone(),
        };
        let (method, path) = (cell().parse::<Method>()?, cell());
        let body: Option<Value> = Some(cell())
            .filter(|text| *text != "-")
            .map(serde_json::from_str)
            .transpose()?;
        let status: u16 = cell().parse()?;
        let words = cells.collect::<Vec<_>>().join(" ");

        let answer = admin.send(method, path, body.as_ref()).await?;
        assert_eq!(answer.status, status, "{row}\n{answer:?}");
        assert!(answer.errors().contains(&words), "{row}\n{answer:?}");
        assert_eq!(
            answer.body["errors"].is_array(),
            status >= 400,
            "{row}\n{answer:?}"
        );
    }

    lab.server.seal().await?;
    let answer = pod
        .send(Method::GET, "secret/data/production/api-service", None)
        .await?;
    assert_eq!(
        (answer.status, answer.errors().as_str()),
        (503, "Vault is sealed")
    );
    let health = pod.send(Method::GET, "sys/health", None).await?;
    assert_eq!((health.status, &health.body["sealed"]), (503, &json!(true)));
    Ok(())
}

async fn a_login_says_whom_it_is_for_and_how_long(lab: Lab) -> Result<()> {
    let answer = login(&lab).await?;
    let auth = &answer["auth"];
    assert_eq!(auth["policies"], json!(["api-secrets", "default"]));
    assert_eq!(
        (&auth["lease_duration"], &auth["renewable"]),
        (&json!(3600), &json!(true))
    );
    assert_eq!(auth["metadata"]["role"], ROLE);
    assert_eq!(
        auth["metadata"]["service_account_name"],
        SERVICE_ACCOUNT.name
    );
    assert_eq!(
        auth["metadata"]["service_account_namespace"],
        SERVICE_ACCOUNT.namespace
    );
    assert_eq!(answer["data"], Value::Null);

    let own = lab
        .admin()
        .with_token(token(&answer))
        .read("auth/token/lookup-self")
        .await?;
    assert_eq!(own["accessor"], auth["accessor"]);
    assert_eq!(own["creation_ttl"], 3600);
    assert_eq!(own["type"], "service");
    assert!(
        own["ttl"]
            .as_u64()
            .is_some_and(|ttl| (3500..=3600).contains(&ttl)),
        "{own}"
    );
    Ok(())
}

async fn a_deleted_secret_is_a_404_that_tells_when(lab: Lab) -> Result<()> {
    let path = "secret/data/production/api-service";
    let live = lab.admin().read(path).await?;
    assert_eq!(live["data"]["api_key"], "sk_live_xxxxx");
    assert_eq!(
        (
            &live["metadata"]["version"],
            &live["metadata"]["deletion_time"]
        ),
        (&json!(1), &json!(""))
    );

    lab.admin().send(Method::DELETE, path, None).await?;
    let answer = lab.admin().send(Method::GET, path, None).await?;
    assert_eq!(answer.status, 404);
    let (data, metadata) = (
        &answer.body["data"]["data"],
        &answer.body["data"]["metadata"],
    );
    assert_eq!(
        (data, &metadata["destroyed"]),
        (&Value::Null, &json!(false))
    );
    let time = metadata["deletion_time"].as_str().unwrap_or_default();
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{answer:?}");
    Ok(())
}

async fn leases_tell_their_times(mut lab: Lab) -> Result<()> {
    lab.database("5s", "12s").await?;
    let pod = login(&lab).await?;
    let pod = lab.admin().with_token(token(&pod));
    let creds = pod
        .send(Method::GET, "database/creds/api-role", None)
        .await?
        .body;
    assert_eq!(
        (&creds["lease_duration"], &creds["renewable"]),
        (&json!(5), &json!(true))
    );
    let id = creds["lease_id"].as_str().unwrap_or_default();
    assert!(id.starts_with("database/creds/api-role/"), "{id}");
    let user = creds["data"]["username"].as_str().unwrap_or_default();
    assert!(user.starts_with("v-kubernet-api-role-"), "{user}");

    let renewal = json!({ "lease_id": id, "increment": 3 });
    let renewed = pod.write("sys/leases/renew", &renewal).await?.body;
    assert_eq!(
        (&renewed["lease_id"], &renewed["lease_duration"]),
        (&creds["lease_id"], &json!(3))
    );
    let info = lab
        .admin()
        .write("sys/leases/lookup", &json!({ "lease_id": id }))
        .await?
        .body;
    assert!(info["data"]["last_renewal"].is_string(), "{info}");
    assert!(info["data"]["expire_time"].is_string(), "{info}");

    // A lease ends with the token that it was read with.
    pod.write("auth/token/revoke-self", &json!({})).await?;
    let answer = lab
        .story
        .until("the end of the lease", || async {
            let lookup = json!({ "lease_id": id });
            let answer = lab
                .admin()
                .send(Method::PUT, "sys/leases/lookup", Some(&lookup))
                .await;
            let answer = answer.map_err(|error| error.to_string())?;
            if answer.is_ok() {
                Err(format!("{answer:?}"))
            } else {
                Ok(answer)
            }
        })
        .await;
    assert_eq!(
        (answer.status, answer.errors().as_str()),
        (400, "invalid lease")
    );
    Ok(())
}

async fn login(lab: &Lab) -> Result<Value> {
    let body = json!({ "role": ROLE, "jwt": lab.service_account_token(SERVICE_ACCOUNT)? });
    Ok(lab
        .admin()
        .with_token("")
        .write("auth/kubernetes/login", &body)
        .await?
        .body)
}

fn token(login: &Value) -> &str {
    login["auth"]["client_token"]
        .as_str()
        .expect("a login must give a token")
}
