//! A scenario's part of the cluster: its namespace, what it changes, and how that is undone.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::kubectl::Kubectl;
use super::workload;
use crate::{Patience, Story};

/// Whom a scenario shares the cluster with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Others that disturb nobody.
    Together,
    /// Nobody: it takes away what all others need.
    Alone,
}

/// A scenario in the cluster. What it leaves behind is removed when the value is dropped, and told of
/// where the scenario did not end well.
pub struct Scene {
    pub story: Story,
    /// In the scenario's own namespace.
    pub kubectl: Kubectl,
    /// In reverse order, each with its namespace.
    undo: RefCell<Vec<(Kubectl, Vec<String>)>>,
    ended_well: Cell<bool>,
    // Released last.
    _turn: File,
}

impl Scene {
    /// Makes the scenario's namespace, with a Vault role of the same name for the ServiceAccount
    /// `default` in it.
    pub async fn start(name: &str, turn: Turn) -> Result<Self> {
        let turn = take(turn).await?;
        let story = Story::new(name.replace('_', " "));
        let cluster = Kubectl::of_environment()?;
        let namespace = format!("e2e-{}", short(name));
        let scene = Self {
            story,
            kubectl: cluster.within(&namespace),
            undo: RefCell::default(),
            ended_well: Cell::new(false),
            _turn: turn,
        };
        // One that an interrupted run has left.
        cluster
            .run(&["delete", "namespace", &namespace, "--ignore-not-found"])
            .await?;
        cluster.run(&["create", "namespace", &namespace]).await?;
        let delete = ["delete", "namespace", &namespace, "--wait=false"];
        scene.afterwards(&cluster, &delete);
        let account = || async {
            let account = scene.kubectl.get("serviceaccount/default").await;
            account.map_err(|error| error.to_string())
        };
        scene.until("the ServiceAccount", account).await;
        scene.role(&namespace, &namespace).await?;
        // What the scenario before has undone may still be under way.
        let injector = scene.within("vault-injector");
        injector.rolled_out("vault-injector").await?;
        scene.until_replicas_are_whole().await;
        scene.until_it_injects().await;
        Ok(scene)
    }

    /// The name of the scenario's namespace, which is that of its Vault role, too.
    pub fn namespace(&self) -> &str {
        self.kubectl.namespace()
    }

    /// kubectl in another namespace.
    pub fn within(&self, namespace: &str) -> Kubectl {
        self.kubectl.within(namespace)
    }

    /// Has a command run when the scenario ends, however it ends.
    pub fn afterwards(&self, kubectl: &Kubectl, arguments: &[&str]) {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        self.undo.borrow_mut().push((kubectl.clone(), arguments));
    }

    /// To be called at the end of a scenario: there is nothing to tell about its failure.
    pub fn ended_well(&self) {
        self.ended_well.set(true);
    }

    /// Runs the vault program in Vault's pod, where an administrator is logged in.
    pub async fn vault(&self, arguments: &[&str]) -> Result<String> {
        let mut words = vec!["exec", "vault-0", "--", "vault"];
        words.extend(arguments);
        self.within("vault").run(&words).await
    }

    /// Has a vault command run when the scenario ends.
    pub fn vault_afterwards(&self, arguments: &[&str]) {
        let mut words = vec!["exec", "vault-0", "--", "vault"];
        words.extend(arguments);
        self.afterwards(&self.within("vault"), &words);
    }

    /// Writes a role for the ServiceAccount `default` of a namespace, that may read the guide's secret,
    /// and what [`Scene::allow`] adds.
    pub async fn role(&self, role: &str, namespace: &str) -> Result<()> {
        let path = format!("auth/kubernetes/role/{role}");
        self.vault(&[
            "write",
            &path,
            "bound_service_account_names=default",
            &format!("bound_service_account_namespaces={namespace}"),
            &format!("policies=api-secrets,{}", self.namespace()),
            "ttl=1h",
        ])
        .await?;
        self.vault_afterwards(&["delete", &path]);
        Ok(())
    }

