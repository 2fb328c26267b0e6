//! Leaving in order.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::harness::*;

#[tokio::test]
async fn a_server_that_is_asked_to_stop_is_not_ready_but_still_answers() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::from_secs(3600));
    assert!(
        send(server.address, &authority, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );
    server.stop.send(()).unwrap();
    timeout(DEADLINE, async {
        while !send(server.address, &authority, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 503")
        {}
    })
    .await
    .expect("must report not ready");
    let answer = send(server.address, &authority, &post(REVIEW))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.serving.abort();
}

#[tokio::test]
async fn a_running_request_is_answered_before_the_server_ends() {
    let (store, authority) = mk_store();
    let mut server = Running::start(store, Duration::ZERO);
    let request = post(REVIEW);
    let (start, rest) = request.split_at(request.len() - 10);
    let mut stream = connect(server.address, &authority).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    wait_for_metric(&server, &authority, "request_queue_length 1").await;

    let (stop, _) = oneshot::channel();
    std::mem::replace(&mut server.stop, stop).send(()).unwrap();
    timeout(DEADLINE, async {
        while TcpStream::connect(server.address).await.is_ok() {}
    })
    .await
    .expect("no new connections must be taken");
    stream.write_all(rest.as_bytes()).await.unwrap();
    assert!(answer(stream).await.starts_with("HTTP/1.1 200"));
    server.ended().await;
}
