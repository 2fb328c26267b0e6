//! What a user sees, told once and run against both servers: the stand-in in `cargo test`, a real
//! Vault with a real PostgreSQL in `make e2e`.

use e2e::{Backend, Lab};

/// Runs each scenario against the stand-in, and against the real server where tests that are
/// otherwise ignored are asked for.
macro_rules! on_both_servers {
    ($($scenario:ident),+ $(,)?) => {
        mod on_dev_vault {
            $(#[tokio::test]
            async fn $scenario() -> anyhow::Result<()> {
                super::$scenario($crate::lab(e2e::Backend::DevVault, stringify!($scenario)).await?).await
            })+
        }
        mod on_real_vault {
            $(#[tokio::test]
            #[ignore = "needs a real server: make e2e"]
            async fn $scenario() -> anyhow::Result<()> {
                super::$scenario($crate::lab(e2e::Backend::Vault, stringify!($scenario)).await?).await
            })+
        }
    };
}

mod client;
mod database;
mod guide;
mod init_container;
mod logins;
mod moving;
mod proxy;
mod tokens;
mod wire;

async fn lab(backend: Backend, scenario: &str) -> anyhow::Result<Lab> {
    Lab::start(backend, &scenario.replace('_', " ")).await
}
