//! A server in front of Vault that answers some requests itself, as a load balancer does that has
//! lost its way.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::World;

/// The answer to a request with this head, from its status line on; `None` leaves it to Vault.
pub(crate) type Answers = fn(head: &str) -> Option<Vec<u8>>;

/// Starts one, and leads the agent of this configuration through it.
pub(crate) async fn put_between(world: &World, config: &mut Value, answers: Answers) {
    let server = world.vault.socket_address();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    config["vault"]["address"] = json!(address);
    // So that each request begins a connection.
    config["disable_keep_alives"] = json!(["auto-auth", "proxying"]);
    let answers = Arc::new(answers);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, server, Arc::clone(&answers)));
        }
    });
}

async fn serve(mut client: TcpStream, server: SocketAddr, answers: Arc<Answers>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match client.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let answer = answers(std::str::from_utf8(&head).unwrap());
    // How it ends is the business of the two ends.
    if let Some(answer) = answer {
        let _ = client.write_all(&answer).await;
        let _ = client.shutdown().await;
        let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
    } else {
        let mut server = TcpStream::connect(server).await.unwrap();
        server.write_all(&head).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

/// An answer with this body, whose end is the end of the connection.
pub(crate) fn mk_answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// The value of a header of a request.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let found = lines.find(|(written, _)| written.eq_ignore_ascii_case(name));
    found.map_or("", |(_, value)| value)
}
