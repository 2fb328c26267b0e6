//! What a user sees in a real cluster: `make e2e` furnishes one and runs these.

/// Runs each scenario in the cluster, with others or alone, where tests that are otherwise ignored
/// are asked for.
macro_rules! in_the_cluster {
    ($turn:ident; $($scenario:ident),+ $(,)?) => {
        mod in_the_cluster {
            $(#[tokio::test]
            #[ignore = "needs a cluster: make e2e"]
            async fn $scenario() -> anyhow::Result<()> {
                let scene = e2e::Scene::start(stringify!($scenario), e2e::Turn::$turn).await?;
                super::$scenario(&scene).await?;
                scene.ended_well();
                Ok(())
            })+
        }
    };
}

mod accepted;
mod causes;
mod certificates;
mod chart;
mod conditions;
mod confinement;
mod connection;
mod database;
mod denials;
mod guide;
mod kinds;
mod leaving;
mod manifests;
mod metrics;
mod migration;
mod outages;
mod policy;
mod recovery;
mod replicas;
mod services;
mod shapes;
mod volumes;
