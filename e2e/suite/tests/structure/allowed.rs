//! The table: what each top module of a crate may use, and the circles that are left.

pub(crate) struct Crate {
    pub(crate) source: &'static str,
    /// A module, and what it uses of the others.
    pub(crate) arrows: &'static [(&'static str, &'static str)],
    /// Files that import each other. The list may only get shorter.
    pub(crate) circles: &'static [&'static str],
}

pub(crate) const CRATES: &[Crate] = &[
    Crate {
        source: "agent/src",
        arrows: &[
            ("auth", "status"),
            ("cli", "config exec home"),
            ("command", "random status"),
            (
                "commands",
                "cli config dry_run exit log ready reload signals status",
            ),
            (
                "config",
                "command environment exec home listener proxy render sink",
            ),
            ("driver", "auth config random state store"),
            (
                "dry_run",
                "auth config driver exit own_secrets render runtime state store",
            ),
            ("exec", "command"),
            ("exit", "auth config exec listener log render sink"),
            ("home", "environment"),
            ("listener", "home proxy status"),
            ("log", "exit"),
            ("own_secrets", "config state"),
            ("proxy", "auth random"),
            ("ready", "home status"),
            ("reload", "config listener"),
            (
                "render",
                "auth command config exec placed random ready state status store",
            ),
            (
                "runtime",
                "auth config driver exec exit home listener own_secrets proxy ready \
                    reload render sink state status store",
            ),
            ("signals", "exit"),
            ("sink", "auth placed random"),
            ("state", "config home"),
            ("status", "auth exit proxy"),
            ("store", "driver state status"),
        ],
        circles: &[],
    },
    Crate {
        source: "webhook/src",
        arrows: &[
            ("background", "cli cluster"),
            ("cli", "log tls"),
            ("cluster", "tls"),
            ("commands", "cli"),
            ("serve", "background cli metrics server shutdown tls"),
            ("server", "metrics"),
        ],
        circles: &[],
    },
    Crate {
        source: "webhook/injection/src",
        arrows: &[
            ("admission", "inject pod settings workload"),
            ("ask", "pod settings vocabulary"),
            ("inject", "ask pod settings shape vocabulary warn write"),
            ("settings", "kubernetes vocabulary"),
            ("shape", "ask pod settings vocabulary"),
            ("warn", "ask pod settings shape vocabulary"),
            ("workload", "inject pod settings vocabulary"),
            ("write", "ask pod settings shape vocabulary"),
        ],
        circles: &[],
    },
    Crate {
        source: "operator/src",
        arrows: &[
            ("cert_controller", "health log signals"),
            (
                "cli",
                "accepted cert_controller commands crds flags log run webhook",
            ),
            (
                "cluster_external_secret",
                "context finalizers metrics names selector work",
            ),
            ("commands", "names provider"),
            ("condition", "context selector"),
            (
                "context",
                "events metrics names objects pushed references vault verified work",
            ),
            (
                "controller",
                "cluster_external_secret context external_secret metrics names objects push_secret \
                    store work",
            ),
            (
                "external_secret",
                "context events fault finalizers generator names objects provider store template verified work",
            ),
            ("endpoints", "health metrics"),
            ("flags", "context log own_identity"),
            ("generator", "context fault metrics names vault work"),
            ("health", "admission"),
            ("metrics", "names"),
            ("objects", "names selector"),
            ("own_identity", "names"),
            ("provider", "fault vault"),
            (
                "push_secret",
                "context events fault finalizers generator metrics names objects provider pushed references \
                    store template vault work",
            ),
            ("pushed", "names"),
            ("references", "names work"),
            (
                "run",
                "context controller endpoints flags metrics signals watching",
            ),
            (
                "store",
                "condition context events fault finalizers metrics names objects provider vault work",
            ),
            ("template", "context fault names references work"),
            ("vault", "fault metrics names references work"),
            ("verified", "names"),
            ("watching", "context names objects references work"),
            ("webhook", "admission health log signals"),
            ("work", "names"),
        ],
        circles: &[],
    },
    Crate {
        source: "shared/vault-client/src",
        arrows: &[
            (
                "client",
                "body config hint proxy rate reach redirect retry tls",
            ),
            ("config", "proxy rate"),
            ("connection", "client config"),
            ("reach", "config"),
            ("tls", "config"),
        ],
        circles: &[],
    },
    Crate {
        source: "shared/vault-engine/src",
        arrows: &[
            ("backoff", "jitter time"),
            ("breaker", "backoff call jitter time"),
            ("call", "want"),
            (
                "engine",
                "backoff breaker call cause jitter lifetime login mounts output planted queue \
                    reading refresh rotation secret time token want",
            ),
            ("jitter", "time"),
            ("lifespan", "rotation"),
            ("lifetime", "backoff jitter time"),
            ("login", "backoff time"),
            ("mounts", "want"),
            ("output", "call lifetime login want"),
            ("queue", "want"),
            ("reading", "content_hash lifespan want"),
            ("refresh", "jitter lifespan time"),
            ("rotation", "backoff jitter"),
            (
                "secret",
                "backoff call cause jitter lifetime login planted reading refresh rotation time want",
            ),
            ("token", "call cause jitter lifetime login output time"),
        ],
        circles: &[],
    },
];
