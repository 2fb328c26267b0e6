//! Commands, files, and the containers that annotations name.

use serde_json::json;

use super::*;

const SECRET: (&str, &str) = ("agent-inject-secret-a", "kv/a");

fn certainties(annotations: &[(&str, &str)]) -> Vec<(Certainty, u16)> {
    let warnings = decided(&mk_pod(annotations), &mk_settings()).warnings;
    let number = |it: &Warning| it.code().to_string()[3..].parse().unwrap();
    warnings
        .iter()
        .map(|it| (it.certainty(), number(it)))
        .collect()
}

#[test]
fn a_program_that_the_image_does_not_have_is_surely_a_mistake_on_our_own_image() {
    let own = env!("CARGO_PKG_VERSION");
    let busybox = format!("vault-injector-agent:{own}-busybox");
    let mirrored = format!("registry.example/vault-injector-agent:{own}");
    for command in [
        "reload-app",
        "nosuchcmd,-x",
        "/usr/bin/app --reload",
        "'reload app'",
    ] {
        let command = ("agent-inject-command-a", command);
        assert_eq!(certainties(&[SECRET, command]), [(Certainty::Sure, 1212)]);
        let derived = [SECRET, command, ("agent-image", &*mirrored)];
        assert_eq!(certainties(&derived), [(Certainty::Likely, 1212)]);
        assert_eq!(
            certainties(&[SECRET, command, ("agent-image", &*busybox)]),
            []
        );
        assert_eq!(certainties(&[SECRET, command, COMPATIBLE]), []);
    }
    for command in [
        "/vault-agent status",
        "/vault-agent,status",
        "/vault/secrets/reload now",
        "/home/vault/tool",
        "",
    ] {
        let command = ("agent-inject-command-a", command);
        assert_eq!(certainties(&[SECRET, command]), [], "{command:?}");
    }
}

#[test]
fn a_signal_without_a_shared_process_namespace_is_warned_of_in_both_flavors() {
    let busybox = ("agent-image", "vault-injector-agent:1-busybox");
    let shared = ("agent-share-process-namespace", "true");
    for command in [
        "pkill -HUP app",
        "kill -HUP 1",
        "/vault-agent signal HUP app",
    ] {
        let command = ("agent-inject-command-a", command);
        for flavor in [busybox, COMPATIBLE] {
            let mut expected = Vec::new();
            if flavor == COMPATIBLE && command.1.starts_with("/vault-agent") {
                expected.push((Certainty::Likely, 1212));
            }
            assert_eq!(certainties(&[SECRET, command, flavor, shared]), expected);
            expected.push((Certainty::Likely, 1213));
            assert_eq!(certainties(&[SECRET, command, flavor]), expected);
        }
        let mut pod = mk_pod(&[SECRET, command, busybox]);
        pod["spec"]["shareProcessNamespace"] = json!(true);
        assert_eq!(decided(&pod, &mk_settings()).warnings, []);
    }
}

#[test]
fn the_agents_own_signal_needs_neither_shell_nor_program() {
    let shared = ("agent-share-process-namespace", "true");
    for command in [
        "/vault-agent signal HUP nginx",
        "/vault-agent,signal,SIGHUP,nginx",
    ] {
        let command = ("agent-inject-command-a", command);
        assert_eq!(warned(&[SECRET, command, shared]), [""; 0], "{command:?}");
        assert_eq!(certainties(&[SECRET, command]), [(Certainty::Likely, 1213)]);
    }
    for command in ["pkill -HUP nginx", "kill -HUP $(pidof nginx)"] {
        let texts = warned(&[SECRET, ("agent-inject-command-a", command), shared]);
        assert!(
            texts.len() == 1 && texts[0].contains("write \"/vault-agent signal HUP PROCESS\""),
            "{texts:?}"
        );
    }
}

#[test]
fn a_file_outside_of_the_agents_volumes_is_denied() {
    for file in [
        "../../etc/app.env",
        "../../app/.env",
        "..",
        ".",
        "../x",
        "a/../..",
    ] {
        let file = ("agent-inject-file-a", file);
        let message = denied(&[SECRET, file]);
        assert!(message.starts_with("agent-inject-file-a "), "{message}");
        assert_eq!(warned(&[SECRET, file, COMPATIBLE]), [message], "{file:?}");
    }
    for file in ["conf/app.env", ".env", "a/../b", "..data", "../secrets/x"] {
        assert_eq!(
            warned(&[SECRET, ("agent-inject-file-a", file)]),
            [""; 0],
            "{file}"
        );
    }
}

