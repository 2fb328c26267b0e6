//! What a hostile client does to take the server from others.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serve_tls::Connections;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;
use tower::ServiceExt as _;
use vault_injector::server::{Surface, limits, router};

use crate::harness::*;

/// A review of under 100 kB whose answer has over 3 MB.
fn mk_large_answer() -> String {
    let mount = r#"{"name":"sa","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}"#;
    let mut annotations =
        r#""vault.hashicorp.com/agent-inject":"true","vault.hashicorp.com/role":"r""#.to_owned();
    let long = "v".repeat(4000);
    let prefix = "vault.hashicorp.com";
    for i in 0..10 {
        write!(
            annotations,
            r#","{prefix}/agent-inject-secret-{i}":"a","{prefix}/secret-volume-path-{i}":"/{long}/{i}""#
        )
        .unwrap();
    }
    let containers: Vec<_> = (0..60)
        .map(|i| format!(r#"{{"name":"c{i}","volumeMounts":[{mount}]}}"#))
        .collect();
    format!(
        r#"{{"request":{{"uid":"u","namespace":"a","object":{{"metadata":{{"annotations":{{{annotations}}}}},
           "spec":{{"containers":[{}],"volumes":[{{"name":"sa"}}]}}}}}}}}"#,
        containers.join(",")
    )
}

/// A connection that takes little at once.
async fn connect_slowly(address: SocketAddr, authority: &str, alpn: &str) -> TlsStream<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let mut config = client(authority, rustls::DEFAULT_VERSIONS).with_no_client_auth();
    config.alpn_protocols = vec![alpn.into()];
    shake_hands_as(stream, config).await.unwrap()
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut_off_in_the_middle() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let mut stream = connect_slowly(server.address, &authority, "http/1.1").await;
    let request = post(&mk_large_answer()).replace("connection: close\r\n", "");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = vec![0; 1000];
    stream.read_exact(&mut head).await.unwrap();
    let head = String::from_utf8(head).unwrap();
    let length = head.split("content-length: ").nth(1).unwrap();
    let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
    assert!(length > 3_000_000, "{head}");
    tokio::time::pause();
    sleep(Duration::from_secs(20)).await;
    let rest = until_closed(stream).await;
    assert!(rest.len() < length / 2, "{} of {length}", rest.len());
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![
        length[1], length[2], length[3], kind, flags, 0, 0, 0, stream,
    ];
    frame.extend_from_slice(payload);
    frame
}

const SETTINGS: u8 = 4;

/// The start of a connection, with settings.
fn preface(settings: &[u8]) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, settings));
    bytes
}

/// The header block of a review.
fn headers() -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "https"),
        (":path", "/mutate"),
        (":authority", "x"),
        ("content-type", "application/json"),
    ] {
        // Literal, never indexed, short enough for one byte of length.
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

#[tokio::test]
async fn a_client_that_takes_no_byte_of_its_stream_and_answers_pings_is_cut_off() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let mut stream = connect_slowly(server.address, &authority, "h2").await;
    // SETTINGS_INITIAL_WINDOW_SIZE = 0
    stream
        .write_all(&preface(&[0, 4, 0, 0, 0, 0]))
        .await
        .unwrap();
    stream.write_all(&frame(1, 4, 1, &headers())).await.unwrap();
    // A denial is short, and fits no window of nothing either.
    stream
        .write_all(&frame(0, 1, 1, REVIEW.as_bytes()))
        .await
        .unwrap();
    let answered = "request_processing_duration_ms_count 1";
    wait_for_metric(&server, &authority, answered).await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let mut bytes = Vec::new();
    let cut_off = async {
        let mut part = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut part).await {
            bytes.extend_from_slice(&part[..read]);
            while let [a, b, c, kind, flags, rest @ ..] = bytes.as_slice() {
                let end = 9 + usize::from(*a) * 65536 + usize::from(*b) * 256 + usize::from(*c);
                if rest.len() + 5 < end {
                    break;
                }
                if (*kind, *flags) == (6, 0) {
                    let pong = frame(6, 1, 0, &bytes[9..end]);
                    stream.write_all(&pong).await.unwrap();
                }
                bytes.drain(..end);
            }
        }
    };
    timeout(Duration::from_secs(120), cut_off)
        .await
        .expect("the server must cut the client off");
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

