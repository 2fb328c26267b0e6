//! Long names and paths, and many mounts of one container.

use super::*;

#[test]
fn the_time_for_a_pod_grows_with_the_length_of_names_and_paths_alone() {
    let one_longer = |unit: &str, count: usize| (unit.repeat(count), unit.repeat(count - 1) + "x");
    let names = |count: usize| {
        let (name, other) = ("ab".repeat(count), "ba".repeat(count));
        let annotations = [
            ("agent-inject-containers", name.clone()),
            ("agent-copy-volume-mounts", name),
        ];
        let mut pod = with(mk_pod(&[]), &annotations);
        pod["spec"]["containers"][0]["name"] = json!(other);
        pod
    };
    assert_linear("names of containers", names, 500);
    let paths = |count: usize| {
        let (path, other) = ("/a".repeat(count), "a/".repeat(count) + "a");
        let template = format!("{{{{ with secret \"kv/{other}\" }}}}{{{{ end }}}}");
        let annotations = [
            ("agent-inject-secret-a", format!("kv/b{path}")),
            ("agent-inject-template-a", template),
        ];
        with(mk_pod(&[]), &annotations)
    };
    assert_linear("paths of secrets", paths, 500);
    let files = |count: usize| {
        let (path, other) = one_longer("/a", count);
        let annotations = [
            ("agent-inject-secret-a", "s".to_owned()),
            ("secret-volume-path-a", path + "/b"),
            ("agent-inject-file-a", format!("..{other}")),
            ("agent-inject-command-a", other),
        ];
        with(mk_pod(&[]), &annotations)
    };
    assert_linear("paths of files", files, 1000);
}

#[test]
fn the_time_for_a_pod_grows_with_the_mounts_of_one_container_alone() {
    let mounting =
        |path: &'static str, volume: &'static str, annotations: &'static [(&str, &str)]| {
            move |count: usize| {
                let mut pod = mk_pod(annotations);
                let name = |number: usize| volume.replace('#', &number.to_string());
                let mounts = (0..count).map(|number| {
                    let path = path.replace('#', &number.to_string());
                    json!({"name": name(number), "mountPath": path})
                });
                pod["spec"]["containers"][0]["volumeMounts"] = mounts.collect();
                let volumes = (0..count).map(|number| {
                    let token = json!({"path": "token", "audience": "sts.amazonaws.com"});
                    json!({"name": name(number), "projected": {"sources": [
                        {"serviceAccountToken": token},
                    ]}})
                });
                pod["spec"]["volumes"] = volumes.collect();
                pod
            }
        };
    let standard = "/var/run/secrets/kubernetes.io/serviceaccount";
    for (path, volume, annotations) in [
        ("/vault/secrets", "v#", &[("agent-token-audience", "x")][..]),
        (
            "/vault/secrets",
            "vault-secrets",
            &[("agent-token-audience", "x")],
        ),
        (standard, "v#", &[]),
        ("/a/serviceaccount/#", "v#", &[]),
        (
            "/#",
            "v#",
            &[("auth-type", "aws"), ("auth-config-type", "iam")],
        ),
        (
            "/#",
            "v#",
            &[
                ("agent-copy-volume-mounts", "app"),
                ("agent-token-audience", "x"),
            ],
        ),
    ] {
        let what = format!("{volume} at {path}, {annotations:?}");
        assert_linear(&what, mounting(path, volume, annotations), 1000);
    }
}
