//! Many connections at once.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::*;

#[tokio::test]
async fn clients_that_hold_all_they_can_get_keep_no_one_out() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let mut held = Vec::new();
    // More than there may be, from four addresses, as two hostile pods with two each have.
    for _ in 0..80 {
        for last in 2..6 {
            held.push(connect_from(last, server.address).await.unwrap());
        }
    }
    for _ in 0..3 {
        let answer = probe_from(9, server.address, &authority).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }
}

#[tokio::test]
async fn an_idle_connection_of_an_honest_client_survives_a_greedy_one() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let mut honest = connect(server.address, &authority).await.unwrap();
    let keep = READY.replace("connection: close\r\n", "");
    honest.write_all(keep.as_bytes()).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..300 {
        held.push(connect_from(2, server.address).await.unwrap());
    }
    // The server has seen them all when it answers one more.
    probe_from(3, server.address, &authority).await.unwrap();
    honest.write_all(READY.as_bytes()).await.unwrap();
    let both = answer(honest).await;
    assert_eq!(both.matches("HTTP/1.1 204").count(), 2, "{both}");
}

#[tokio::test]
async fn what_was_held_is_free_again() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let request = post(REVIEW);
    let mut held = Vec::new();
    for _ in 0..64 {
        let mut stream = connect(server.address, &authority).await.unwrap();
        // Not idle: its request has begun.
        let (start, _) = request.split_at(request.len() - 10);
        stream.write_all(start.as_bytes()).await.unwrap();
        held.push(stream);
    }
    wait_for_metric(&server, &authority, "request_queue_length 64").await;
    let refused = send(server.address, &authority, READY).await;
    assert!(!refused.is_ok_and(|answer| answer.starts_with("HTTP/1.1 204")));

    drop(held);
    timeout(DEADLINE, async {
        while send(server.address, &authority, READY).await.is_err() {}
    })
    .await
    .expect("what was held must be free again");
    let _ = TcpStream::connect(server.address).await.unwrap();
}
