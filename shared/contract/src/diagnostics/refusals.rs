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
}
