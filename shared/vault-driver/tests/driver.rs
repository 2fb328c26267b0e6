//! The driver against a server that behaves like Vault.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use contract::agent_config::{AutoAuth, check};
use dev_vault::{Config, DevVault};
use serde_json::json;
use vault_client::{ClientConfig, Connection};
use vault_driver::{Driver, Logins};
use vault_engine::{FailureKind, Output, Settings, Want};
use vault_login::{Credentials, Method};

/// A Vault with one secret, and a driver that logs in with a token from a file.
struct Setup {
    vault: DevVault,
    driver: Driver,
    _token: tempfile::NamedTempFile,
}

/// An answer that is lost ends a test, and does not hold it up.
const LIMIT: Duration = Duration::from_secs(30);

async fn next(driver: &mut Driver) -> Output {
    let output = tokio::time::timeout(LIMIT, driver.next()).await;
    output.expect("an output must come in time")
}

async fn mk_setup() -> Setup {
    let vault = DevVault::start(Config::default()).await.unwrap();
    vault
        .write("secret/data/app", &json!({ "data": { "user": "u" } }))
        .unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(vault.root_token().as_bytes()).unwrap();
    let auto_auth: AutoAuth = serde_json::from_value(json!({
        "method": [{ "type": "token_file", "config": { "token_file_path": file.path() } }],
    }))
    .unwrap();
    let method = Method::new(check::login(&auto_auth).unwrap(), &BTreeMap::new()).unwrap();
    let connection = Connection::new(&ClientConfig::new(vault.address())).unwrap();
    let logins = Logins {
        method: Box::new(method),
        wrap_ttl: None,
        credentials: Credentials::none(),
        connection: connection.clone(),
    };
    let mut driver = Driver::new(Settings::default(), 1, connection, Some(logins));
    driver.start(None);
    Setup {
        vault,
        driver,
        _token: file,
    }
}

#[tokio::test]
async fn a_secret_is_read_with_the_token_of_a_login() {
    let mut setup = mk_setup().await;
    let want = Want::Read {
        path: "secret/data/app".into(),
    };
    let id = setup.driver.want(want);
    let reading = loop {
        match next(&mut setup.driver).await {
            Output::Reading(read, reading) => {
                assert_eq!(read, id);
                break reading;
            }
            Output::Failed(_, failure) => panic!("{:?}", failure.kind),
            // As in a host that leaves nothing for the next process.
            Output::Call(call, _) => setup.driver.recalled(call, None),
            _ => {}
        }
    };
    let body = reading.response.unwrap().body;
    assert!(body.as_str().contains(r#""user":"u""#), "{body:?}");
    let login = setup.driver.login().unwrap();
    assert_eq!(login.token.expose(), setup.vault.root_token());
    assert!(setup.driver.login_error().is_none());
}

#[tokio::test]
async fn a_login_that_vault_refuses_is_told_with_its_reason() {
    let mut setup = mk_setup().await;
    setup.vault.set_sealed(true);
    loop {
        if let Output::LoginFailed { error, .. } = next(&mut setup.driver).await {
            assert!(error.unwrap().is_away());
            break;
        }
    }
    let reason = setup.driver.take_login_error().unwrap().to_string();
    assert!(reason.contains("sealed"), "{reason}");
}

#[tokio::test]
async fn a_dropped_wait_loses_no_answer() {
    let mut setup = mk_setup().await;
    let id = setup.driver.want(Want::Read {
        path: "secret/data/none".into(),
    });
    let asking = async {
        loop {
            // Asked for again and again, as beside other work.
            let next = tokio::select! {
                biased;
                output = setup.driver.next() => output,
                () = tokio::task::yield_now() => continue,
            };
            match next {
                Output::Failed(failed, failure) if failed == id => break failure,
                Output::Call(call, _) => setup.driver.recalled(call, None),
                _ => {}
            }
        }
    };
    let failure = tokio::time::timeout(LIMIT, asking).await;
    let failure = failure.expect("an answer must come in time");
    assert!(
        matches!(failure.kind, FailureKind::Missing),
        "{:?}",
        failure.kind
    );
}
