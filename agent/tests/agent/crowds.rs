//! Listeners with more clients than places.

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::front::{self, mk_answer};
use crate::proxy::{connect, exchange};
use crate::support::{Agent, World};

/// As many as one listener has connections.
const CONNECTIONS: usize = 128;
/// As many as the proxy passes on at one time.
const REQUESTS: usize = 96;

const READY: &str = "GET /agent/v1/ready";

fn mk_config(world: &World) -> Value {
    let mut config = world.config(&[]);
    config["api_proxy"] = json!({"use_auto_auth_token": true});
    config["listener"] = json!([
        {"type": "tcp", "address": "127.0.0.1:0", "tls_disable": true},
        {"type": "unix", "address": world.path("agent.sock"), "tls_disable": true},
    ]);
    config
}

/// Asks on a connection and leaves it open; tells whether there was an answer.
async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> bool {
    let request = b"GET /agent/v1/health HTTP/1.1\r\nHost: agent\r\n\r\n";
    if stream.write_all(request).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    while !answer.ends_with(br#"{"healthy":true}"#) {
        match stream.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(_) => return false,
        }
    }
    true
}

async fn local(path: &Path) -> UnixStream {
    UnixStream::connect(path).await.unwrap()
}

#[tokio::test]
async fn connections_that_idle_make_way_for_a_new_one() {
    let world = World::new().await;
    let agent = Agent::start(&mk_config(&world));
    world.wait_until_ready().await;
    let socket = world.path("agent.sock");
    let mut pooled = (connect(&world).await, local(&socket).await);
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS {
        // Some with half a head, as those have that never end it.
        let mut streams = (connect(&world).await, local(&socket).await);
        streams
            .0
            .write_all(b"GET / HTTP/1.1\r\nHost: ")
            .await
            .unwrap();
        assert!(ask(&mut streams.1).await);
        silent.push(streams);
        // Used all the time, so it stays.
        assert!(ask(&mut pooled.0).await && ask(&mut pooled.1).await);
    }
    let answer = exchange(connect(&world).await, READY, "", "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = exchange(local(&socket).await, READY, "", "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(ask(&mut pooled.0).await && ask(&mut pooled.1).await);
    assert!(!ask(&mut silent[0].1).await, "it was idle for longest");
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn probes_are_answered_while_all_requests_wait_and_new_ones_are_refused() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    // More than any socket holds, so that it is on its way until it is read.
    front::put_between(&world, &mut config, |head| {
        head.contains(" /v1/large ")
            .then(|| mk_answer("200 OK", "", &vec![b'x'; 1 << 20]))
    })
    .await;
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    world.wait_for_log("authentication successful").await;
    let mut busy = Vec::new();
    for number in 0..REQUESTS {
        let mut stream = connect(&world).await;
        // A request that does not end, and one whose answer is not read.
        let request: &[u8] = match number % 3 {
            0 => b"POST /v1/kv/a HTTP/1.1\r\nHost: agent\r\nContent-Length: 9\r\n\r\n{",
            1 => {
                b"POST /agent/v1/cache-clear HTTP/1.1\r\nHost: agent\r\nContent-Length: 9\r\n\r\n{"
            }
            _ => b"GET /v1/large HTTP/1.1\r\nHost: agent\r\n\r\n",
        };
        stream.write_all(request).await.unwrap();
        busy.push(stream);
        if number % 3 == 2 {
            // Its head is there.
            let mut byte = [0];
            busy[number].read_exact(&mut byte).await.unwrap();
        }
    }
    let idle = CONNECTIONS - REQUESTS + 2;
    let mut silent = Vec::new();
    for _ in 0..idle {
        silent.push(connect(&world).await);
    }
    let answer = exchange(connect(&world).await, READY, "", "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = exchange(connect(&world).await, "GET /v1/kv/a", "", "").await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    let answer = exchange(
        connect(&world).await,
        "POST /agent/v1/cache-clear",
        "",
        "{}",
    )
    .await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    // Whoever leaves gives a place back.
    drop(busy.pop());
    let answer = async || {
        exchange(connect(&world).await, "GET /v1/kv/a", "", "")
            .await
            .status
    };
    while answer().await == 503 {
        tokio::task::yield_now().await;
    }
    drop((busy, silent));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let world = World::new().await;
    let agent = Agent::start(&mk_config(&world));
    world.wait_until_ready().await;
    let long = format!("X-Long: {}\r\n", "x".repeat(128 * 1024));
    let answer = exchange(connect(&world).await, READY, &long, "").await;
    assert_eq!(answer.status, 431);
    agent.stop().await.unwrap();
}
