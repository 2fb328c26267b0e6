//! The client against a server that behaves like Vault.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::time::{Duration, SystemTime};

use dev_vault::{Config, DevVault};
use serde_json::{Value, json};
use tokio::net::{TcpStream, UnixListener};
use vault_client::{Client, ClientConfig};
use vault_wire::kv::{self, SecretVersion};
use vault_wire::{Auth, Token};

struct Setup {
    vault: DevVault,
    client: Client,
}

/// A server with kubernetes auth for `production/app` and a database role, and a client for it.
async fn mk_setup() -> Setup {
    let vault = DevVault::start(Config::default()).await.unwrap();
    let policy = r#"path "secret/data/app" { capabilities = ["read"] }
        path "secret/metadata/*" { capabilities = ["list"] }
        path "database/creds/app" { capabilities = ["read"] }"#;
    let role = json!({
        "bound_service_account_names": "app", "bound_service_account_namespaces": "production",
        "policies": "app", "ttl": "10m", "max_ttl": "30m",
    });
    let writes: [(&str, Value); 8] = [
        ("sys/policies/acl/app", json!({ "policy": policy })),
        ("sys/auth/kubernetes", json!({ "type": "kubernetes" })),
        (
            "auth/kubernetes/config",
            json!({ "kubernetes_host": "https://k8s" }),
        ),
        ("auth/kubernetes/role/app", role),
        ("sys/mounts/database", json!({ "type": "database" })),
        (
            "database/config/db",
            json!({ "plugin_name": "p", "allowed_roles": "app" }),
        ),
        (
            "database/roles/app",
            json!({ "db_name": "db", "default_ttl": "1m", "max_ttl": "90s" }),
        ),
        ("secret/data/app", json!({ "data": { "user": "u" } })),
    ];
    for (path, body) in &writes {
        vault.write(path, body).unwrap();
    }
    let client = Client::new(&ClientConfig::new(vault.address())).unwrap();
    Setup { vault, client }
}

impl Setup {
    async fn login(&self) -> Auth {
        let ttl = Duration::from_secs(3600);
        let jwt = self
            .vault
            .service_accounts()
            .mint("production", "app", &[], ttl);
        self.client
            .login("auth/kubernetes", &json!({ "role": "app", "jwt": jwt }))
            .await
            .unwrap()
    }

    fn root(&self) -> Token {
        Token::new(self.vault.root_token()).unwrap()
    }
}

#[tokio::test]
async fn a_server_may_be_behind_a_socket() {
    let setup = mk_setup().await;
    let token = setup.login().await.client_token;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = setup.vault.address().replace("http://", "");
    let pass_on = async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = TcpStream::connect(&server).await.unwrap();
            tokio::io::copy_bidirectional(&mut near, &mut far)
                .await
                .unwrap();
        }
    };
    let ask = async {
        let address = format!("unix://{}", path.display());
        let client = Client::new(&ClientConfig::new(&address)).unwrap();
        assert_eq!(client.address(), address);
        client.with_token(&token).read("secret/data/app").await
    };
    tokio::select! {
        () = pass_on => {}
        answer = ask => assert!(answer.unwrap().is_some()),
    }
    let gone = Client::new(&ClientConfig::new("unix:///nowhere/vault.sock")).unwrap();
    let error = gone.health().await.unwrap_err().to_string();
    assert!(error.contains("there is no such socket"), "{error}");
}

