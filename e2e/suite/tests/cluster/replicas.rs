//! One of the injector's replicas goes. Each of these scenarios has the cluster to itself.

use std::cell::Cell;

use anyhow::{Result, ensure};
use e2e::{Scene, workload};
use serde_json::Value;

in_the_cluster! {
    Alone;
    while_the_injector_is_rolled_out_anew_no_pod_is_missed,
    when_the_leader_is_deleted_the_other_one_leads_and_no_pod_is_missed,
    where_the_policy_is_fail_a_pod_is_injected_or_refused_when_a_replica_is_killed,
}

/// Pods are asked for by so many at a time.
const AT_A_TIME: usize = 10;

async fn while_the_injector_is_rolled_out_anew_no_pod_is_missed(scene: &Scene) -> Result<()> {
    let injector = scene.within("vault-injector");
    let restart = ["rollout", "restart", "deployment/vault-injector"];
    injector.run(&restart).await?;
    let restarted = async {
        injector.rolled_out("vault-injector").await?;
        scene.until_replicas_are_whole().await;
        Ok(())
    };
    let asked = ask_during(scene, restarted).await?;
    assert_eq!(asked.refused, 0, "{asked:?}");
    Ok(())
}

async fn when_the_leader_is_deleted_the_other_one_leads_and_no_pod_is_missed(
    scene: &Scene,
) -> Result<()> {
    let injector = scene.within("vault-injector");
    let before = leader(scene).await;
    let next = async {
        injector.run(&["delete", "pod", &before]).await?;
        let now = leader(scene).await;
        ensure!(now != before, "{now} still leads");
        scene.story.tell(format_args!("{now} leads after {before}"));
        Ok(())
    };
    let asked = ask_during(scene, next).await?;
    assert_eq!(asked.refused, 0, "{asked:?}");
    Ok(())
}

async fn where_the_policy_is_fail_a_pod_is_injected_or_refused_when_a_replica_is_killed(
    scene: &Scene,
) -> Result<()> {
    let injector = scene.within("vault-injector");
    let policy = super::outages::policy(r#""Ignore""#);
    scene.afterwards(&injector, &policy.each_ref().map(|word| &**word));
    let policy = super::outages::policy(r#""Fail""#);
    injector.run(&policy.each_ref().map(|word| &**word)).await?;
    let registered = || async {
        let seen = injector
            .get("mutatingwebhookconfiguration/vault-injector")
            .await?;
        Ok(seen["webhooks"][0]["failurePolicy"].to_string())
    };
    scene.until_says("the policy", "Fail", registered).await;
    scene.until_it_injects().await;

    let victim = leader(scene).await;
    let killed = async {
        let now = ["delete", "pod", &victim, "--grace-period=0", "--force"];
        injector.run(&now).await?;
        scene.until_replicas_are_whole().await;
        Ok(())
    };
    ask_during(scene, killed).await?;
    scene.until_it_injects().await;
    Ok(())
}

/// How many pods were asked for.
#[derive(Debug, Default)]
struct Asked {
    injected: usize,
    refused: usize,
}

/// Asks for pods again and again until something is over. Fails where a pod would start without its
/// agent.
async fn ask_during(scene: &Scene, over: impl Future<Output = Result<()>>) -> Result<Asked> {
    let annotations = workload::guide_annotations(scene.namespace());
    let pods = (0..AT_A_TIME).map(|number| workload::pod(&format!("pod-{number}"), &annotations));
    let pods: Vec<Value> = pods.collect();
    let is_over = Cell::new(false);
    let ask = async {
        let mut asked = Asked::default();
        while !is_over.get() {
            let (pods, words) = scene.dry_run_all(&pods).await?;
            for pod in &pods {
                ensure!(
                    workload::first_agent(pod).is_some(),
                    "{} would start without its agent",
                    workload::name(pod)
                );
            }
            asked.injected += pods.len();
            let refusals = words.lines().filter(|line| line.starts_with("Error"));
            for refusal in refusals {
                scene.story.tell(refusal);
                asked.refused += 1;
            }
        }
        Ok(asked)
    };
    let wait = async {
        let end = over.await;
        is_over.set(true);
        end
    };
    let (asked, ()) = tokio::try_join!(ask, wait)?;
    scene.story.tell(format_args!("{asked:?}"));
    ensure!(asked.injected > 0, "{asked:?}");
    Ok(asked)
}

/// The pod that writes to the cluster for all replicas. One that was killed is named for a while.
async fn leader(scene: &Scene) -> String {
    let injector = scene.within("vault-injector");
    let look = || async {
        let lease = injector.get("lease/vault-injector-leader").await;
        let lease = lease.map_err(|error| error.to_string())?;
        let holder = lease["spec"]["holderIdentity"].as_str();
        let holder = holder.unwrap_or_default().to_owned();
        let replicas = scene.until_replicas_are_whole().await;
        if replicas.contains(&holder) {
            Ok(holder)
        } else {
            Err(format!("{holder:?} of {replicas:?}"))
        }
    };
    scene.until("a leader", look).await
}
