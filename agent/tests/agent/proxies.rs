//! The way to Vault through a proxy, as the environment asks for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dev_vault::Config;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{KV_TEMPLATE, World};
use crate::tls::mk_pair;

/// Nobody listens there.
const DEAD: &str = "http://127.0.0.1:1";

/// A proxy for TLS that leads any name to one server.
struct Proxy {
    address: String,
    tunnels: Arc<AtomicUsize>,
}

impl Proxy {
    async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let tunnels = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&tunnels);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(tunnel(client, server));
            }
        });
        Self { address, tunnels }
    }
}

async fn tunnel(mut client: TcpStream, server: SocketAddr) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"CONNECT vault.test:8200 "));
    let mut server = TcpStream::connect(server).await.unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    // How it ends is the business of the two ends.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// Runs an agent to its end, and tells whether its file is there and whether the proxy was used.
async fn run(address: Option<&str>, environment: &[(&str, &str)]) -> (bool, bool) {
    let name = address.map_or("127.0.0.1", |_| "vault.test");
    let (pair, ca) = mk_pair(name);
    let config = Config {
        tls: Some(pair),
        ..Config::default()
    };
    let world = World::with(config).await;
    world.write("ca.pem", &ca);
    let server = world.vault.address();
    let server = server.trim_start_matches("https://").parse().unwrap();
    let proxy = Proxy::start(server).await;
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["vault"]["ca_cert"] = json!(world.path("ca.pem"));
    if let Some(address) = address {
        config["vault"]["address"] = json!(address);
    }
    config["exit_after_auth"] = true.into();
    config["auto_auth"]["method"]["exit_on_err"] = true.into();
    world.write("config.json", &config.to_string());
    let argument = format!("-config={}", world.path("config.json").display());
    let environment = environment
        .iter()
        .map(|(name, value)| (*name, value.replace("PROXY", &proxy.address)));
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_vault-agent"))
        .arg(argument)
        .env_clear()
        .env("VAULT_CLIENT_TIMEOUT", "2")
        .envs(environment)
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let is_there = world.read("app").is_some();
    assert_eq!(output.status.success(), is_there);
    (is_there, proxy.tunnels.load(Ordering::Relaxed) > 0)
}

#[tokio::test]
async fn the_environment_names_the_proxy_and_vaults_own_variables_go_first() {
    for environment in [
        &[("HTTPS_PROXY", "PROXY")] as &[_],
        &[("VAULT_HTTP_PROXY", "PROXY"), ("HTTPS_PROXY", DEAD)],
        &[("VAULT_HTTP_PROXY", "PROXY"), ("NO_PROXY", "vault.test")],
        &[("VAULT_PROXY_ADDR", "PROXY"), ("VAULT_HTTP_PROXY", DEAD)],
    ] {
        let ended = run(Some("https://vault.test:8200"), environment).await;
        assert_eq!(ended, (true, true), "{environment:?}");
    }
}

#[tokio::test]
async fn a_server_that_needs_no_proxy_is_asked_without_it() {
    let environment = [("HTTPS_PROXY", "PROXY"), ("NO_PROXY", ".test")];
    // The name is known to the proxy alone.
    let ended = run(Some("https://vault.test:8200"), &environment).await;
    assert_eq!(ended, (false, false));
    // A server on this machine, whatever is set.
    assert_eq!(run(None, &[("HTTPS_PROXY", DEAD)]).await, (true, false));
}