/// Reads one answer as clients of Go do: what is read is returned in parts of 4 KiB, for the
/// connection and for the stream.
async fn read_in_small_parts(stream: &mut TlsStream<TcpStream>, id: u8) -> usize {
    const DATA: u8 = 0;
    let (mut length, mut unreturned) = (0, 0);
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await.unwrap();
        let [high, middle, low, kind, flags, .., of] = header;
        let size = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let mut payload = vec![0; size];
        stream.read_exact(&mut payload).await.unwrap();
        if kind != DATA || of != id {
            continue;
        }
        length += size;
        unreturned += size;
        while unreturned >= 4096 {
            unreturned -= 4096;
            let part = 4096_u32.to_be_bytes();
            let updates = [frame(8, 0, 0, &part), frame(8, 0, id, &part)].concat();
            stream.write_all(&updates).await.unwrap();
        }
        if flags & 1 == 1 {
            return length;
        }
    }
}

#[tokio::test]
async fn a_client_that_returns_what_it_reads_in_small_parts_gets_every_answer() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let mut stream = connect_slowly(server.address, &authority, "h2").await;
    stream.write_all(&preface(&[])).await.unwrap();
    let review = mk_large_answer();
    let chunks: Vec<_> = review.as_bytes().chunks(16_384).collect();
    for id in [1, 3] {
        stream
            .write_all(&frame(1, 4, id, &headers()))
            .await
            .unwrap();
        for (at, chunk) in chunks.iter().enumerate() {
            let is_last = u8::from(at + 1 == chunks.len());
            let data = frame(0, is_last, id, chunk);
            stream.write_all(&data).await.unwrap();
        }
        let length = timeout(DEADLINE, read_in_small_parts(&mut stream, id));
        assert!(length.await.unwrap() > 3_000_000);
    }
}

#[tokio::test]
async fn a_flood_of_frames_ends_its_own_connection_and_no_other() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let floods = [
        ("SETTINGS", frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9])),
        ("PING", frame(6, 0, 0, b"12345678")),
        ("WINDOW_UPDATE", frame(8, 0, 0, &[0, 0, 0, 1])),
        ("PRIORITY", frame(2, 0, 3, &[0, 0, 0, 0, 1])),
    ];
    for (name, flood) in floods {
        let mut stream = connect_slowly(server.address, &authority, "h2").await;
        stream.write_all(&preface(&[])).await.unwrap();
        stream.write_all(&frame(1, 4, 1, &headers())).await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(stream);
        let flooding = tokio::spawn(async move {
            let flood = flood.repeat(100);
            for _ in 0..1000 {
                if writer.write_all(&flood).await.is_err() {
                    return;
                }
            }
        });
        let mut bytes = Vec::new();
        let closed = timeout(DEADLINE, reader.read_to_end(&mut bytes));
        assert!(closed.await.is_ok(), "{name}: must be cut off");
        flooding.abort();
        let answer = send(server.address, &authority, READY).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }
}