#[test]
fn a_file_on_a_copied_mount_is_written_there_and_one_in_the_agents_home_is_warned_of() {
    let file = ("agent-inject-file-a", "../../etc/app/app.env");
    let mut pod = mk_pod(&[SECRET, file, ("agent-copy-volume-mounts", "app")]);
    let mount = json!({"name": "etc", "mountPath": "/etc/app"});
    pod["spec"]["containers"][0]["volumeMounts"]
        .as_array_mut()
        .unwrap()
        .push(mount);
    pod["spec"]["volumes"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "etc", "emptyDir": {}}));
    let outcome = decided(&pod, &mk_settings());
    assert!(
        matches!(outcome.decision, Decision::Inject(_)),
        "{outcome:?}"
    );
    assert_eq!(outcome.warnings, []);
    pod["spec"]["containers"][0]["volumeMounts"][1]["readOnly"] = json!(true);
    let outcome = decided(&pod, &mk_settings());
    assert!(matches!(outcome.decision, Decision::Deny(Denial::Fault(_))));
    let home = ("agent-inject-file-a", "../../home/vault/app.env");
    assert_eq!(certainties(&[SECRET, home]), [(Certainty::Likely, 1216)]);
}

#[test]
fn an_absolute_file_is_told_where_it_lands() {
    let file = |path| ("agent-inject-file-a", path);
    let texts = warned(&[SECRET, file("/etc/app/app.env")]);
    assert!(
        texts.len() == 1 && texts[0].contains("still a path under /vault/secrets"),
        "{texts:?}"
    );
    assert_eq!(
        certainties(&[SECRET, file("/app.env")]),
        [(Certainty::Hint, 1215)]
    );
}

#[test]
fn a_name_that_kubernetes_refuses_in_a_key_is_told() {
    let long = format!("agent-inject-secret-{}", "a".repeat(50));
    for key in [
        "agent-inject-secret-team/cfg",
        "agent-inject-secret-a_",
        &long,
    ] {
        let outcome = decided(&mk_pod(&[(key, "kv/a")]), &mk_settings());
        let text = outcome.warnings[0].text();
        assert!(text.contains("Kubernetes refuses the key"), "{text}");
        assert!(text.contains("agent-inject-file-NAME"), "{text}");
    }
}