    /// Lets the scenario's roles do this with these paths, instead of what they were let before.
    pub async fn allow(&self, capabilities: &str, paths: &[&str]) -> Result<()> {
        let rules = paths.iter().map(|path| {
            let capabilities = capabilities.split(' ').collect::<Vec<_>>();
            format!("path \"{path}\" {{ capabilities = {capabilities:?} }}\n")
        });
        let policy = ["exec", "-i", "vault-0", "--", "vault", "policy", "write"];
        let policy = [&policy[..], &[self.namespace(), "-"]].concat();
        let rules = rules.collect::<String>();
        self.within("vault").run_with(&policy, &rules).await?;
        self.vault_afterwards(&["policy", "delete", self.namespace()]);
        Ok(())
    }

    /// Makes a secret of one value that is the scenario's own; returns its path as templates have it.
    /// [`Scene::change`] changes it.
    pub async fn secret(&self, value: &str) -> Result<String> {
        let path = format!("secret/data/{}/app", self.namespace());
        self.allow("read", &[&path]).await?;
        self.change(value).await?;
        let metadata = format!("secret/{}/app", self.namespace());
        self.vault_afterwards(&["kv", "metadata", "delete", &metadata]);
        Ok(path)
    }

    /// Writes the next version of the scenario's own secret.
    pub async fn change(&self, value: &str) -> Result<()> {
        let path = format!("secret/{}/app", self.namespace());
        let value = format!("value={value}");
        self.vault(&["kv", "put", &path, &value]).await.map(drop)
    }

    /// Runs a command in a workload's application; returns what it prints.
    pub async fn exec(&self, object: &str, command: &[&str]) -> Result<String> {
        let container = ["exec", object, "--container", workload::CONTAINER, "--"];
        self.kubectl.run(&[&container[..], command].concat()).await
    }

    /// Waits until a workload's application reads these words in its file, and returns all of it.
    pub async fn until_it_reads(&self, object: &str, words: &str) -> String {
        let read = || self.exec(object, &["cat", "/vault/secrets/config"]);
        let what = format!("{words:?} in the file of {object}");
        self.until_says(&what, words, read).await
    }

    /// Waits as long as things take in a cluster.
    pub async fn until<T, F>(&self, what: &str, look: impl FnMut() -> F) -> T
    where
        F: Future<Output = Result<T, String>>,
    {
        self.story.until_with(Patience::CLUSTER, what, look).await
    }

    /// Waits until a text has these words, and returns it.
    pub async fn until_says<F>(&self, what: &str, words: &str, read: impl Fn() -> F) -> String
    where
        F: Future<Output = Result<String>>,
    {
        let look = || async {
            match read().await {
                Ok(text) if text.contains(words) => Ok(text),
                Ok(text) => Err(format!("no {words:?} in:\n{text}")),
                Err(error) => Err(format!("{error:#}")),
            }
        };
        self.until(what, look).await
    }

    /// What would become of pods, and the words about those that would be refused. Nothing is created.
    pub async fn dry_run_all(&self, pods: &[Value]) -> Result<(Vec<Value>, String)> {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": pods }).to_string();
        let dry = ["--dry-run=server", "--output=json", "--filename=-"];
        let dry = [&["create"][..], &dry].concat();
        let said = self.kubectl.try_with(&dry, &list).await?;
        let pods = serde_json::Deserializer::from_str(&said.stdout).into_iter();
        Ok((pods.collect::<Result<_, _>>()?, said.stderr))
    }

    /// What would become of a pod that must not be refused.
    pub async fn dry_run(&self, pod: &Value) -> Result<Value> {
        let (mut pods, words) = self.dry_run_all(std::slice::from_ref(pod)).await?;
        pods.pop().with_context(|| words)
    }

    /// What would become of a pod that asks for injection; an error where that is nothing.
    pub async fn injects(&self) -> Result<Value> {
        let annotations = workload::guide_annotations(self.namespace());
        let pod = self.dry_run(&workload::pod("asks", &annotations)).await?;
        ensure!(
            workload::first_agent(&pod).is_some(),
            "a pod would start without its agent"
        );
        Ok(pod)
    }

    /// Waits until pods are injected. An injector that is ready is reached a moment later, when
    /// every node knows of it.
    pub async fn until_it_injects(&self) {
        let look = || async { self.injects().await.map_err(|error| error.to_string()) };
        self.until("a pod with its agent", look).await;
    }

