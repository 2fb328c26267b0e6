//! Limits of one request: its body, its headers, its time.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::*;

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let mut stream = connect(server.address, &authority).await.unwrap();
    let head = "POST /mutate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/json\r\ncontent-length: 8000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(&vec![b' '; 8_000_000]).await;
    let answer = answer(stream).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
        "{answer}"
    );
    assert!(
        send(server.address, &authority, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );
}

#[tokio::test]
async fn silent_clients_do_not_delay_others() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let mut silent = Vec::new();
    for _ in 0..50 {
        // One never shakes hands, the other never ends its request.
        silent.push(TcpStream::connect(server.address).await.unwrap());
        let mut stream = connect(server.address, &authority).await.unwrap();
        stream
            .write_all(b"POST /mutate HTTP/1.1\r\n")
            .await
            .unwrap();
        silent.push(stream.into_inner().0);
    }
    let answer = timeout(
        Duration::from_secs(5),
        send(server.address, &authority, READY),
    );
    assert!(
        answer
            .await
            .expect("others must not wait")
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_shakes_hands_is_cut_off() {
    let (store, _) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(until_closed(stream).await, "");
}

#[tokio::test(start_paused = true)]
async fn headers_that_never_end_are_cut_off_also_on_a_used_connection() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let first = connect(server.address, &authority).await.unwrap();
    let mut second = connect(server.address, &authority).await.unwrap();
    let whole = READY.replace("connection: close\r\n", "");
    second.write_all(whole.as_bytes()).await.unwrap();
    let mut streams = [first, second];
    for stream in &mut streams {
        stream.write_all(b"GET /health").await.unwrap();
    }
    for stream in streams {
        let answer = until_closed(stream).await;
        assert!(!answer.contains("404"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up_before_the_api_server_does() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let mut stream = connect(server.address, &authority).await.unwrap();
    let request = post(REVIEW).replace("/mutate", "/mutate?timeout=5s");
    let (start, _) = request.split_at(request.len() - 10);
    stream.write_all(start.as_bytes()).await.unwrap();
    wait_for_metric(&server, &authority, "request_queue_length 1").await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let answer = until_closed(stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn the_bodies_of_one_address_cannot_take_all_memory() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let head = "POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 7340032\r\n\r\n";
    let mut clients = JoinSet::new();
    for _ in 0..6 {
        let mut stream = connect(server.address, &authority).await.unwrap();
        clients.spawn(async move {
            stream.write_all(head.as_bytes()).await.ok()?;
            // The server may answer and close before it has read everything.
            let _ = stream.write_all(&vec![b' '; 7_300_000]).await;
            let mut status = [0; 12];
            stream.read_exact(&mut status).await.ok()?;
            Some(status)
        });
    }
    // None of them ends its request, so the first answer is to one that found no place.
    let first = timeout(DEADLINE, async {
        loop {
            if let Some(status) = clients
                .join_next()
                .await
                .expect("one must be told")
                .unwrap()
            {
                break status;
            }
        }
    });
    assert_eq!(
        &first.await.expect("must be refused at once"),
        b"HTTP/1.1 503"
    );
}