#[test]
fn containers_that_the_pod_does_not_have_are_named_with_the_ones_that_it_has() {
    let mut pod = mk_pod(&[("agent-inject-containers", "ap,migrate")]);
    pod["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "web"}));
    pod["spec"]["initContainers"] = json!([{"name": "migrate"}]);
    let outcome = decided(&pod, &mk_settings());
    let texts: Vec<_> = outcome.warnings.iter().map(Warning::text).collect();
    assert_eq!(
        texts,
        [
            "agent-inject-containers names a container that the pod does not have, \"ap\": it has app, \
             web; did you mean app?",
            "agent-inject-containers names the init container \"migrate\", which gets the secrets in any \
             case: remove the name",
        ]
    );
    assert!(outcome.warnings[0].is_sure() && !outcome.warnings[1].is_sure());
    for flavor in [COMPATIBLE, ("agent-flavor", "native")] {
        assert_eq!(
            warned(&[("agent-copy-volume-mounts", "chart-name"), flavor]),
            [
                "agent-copy-volume-mounts names a container that the pod does not have, \"chart-name\": it \
              has app"
            ]
        );
    }
}

#[test]
fn an_agent_without_anything_to_write_is_warned_of() {
    let off = ("agent-inject-token", "false");
    let texts = warned(&[off]);
    assert!(
        texts.len() == 1 && texts[0].starts_with("the agent writes nothing"),
        "{texts:?}"
    );
    for work in [
        SECRET,
        ("agent-cache-enable", "true"),
        ("agent-configmap", "x"),
    ] {
        assert_eq!(warned(&[off, work]), [""; 0], "{work:?}");
    }
}

#[test]
fn a_command_that_the_agent_does_not_have_is_warned_of() {
    for command in ["/vault-agent NONSENSE", "/vault-agent,reload"] {
        let warned = warned(&[SECRET, ("agent-inject-command-a", command)]);
        assert!(
            warned[0].contains("starts /vault-agent with a command that it does not have"),
            "{warned:?}"
        );
    }
    for command in [
        "/vault-agent",
        "/vault-agent --version",
        "/vault-agent token revoke --self",
        "/vault-agent validate --config=/vault/secrets/a",
    ] {
        let command = ("agent-inject-command-a", command);
        assert_eq!(warned(&[SECRET, command]), [""; 0], "{command:?}");
    }
}

#[test]
fn a_signal_in_the_process_namespace_of_the_node_is_no_mistake() {
    let command = ("agent-inject-command-a", "pkill -HUP app");
    let mut pod = mk_pod(&[SECRET, command, COMPATIBLE]);
    pod["spec"]["hostPID"] = json!(true);
    assert_eq!(decided(&pod, &mk_settings()).warnings, []);
}

#[test]
fn an_empty_list_of_containers_is_denied_only_if_the_agent_is_of_no_use() {
    let annotations = [
        SECRET,
        ("agent-inject-containers", ""),
        ("agent-inject-token", "false"),
    ];
    assert!(denied(&annotations).starts_with("agent-inject-containers is empty"));
    let is_let_through = |pod: &Value| {
        let outcome = decided(pod, &mk_settings());
        assert!(
            matches!(outcome.decision, Decision::Inject(_)),
            "{outcome:?}"
        );
        let told = outcome.warnings.iter().map(Warning::certainty);
        assert_eq!(told.collect::<Vec<_>>(), [Certainty::Hint]);
    };
    let mut pod = mk_pod(&annotations);
    pod["spec"]["initContainers"] = json!([{"name": "migrate"}]);
    is_let_through(&pod);
    let [secret, containers, no_token] = annotations;
    let caching = [secret, containers, no_token, ("agent-cache-enable", "true")];
    is_let_through(&mk_pod(&caching));
    is_let_through(&mk_pod(&annotations[..2]));
}

#[test]
fn a_stock_image_is_not_told_to_start_our_agent() {
    let shared = ("agent-share-process-namespace", "true");
    let command = (
        "agent-inject-command-a",
        "sleep 1; /vault-agent signal HUP app",
    );
    let texts = warned(&[SECRET, command, shared, COMPATIBLE]);
    assert!(
        texts.len() == 1
            && texts[0].contains("starts /vault-agent, which a stock image does not have")
            && texts[0].contains("pkill -HUP PROCESS"),
        "{texts:?}"
    );
}

#[test]
fn arguments_that_the_agents_signal_refuses_are_surely_a_mistake() {
    let shared = ("agent-share-process-namespace", "true");
    let texts = |command| {
        let command = ("agent-inject-command-a", command);
        warned(&[SECRET, command, shared])
    };
    for (command, what) in [
        ("/vault-agent signal", "there is neither"),
        ("/vault-agent signal HUP", "there is no process"),
        ("/vault-agent signal nginx", "there is no signal"),
        ("/vault-agent signal nginx HUP", "the process is first"),
        ("/vault-agent,signal,nginx,1", "the process is first"),
        (
            "/vault-agent signal HUPP nginx",
            "the first word is not a signal",
        ),
        ("/vault-agent signal HUP nginx now", "there are more words"),
        (
            "/vault-agent signal -HUP nginx",
            "has no flag but --if-running",
        ),
    ] {
        let found = texts(command);
        let text = format!(
            "agent-inject-command-a: /vault-agent signal takes a signal and then a process, and {what}: \
             write \"/vault-agent signal HUP PROCESS\""
        );
        assert_eq!(found, [text], "{command}");
        let annotations = [SECRET, ("agent-inject-command-a", command), shared];
        assert_eq!(certainties(&annotations), [(Certainty::Sure, 1237)]);
    }
    for command in [
        "/vault-agent signal -if-running HUP nginx",
        "/vault-agent signal 1 /usr/sbin/nginx --if-running",
        "/vault-agent signal sigusr1 'nginx'",
        "/vault-agent signal --help",
    ] {
        assert_eq!(texts(command), [""; 0], "{command}");
    }
}

#[test]
fn a_signal_to_users_that_cannot_be_the_agents_is_warned_of() {
    let told = |annotations: &[(&str, &str)], change: &dyn Fn(&mut Value)| {
        let shared = ("agent-share-process-namespace", "true");
        let command = ("agent-inject-command-a", "/vault-agent signal HUP app");
        let mut pod = mk_pod(&[&[SECRET, shared, command], annotations].concat());
        change(&mut pod["spec"]);
        let warnings = decided(&pod, &mk_settings()).warnings;
        let codes = warnings.iter().map(|it| it.code().to_string());
        codes.collect::<Vec<_>>()
    };
    let of_pod = |spec: &mut Value| spec["securityContext"] = json!({"runAsUser": 1000});
    assert_eq!(told(&[], &of_pod), ["VI-1238"]);
    let of_container = |spec: &mut Value| {
        spec["containers"][0]["securityContext"] = json!({"runAsUser": 1000});
    };
    assert_eq!(told(&[], &of_container), ["VI-1238"]);
    let same = ("agent-run-as-same-user", "true");
    assert_eq!(told(&[same], &of_container), [""; 0]);
    assert_eq!(
        told(&[("agent-run-as-user", "1000")], &of_container),
        [""; 0]
    );
    let no_context = ("agent-set-security-context", "false");
    assert_eq!(told(&[no_context], &of_container), [""; 0]);
    // A user that is not written may be the agent's, and root may become it.
    assert_eq!(told(&[], &|_| {}), [""; 0]);
    let root = |spec: &mut Value| spec["securityContext"] = json!({"runAsUser": 0});
    assert_eq!(told(&[], &root), [""; 0]);
    let second = |spec: &mut Value| {
        of_container(spec);
        let containers = spec["containers"].as_array_mut().unwrap();
        containers.push(json!({"name": "web"}));
    };
    assert_eq!(told(&[], &second), [""; 0]);
    let on_node = |spec: &mut Value| {
        of_pod(spec);
        spec["hostPID"] = json!(true);
    };
    assert_eq!(told(&[], &on_node), [""; 0]);
}
