use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::*;
use crate::connections::Limits;

struct Running {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    given_up: Arc<Notify>,
}

/// A listener that answers each byte with one byte, and writes as much as it can after a `w`.
async fn mk_echo(connections: usize) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = Limits {
        connections,
        connections_each: connections,
        bytes: 0,
        work: 1,
        answer: Duration::from_secs(15),
    };
    let second = Duration::from_secs(1);
    let serve = Serve {
        connections: Connections::new(limits),
        tls: None,
        handshake: second,
        first_request: second,
        drain: second,
    };
    let given_up = Arc::new(Notify::new());
    let told = Arc::clone(&given_up);
    let echo = async move |mut stream: Stream,
                           connection: Connection,
                           mut leaving: Leaving,
                           told: Arc<Notify>| {
        let mut byte = [0];
        loop {
            tokio::select! {
                () = leaving.begun() => return,
                read = stream.read_exact(&mut byte) => if read.is_err() { return },
            }
            let _open = connection.request();
            if byte == *b"w" {
                while stream.write_all(&[0; 16384]).await.is_ok() {}
                return told.notify_one();
            }
            if stream.write_all(&byte).await.is_err() {
                return;
            }
        }
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve.run(
        listener,
        move |stream, connection, leaving| echo(stream, connection, leaving, Arc::clone(&told)),
        async {
            let _ = stopped.await;
        },
    ));
    Running {
        address,
        stop,
        task,
        given_up,
    }
}

async fn ask(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    stream.write_all(b"a").await.is_ok() && stream.read_exact(&mut byte).await.is_ok()
}

#[tokio::test]
async fn a_full_listener_closes_an_idle_connection_for_a_new_one() {
    let running = mk_echo(2).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        assert!(ask(&mut stream).await);
        streams.push(stream);
    }
    assert!(!ask(&mut streams[0]).await);
    assert!(ask(&mut streams[1]).await && ask(&mut streams[2]).await);
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_request_is_closed() {
    let running = mk_echo(2).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_closed() {
    let running = mk_echo(1).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"w").await.unwrap();
    let began = tokio::time::Instant::now();
    running.given_up.notified().await;
    assert_eq!(began.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_stops_ends_what_idles_and_gives_up_what_hangs() {
    let running = mk_echo(2).await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    assert!(ask(&mut idle).await);
    let mut stuck = TcpStream::connect(running.address).await.unwrap();
    stuck.write_all(b"w").await.unwrap();
    stuck.readable().await.unwrap();
    running.stop.send(()).unwrap();
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
    running.task.await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}
