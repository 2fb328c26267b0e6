//! 15xx: pods that the injector's own settings and limits refuse.

diagnostics! {
    SYSTEM_NAMESPACE = 1501:
        "`cannot inject into system namespaces`",
        "a pod in `kube-system` or `kube-public`",
        "run it in another namespace";
    STRICT = 1502:
        "`refused, because this injector is strict`",
        "the injector runs with `-strict`, which refuses what is surely a mistake",
        "correct what the message names";
    PATCH_TOO_LARGE = 1503:
        "`the patch would be larger than … MiB`",
        "the agent's mounts in each container are too many",
        "use fewer `secret-volume-path-NAME`, or inject fewer containers";
    ANNOTATIONS_TOO_LONG = 1504:
        "`metadata.annotations: Too long: may not be more than 262144 bytes`",
        "Kubernetes takes 256 KiB of keys and values together",
        "move templates into files (`agent-inject-template-file-NAME`), or the agent's configuration into a ConfigMap (`agent-configmap`)";
    TOO_MANY_SECRETS = 1505:
        "`the pod asks for … secrets, but gets … at most`",
        "the time and memory for one pod are bounded",
        "write more than one secret into a file, with a template";
}