    /// Waits until both replicas of the injector are ready, and none is on its way out, which would go
    /// on answering for seconds; returns their names.
    pub async fn until_replicas_are_whole(&self) -> Vec<String> {
        let injector = self.within("vault-injector");
        let look = || async {
            let get = ["get", "pods", "--output=json"];
            let get = [&get[..], &["--field-selector=status.phase=Running"]].concat();
            let pods = injector
                .run(&get)
                .await
                .map_err(|error| error.to_string())?;
            let pods: Value = serde_json::from_str(&pods).map_err(|error| error.to_string())?;
            let pods = pods["items"].as_array().cloned().unwrap_or_default();
            let is_whole = |pod: &Value| {
                workload::is_ready(pod) && pod["metadata"]["deletionTimestamp"].is_null()
            };
            let names: Vec<String> = pods
                .iter()
                .map(|pod| workload::name(pod).to_owned())
                .collect();
            if pods.len() >= 2 && pods.iter().all(is_whole) {
                Ok(names)
            } else {
                Err(format!("{names:?}"))
            }
        };
        self.until("both replicas", look).await
    }

    /// Waits until the one pod of an application is ready, and returns it.
    pub async fn ready(&self, application: &str) -> Value {
        let look = || async {
            let pod = self.kubectl.pod(application).await;
            let pod = pod.map_err(|error| error.to_string())?;
            if workload::is_ready(&pod) {
                Ok(pod)
            } else {
                Err(pod["status"].to_string())
            }
        };
        let pod = self
            .until(&format!("the pod of {application} to be ready"), look)
            .await;
        self.story
            .tell(format_args!("{} is ready", workload::name(&pod)));
        pod
    }

    /// Waits until a Job is done; its application has printed the guide's secret.
    pub async fn completed(&self, job: &str) -> Result<()> {
        let object = format!("job/{job}");
        let wait = ["--for=condition=complete", "--timeout=120s"];
        let wait = [&["wait", &object][..], &wait].concat();
        self.kubectl.run(&wait).await?;
        let log = self.kubectl.logs(&object, workload::CONTAINER).await?;
        ensure!(log.contains("API_KEY="), "{object}: {log}");
        self.story.tell(format_args!("{object} is complete"));
        Ok(())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !self.ended_well.get() {
            let injector = self.kubectl.within("vault-injector");
            for (kubectl, arguments) in [
                (&self.kubectl, &["get", "pods,events"][..]),
                (&self.kubectl, &["describe", "pods"]),
                (&self.within("production"), &["describe", "pods"]),
                (&injector, &["get", "pods"]),
                (
                    &injector,
                    &["logs", "deployment/vault-injector", "--tail=40"],
                ),
            ] {
                let seen = kubectl.run_now(arguments);
                let words = arguments.join(" ");
                eprintln!("---- kubectl -n {} {words}\n{seen}", kubectl.namespace());
            }
        }
        for (kubectl, arguments) in self.undo.take().into_iter().rev() {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            kubectl.run_now(&arguments);
        }
    }
}

/// Waits for the turn, also where each test is a process. Dropping the file ends the turn.
async fn take(turn: Turn) -> Result<File> {
    let path = std::env::temp_dir().join("vault-injector-e2e-cluster.lock");
    let lock = move || -> Result<File> {
        let file = open(&path).with_context(|| path.display().to_string())?;
        match turn {
            Turn::Together => file.lock_shared()?,
            Turn::Alone => file.lock()?,
        }
        Ok(file)
    };
    tokio::task::spawn_blocking(lock).await?
}

fn open(path: &Path) -> std::io::Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

/// A namespace's name has at most 63 characters, and no underscores. The first words of a scenario
/// tell it apart from the others.
fn short(name: &str) -> String {
    let words = name.replace('_', "-");
    let end = words.len().min(50);
    words[..end].trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_long_scenario_has_a_namespace_that_kubernetes_takes() {
        let name = "a_pod_that_waits_for_something_that_will_never_come_is_told_so";
        let short = short(name);
        assert!(short.len() <= 50 && !short.contains('_') && !short.ends_with('-'));
        assert!(short.starts_with("a-pod-that-waits"));
    }
}