#[tokio::test]
async fn a_secret_is_found_by_either_of_its_paths() {
    let setup = mk_setup().await;
    let token = setup.login().await.client_token;
    let session = setup.client.with_token(&token);
    for written in ["secret/app", "secret/data/app"] {
        let mount = session.mount(written).await.unwrap();
        assert!(mount.is_kv_v2());
        let path = kv::read_path(written, &mount, setup.client.namespace());
        let secret = session.read(&path).await.unwrap().unwrap();
        let data: Value = secret.data.unwrap().parse().unwrap();
        assert_eq!(data["data"]["user"], "u");
    }
    let mount = session.mount("secret/app").await.unwrap();
    let list = session
        .list(&kv::list_path("secret", &mount))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(list.keys().unwrap(), ["app"]);
    assert!(
        session
            .list("secret/metadata/none")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_token_is_looked_up_renewed_and_revoked() {
    let setup = mk_setup().await;
    let auth = setup.login().await;
    assert_eq!(
        (auth.lease_duration, auth.renewable),
        (Duration::from_secs(600), true)
    );
    let token = auth.client_token;
    let session = setup.client.with_token(&token);
    setup.vault.advance_clock(Duration::from_secs(300));
    let info = session.lookup_self().await.unwrap();
    assert!(info.ttl <= Duration::from_secs(300) && info.ttl > Duration::from_secs(290));
    assert_eq!(
        (info.kind.as_str(), info.renewable, info.accessor),
        ("service", true, auth.accessor)
    );
    let renewed = session.renew_self(Duration::ZERO).await.unwrap();
    assert_eq!(renewed.lease_duration, Duration::from_secs(600));
    session.revoke_self().await.unwrap();
    let error = session.lookup_self().await.unwrap_err();
    assert!(error.is_invalid_token() && !error.is_retryable());
}

#[tokio::test]
async fn a_lease_is_renewed_to_its_end_and_revoked() {
    let setup = mk_setup().await;
    let token = setup.login().await.client_token;
    let session = setup.client.with_token(&token);
    let secret = session.read("database/creds/app").await.unwrap().unwrap();
    let lease = secret.lease.unwrap();
    assert_eq!(
        (lease.duration, lease.renewable),
        (Duration::from_secs(60), true)
    );
    setup.vault.advance_clock(Duration::from_secs(50));
    let renewed = session
        .renew_lease(&lease.id, Duration::ZERO)
        .await
        .unwrap();
    assert!(renewed.duration <= Duration::from_secs(40), "{renewed:?}");
    setup.vault.advance_clock(Duration::from_secs(40));
    let error = session
        .renew_lease(&lease.id, Duration::ZERO)
        .await
        .unwrap_err();
    assert_eq!(error.messages(), ["lease not found"]);

    let root = setup.root();
    let admin = setup.client.with_token(&root);
    let lease = admin
        .read("database/creds/app")
        .await
        .unwrap()
        .unwrap()
        .lease
        .unwrap();
    admin.revoke_lease(&lease.id).await.unwrap();
    assert!(setup.vault.leases().is_empty());
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let setup = mk_setup().await;
    let token = setup.login().await.client_token;
    let session = setup.client.with_token(&token);
    let denied = session.read("secret/data/other").await.unwrap_err();
    assert!(denied.is_permission_denied() && !denied.is_invalid_token());
    assert!(
        denied
            .to_string()
            .ends_with("Code: 403. Errors:\n\n* permission denied"),
        "{denied}"
    );
    assert!(
        session
            .mount("private/x")
            .await
            .unwrap_err()
            .is_permission_denied()
    );
    setup.vault.set_sealed(true);
    assert!(
        session
            .read("secret/data/app")
            .await
            .unwrap_err()
            .is_sealed()
    );
    let health = setup.client.health().await.unwrap();
    assert_eq!(
        (health.status, health.sealed, health.initialized),
        (503, true, true)
    );
}

#[tokio::test]
async fn a_deleted_version_is_an_answer_that_says_so() {
    let setup = mk_setup().await;
    setup.vault.delete("secret/data/app").unwrap();
    let root = setup.root();
    let secret = setup
        .client
        .with_token(&root)
        .read("secret/data/app")
        .await
        .unwrap()
        .unwrap();
    let version = SecretVersion::from_data(&secret.data.unwrap()).unwrap();
    assert!(version.is_gone(SystemTime::now()));
}

#[tokio::test]
async fn a_wrapped_token_is_told_by_its_path_and_unwrapped_once() {
    let setup = mk_setup().await;
    let hour = Duration::from_secs(3600);
    let keys = setup.vault.service_accounts();
    let jwt = keys.mint("production", "app", &[], hour);
    let body = json!({ "role": "app", "jwt": jwt });
    let client = &setup.client;
    let login = client
        .login_wrapped("auth/kubernetes", &body, hour)
        .await
        .unwrap();
    assert_eq!(login.ttl, hour);
    assert_eq!(login.creation_path, "auth/kubernetes/login");
    let path = client.wrapped_path(&login.token).await.unwrap();
    assert_eq!(path, "auth/kubernetes/login", "a look does not use it up");
    let session = client.with_token(&login.token);
    let auth = session.unwrap().await.unwrap().auth.unwrap();
    assert_eq!(auth.accessor, login.wrapped_accessor);
    let again = session.unwrap().await.unwrap_err();
    assert_eq!(again.status(), Some(400), "{again}");

    let own = client.with_token(&auth.client_token);
    let wrapped = own.wrap_own_token(hour).await.unwrap();
    assert_eq!(wrapped.creation_path, "sys/wrapping/wrap");
    let held = client.with_token(&wrapped.token).unwrap().await.unwrap();
    let data: Value = held.data.unwrap().parse().unwrap();
    assert_eq!(data["token"], auth.client_token.expose());
}