#[tokio::test]
async fn a_namespace_of_any_length_gets_into_no_metric() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let ask = async |request: &str| send(server.address, &authority, request).await.unwrap();
    let long = "n".repeat(1_000_000);
    for review in [
        format!(r#"{{"request":{{"uid":"u","namespace":"{long}"}}}}"#),
        format!(r#"{{"request":{{"uid":"{long}","namespace":"a"}}}}"#),
    ] {
        let answer = ask(&post(&review)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.len() < 1000, "{answer}");
    }
    // Without a pod there is nothing to count for a namespace.
    let empty = r#"{"request":{"uid":"u","namespace":"canary"}}"#;
    assert!(ask(&post(empty)).await.starts_with("HTTP/1.1 200"));
    let metrics = ask(&READY.replace("/health/ready", "/metrics")).await;
    assert!(
        !metrics.contains("nnn") && !metrics.contains("canary"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_probe_does_not_wait_for_a_decision() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    // Much to read, and of one value alone: others would not be read at all.
    let filler = r"\n".repeat(3_000_000);
    let review = format!(r#"{{"filler":"{filler}",{}"#, &REVIEW[1..]);
    let request = post(&review);
    let (start, rest) = request.split_at(request.len() - 1);
    let mut hostile = connect(server.address, &authority).await.unwrap();
    hostile.write_all(start.as_bytes()).await.unwrap();
    let mut probe = connect(server.address, &authority).await.unwrap();
    hostile.write_all(rest.as_bytes()).await.unwrap();
    probe.write_all(READY.as_bytes()).await.unwrap();
    tokio::select! {
        biased;
        decided = answer(hostile) => panic!("the probe waits: {}", &decided[..20]),
        probed = answer(probe) => assert!(probed.starts_with("HTTP/1.1 204"), "{probed}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_review_that_finds_no_processor_is_refused_in_time() {
    let connections = Connections::new(limits());
    let hostile = connections.admit(IpAddr::from([127, 0, 0, 2])).unwrap();
    let mut permits = Vec::new();
    for _ in 0..limits().work {
        permits.push(hostile.permit().await);
    }
    let another = connections.admit(IpAddr::from([127, 0, 0, 3])).unwrap();
    permits.push(another.permit().await);
    let surface = Surface {
        metrics: true,
        requires_certificate: false,
    };
    let honest = connections.admit(IpAddr::from([127, 0, 0, 1])).unwrap();
    let router = router(mk_app(), surface).layer(Extension(honest));
    let request = Request::post("/mutate?timeout=5s")
        .header("content-type", "application/json")
        .body(Body::from(REVIEW))
        .unwrap();
    let began = tokio::time::Instant::now();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(began.elapsed().as_secs(), 4);
    let text = to_bytes(response.into_body(), 1000).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.starts_with("too many requests at once"), "{text}");
    drop(Arc::new(permits));
}

#[tokio::test]
async fn a_review_whose_answer_does_not_fit_into_memory_is_not_counted_as_an_injection() {
    let connections = Connections::new(limits());
    // Enough is left for the review, and not for its answer.
    let mut held = Vec::new();
    for (last, megabytes) in [(2, 12), (3, 6), (4, 3)] {
        let hostile = connections.admit(IpAddr::from([127, 0, 0, last])).unwrap();
        let mut bytes = hostile.held();
        bytes.resize(megabytes << 20).unwrap();
        held.push((hostile, bytes));
    }
    let surface = Surface {
        metrics: true,
        requires_certificate: false,
    };
    let honest = connections.admit(IpAddr::from([127, 0, 0, 1])).unwrap();
    let router = router(mk_app(), surface).layer(Extension(honest));
    let review = || {
        Request::post("/mutate")
            .header("content-type", "application/json")
            .body(Body::from(mk_large_answer()))
            .unwrap()
    };
    let metrics = async || {
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let text = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    };
    let counted = "injections_by_namespace_total{namespace=\"a\"";
    let response = router.clone().oneshot(review()).await.unwrap();
    assert_eq!(response.status(), 503);
    let text = metrics().await;
    assert!(!text.contains(counted), "{text}");
    held.clear();
    let response = router.clone().oneshot(review()).await.unwrap();
    assert_eq!(response.status(), 200);
    drop(response);
    let text = metrics().await;
    assert!(text.contains(counted), "{text}");
}

#[tokio::test]
async fn a_pod_of_a_million_empty_containers_is_refused_unread() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
    let containers = "{},".repeat(1_000_000);
    let review = format!(
        r#"{{"request":{{"uid":"u","namespace":"a","object":{{"metadata":{{"annotations":
           {{"vault.hashicorp.com/agent-inject":"true"}}}},"spec":{{"containers":[{containers}{{}}]}}}}}}}}"#
    );
    let answer = send(server.address, &authority, &post(&review)).await;
    let answer = answer.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}
