//! What a listener refuses to the page of a web site, and to a program that can be led to ask for any
//! URL.

use serde_json::{Value, json};

use crate::proxy::{Answer, TARGET, connect, exchange, start};
use crate::support::World;

const HEADER: &str = "X-Vault-Request: true\r\n";
const PAGE: &str = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";

async fn ask(world: &World, line: &str, headers: &str) -> Answer {
    let body = if line.contains("cache-clear") {
        r#"{"type": "all"}"#
    } else {
        ""
    };
    exchange(connect(world).await, line, headers, body).await
}

fn mk_listener(requires: bool) -> Value {
    json!({"require_request_header": requires, "agent_api": {"enable_quit": true}})
}

#[tokio::test]
async fn what_goes_to_vault_needs_the_header_and_the_agents_own_endpoints_do_not() {
    let world = World::new().await;
    let agent = start(&world, "true", &mk_listener(true)).await;
    for line in [
        format!("GET {TARGET}"),
        "POST /agent/v1/cache-clear".to_owned(),
    ] {
        let refused = ask(&world, &line, "").await;
        assert_eq!(refused.status, 412, "{line}: {}", refused.body);
        for words in [
            "X-Vault-Request: true",
            "agent-cache-require-request-header",
        ] {
            assert!(refused.body.contains(words), "{line}: {}", refused.body);
        }
        assert_eq!(ask(&world, &line, HEADER).await.status, 200, "{line}");
    }
    for path in ["ready", "health", "metrics"] {
        let line = format!("GET /agent/v1/{path}");
        assert_eq!(ask(&world, &line, "").await.status, 200, "{line}");
    }
    // As `curl -X POST` asks, without a header.
    let quit = ask(&world, "POST /agent/v1/quit", "").await;
    assert_eq!(quit.status, 200, "{}", quit.body);
    agent.end().await.unwrap();
}

#[tokio::test]
async fn the_page_of_a_site_reaches_neither_vault_nor_the_agent() {
    let world = World::new().await;
    let agent = start(&world, "true", &mk_listener(true)).await;
    let target = format!("GET {TARGET}");
    let lines = [
        &*target,
        "POST /agent/v1/quit",
        "POST /agent/v1/cache-clear",
        "GET /agent/v1/metrics",
    ];
    for line in lines {
        for page in [PAGE, "Origin: null\r\n", "Sec-Fetch-Site: same-site\r\n"] {
            let refused = ask(&world, line, &format!("{HEADER}{page}")).await;
            assert_eq!(refused.status, 403, "{line}: {}", refused.body);
            for words in [
                "X-Vault-Request: true",
                "agent-cache-require-request-header",
            ] {
                assert!(refused.body.contains(words), "{line}: {}", refused.body);
            }
        }
    }
    let typed = format!("{HEADER}Sec-Fetch-Site: none\r\n");
    assert_eq!(ask(&world, &target, &typed).await.status, 200);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_listener_that_wants_no_header_passes_pages_on_and_still_ends_for_none() {
    let world = World::new().await;
    let agent = start(&world, "true", &mk_listener(false)).await;
    let target = format!("GET {TARGET}");
    assert_eq!(ask(&world, &target, "").await.status, 200);
    assert_eq!(ask(&world, &target, PAGE).await.status, 200);
    assert_eq!(ask(&world, "POST /agent/v1/quit", PAGE).await.status, 403);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_listener_for_metrics_answers_scrapers_without_the_header() {
    let world = World::new().await;
    let listener = json!({"role": "metrics_only", "require_request_header": true});
    let agent = start(&world, "true", &listener).await;
    for (headers, status) in [("", 200), (PAGE, 403)] {
        let answer = ask(&world, "GET /agent/v1/metrics", headers).await;
        assert_eq!(answer.status, status, "{headers}");
    }
    agent.stop().await.unwrap();
}
