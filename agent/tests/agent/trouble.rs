//! Vault in trouble: files stay, little is asked of it, and all goes on when it is back.

use std::time::Duration;

use dev_vault::Fault;
use serde_json::{Value, json};

use crate::support::{Agent, DATABASE_TEMPLATE, KV, KV_TEMPLATE, World};

/// As users have it: the default back-off, a static interval of a minute.
fn mk_config(world: &World, templates: &[Value]) -> Value {
    let mut config = world.config(templates);
    let method = config["auto_auth"]["method"].as_object_mut().unwrap();
    method.remove("min_backoff");
    method.remove("max_backoff");
    config["template_config"]["static_secret_render_interval"] = json!("1m");
    config
}

async fn sleep(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// An outage of ten minutes while the agent runs: what it asked meanwhile, and how long it took to
/// notice the end.
async fn outage(fault: Fault) -> (usize, Duration) {
    let world = World::paused().await;
    let templates = [
        world.template("app", KV_TEMPLATE),
        world.template("user", DATABASE_TEMPLATE),
    ];
    let agent = Agent::start(&mk_config(&world, &templates));
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    world.vault.clear_requests();
    world.vault.add_fault(fault);
    sleep(600).await;
    let asked = world.vault.requests().len();
    assert_eq!(world.read("app").unwrap(), "key=first");
    world.set_key("second");
    world.vault.clear_faults();
    let back = tokio::time::Instant::now();
    world.wait_for_text("app", "key=second").await;
    let waited = back.elapsed();
    assert_eq!(
        world.read("user").unwrap(),
        user,
        "a lease outlives an outage"
    );
    assert_eq!(world.logins(), 0);
    agent.stop().await.unwrap();
    (asked, waited)
}

#[tokio::test(start_paused = true)]
async fn an_outage_costs_few_requests_and_ends_within_one_step() {
    for status in [429, 472, 473, 500, 502, 503, 504, 412] {
        let (asked, waited) = outage(Fault::status("", status)).await;
        assert!((5..60).contains(&asked), "{status}: {asked} requests");
        assert!(waited <= Duration::from_secs(61), "{status}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_patience_gets_it() {
    let (asked, waited) = outage(Fault::status("", 429).retry_after("40")).await;
    assert!((12..=18).contains(&asked), "{asked} requests");
    assert!(waited <= Duration::from_secs(61), "{waited:?}");
    // Nobody is away for longer than a minute on another's word.
    let (asked, waited) = outage(Fault::status("", 429).retry_after("86400")).await;
    assert!((8..=12).contains(&asked), "{asked} requests");
    assert!(waited <= Duration::from_secs(61), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn many_secrets_ask_no_more_of_a_vault_in_trouble_than_one() {
    let world = World::paused().await;
    let templates: Vec<Value> = (0..100)
        .map(|index| {
            let path = format!("secret/production/s{index}");
            world.put(
                &format!("secret/data/production/s{index}"),
                &json!({"data": {"a": "b"}}),
            );
            let text =
                format!(r#"{{{{ with secret "{path}" }}}}{{{{ .Data.data.a }}}}{{{{ end }}}}"#);
            world.template(&format!("s{index}"), &text)
        })
        .collect();
    let agent = Agent::start(&mk_config(&world, &templates));
    world.wait_until_ready().await;
    world.vault.clear_requests();
    let sealed = Fault::status("secret/", 503).errors(&["Vault is sealed"]);
    world.vault.add_fault(sealed);
    sleep(600).await;
    let asked = world.vault.requests().len();
    assert!(asked < 60, "{asked} requests for a hundred secrets");
    for index in 0..100 {
        world.put(
            &format!("secret/data/production/s{index}"),
            &json!({"data": {"a": "c"}}),
        );
    }
    world.vault.clear_faults();
    let back = tokio::time::Instant::now();
    for index in 0..100 {
        world.wait_for_text(&format!("s{index}"), "c").await;
    }
    // One step of the back-off, and one interval over which the reads are spread.
    let waited = back.elapsed();
    assert!(waited <= Duration::from_secs(121), "{waited:?}");
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sealed_vault_is_waited_for_after_the_first_render_too() {
    let world = World::paused().await;
    let agent = Agent::start(&mk_config(&world, &[world.template("app", KV_TEMPLATE)]));
    world.wait_until_ready().await;
    world.vault.set_sealed(true);
    sleep(1200).await;
    world.vault.set_sealed(false);
    world.set_key("second");
    let back = tokio::time::Instant::now();
    world.wait_for_text("app", "key=second").await;
    assert!(back.elapsed() <= Duration::from_secs(61));
    assert_eq!(world.logins(), 1);
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_lags_behind_after_the_login_is_asked_again() {
    let world = World::paused().await;
    let inconsistent = Fault::status("secret/", 412).times(3);
    world
        .vault
        .add_fault(inconsistent.errors(&["required index state not present"]));
    let start = tokio::time::Instant::now();
    let agent = Agent::start(&mk_config(&world, &[world.template("app", KV_TEMPLATE)]));
    world.wait_for_text("app", "key=first").await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(world.logins(), 1);
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_path_holds_up_no_other() {
    let world = World::paused().await;
    world
        .vault
        .set_latency("database/creds", Duration::from_secs(300));
    let templates = [
        world.template("app", KV_TEMPLATE),
        world.template("user", DATABASE_TEMPLATE),
    ];
    let mut config = mk_config(&world, &templates);
    config["template_config"]["exit_on_retry_failure"] = json!(false);
    let agent = Agent::start(&config);
    world.wait_for_text("app", "key=first").await;
    world.wait_for_log("request timed out").await;
    world.set_key("second");
    let start = tokio::time::Instant::now();
    world.wait_for_text("app", "key=second").await;
    assert!(
        start.elapsed() <= Duration::from_secs(61),
        "{:?}",
        start.elapsed()
    );
    world.vault.clear_faults();
    world.wait_for("user", |text| !text.is_empty()).await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn the_next_address_serves_where_the_first_does_not() {
    let world = World::new().await;
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    let addresses = format!(
        "http://127.0.0.1:1,http://name.invalid:1,{}",
        world.vault.address()
    );
    config["vault"]["address"] = json!(addresses);
    let agent = Agent::start(&config);
    world.wait_for_text("app", "key=first").await;
    world.wait_for_count("GET", KV, 2).await;
    agent.stop().await.unwrap();
}
