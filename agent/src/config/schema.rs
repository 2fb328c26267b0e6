//! Which keys each block knows, which of them are blocks, and what a block's label means.
//!
//! The names of the keys come from the types themselves, so this table cannot lag behind them.

#[cfg(test)]
mod document;
mod probe;

use contract::agent_config as c;
use hcl::ValueKind;
use probe::{complaint, fields};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// A block.
pub(super) struct Block {
    /// The keys that its type reads.
    pub(super) fields: fn() -> &'static [&'static str],
    /// Why its type does not take a value under a key.
    complaint: fn(&str, &Json, &ValueKind) -> Option<String>,
    /// Those of the keys that are blocks.
    pub(super) blocks: &'static [(&'static str, Block)],
    /// What a label of the block stands for.
    pub(super) label: Label,
    /// How often the block may stand.
    pub(super) count: Count,
    /// Keys of the established programs that say nothing to an agent.
    pub(super) leftovers: &'static [&'static str],
    /// Keys that nobody knows are errors.
    pub(super) closed: bool,
}

/// What a block's label stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// The block has none.
    None,
    /// Its key `type`, in small letters.
    Type,
    /// Its key `name`, as it is.
    Name,
}

/// How often a block may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// Once.
    One,
    /// Any number of times; the last one counts.
    Last,
    /// Any number of times.
    Many,
}

const PLAIN: Block = Block {
    fields: || &[],
    complaint: |_, _, _| None,
    blocks: &[],
    label: Label::None,
    count: Count::One,
    leftovers: &[],
    closed: false,
};

/// The whole configuration.
pub(super) static ROOT: Block = Block {
    leftovers: &[
        "disable_mlock",
        "api_addr",
        "cluster_addr",
        "default_lease_ttl",
        "max_lease_ttl",
        "ui",
        "enable_ui",
    ],
    blocks: &[
        ("auto_auth", AUTO_AUTH),
        ("vault", VAULT),
        ("template", TEMPLATE),
        ("template_config", block::<c::TemplateConfig>()),
        ("listener", LISTENER),
        ("cache", CACHE),
        ("api_proxy", block::<c::ApiProxy>()),
        ("env_template", ENV_TEMPLATE),
        ("exec", closed::<c::Exec>()),
    ],
    ..block::<c::AgentConfig>()
};

const AUTO_AUTH: Block = Block {
    blocks: &[
        (
            "method",
            Block {
                label: Label::Type,
                ..block::<c::Method>()
            },
        ),
        (
            "sink",
            Block {
                label: Label::Type,
                count: Count::Many,
                ..block::<c::Sink>()
            },
        ),
    ],
    ..block::<c::AutoAuth>()
};

const VAULT: Block = Block {
    blocks: &[("retry", block::<c::Retry>())],
    ..block::<c::Vault>()
};

const TEMPLATE: Block = Block {
    count: Count::Many,
    blocks: &[
        (
            "exec",
            Block {
                count: Count::Last,
                blocks: &[(
                    "env",
                    Block {
                        count: Count::Last,
                        ..closed::<c::ExecEnv>()
                    },
                )],
                ..closed::<c::TemplateExec>()
            },
        ),
        (
            "wait",
            Block {
                count: Count::Last,
                ..closed::<c::WaitBlock>()
            },
        ),
    ],
    ..closed::<c::Template>()
};

const LISTENER: Block = Block {
    count: Count::Many,
    label: Label::Type,
    blocks: &[("agent_api", block::<c::AgentApi>())],
    leftovers: &[
        "chroot_namespace",
        "cluster_address",
        "cors_allowed_headers",
        "cors_allowed_origins",
        "cors_enabled",
        "custom_response_headers",
        "disable_replication_status_endpoints",
        "http_idle_timeout",
        "http_read_header_timeout",
        "http_read_timeout",
        "http_write_timeout",
        "inflight_requests_logging",
        "max_request_duration",
        "max_request_size",
        "profiling",
        "proxy_api",
        "proxy_protocol_authorized_addrs",
        "proxy_protocol_behavior",
        "redact_addresses",
        "redact_cluster_name",
        "redact_version",
        "telemetry",
        "tls_prefer_server_cipher_suites",
        "x_forwarded_for_authorized_addrs",
        "x_forwarded_for_hop_skips",
        "x_forwarded_for_reject_not_authorized",
        "x_forwarded_for_reject_not_present",
    ],
    ..block::<c::Listener>()
};

const CACHE: Block = Block {
    blocks: &[(
        "persist",
        Block {
            label: Label::Type,
            ..block::<c::Persist>()
        },
    )],
    ..block::<c::Cache>()
};

const ENV_TEMPLATE: Block = Block {
    count: Count::Many,
    label: Label::Name,
    ..closed::<c::EnvTemplate>()
};

const fn block<T: DeserializeOwned>() -> Block {
    Block {
        fields: fields::<T>,
        complaint: complaint::<T>,
        ..PLAIN
    }
}

const fn closed<T: DeserializeOwned>() -> Block {
    Block {
        closed: true,
        ..block::<T>()
    }
}

impl Block {
    /// The block under a key.
    pub(super) fn block(&self, key: &str) -> Option<&Block> {
        let found = self.blocks.iter().find(|(name, _)| *name == key);
        found.map(|(_, block)| block)
    }

    /// Why the block's type does not take a value under a key; `None` where it does.
    pub(super) fn complaint(&self, key: &str, value: &Json, written: &ValueKind) -> Option<String> {
        (self.complaint)(key, value, written)
    }

    /// Whether the block's type reads a key.
    pub(super) fn knows(&self, key: &str) -> bool {
        (self.fields)().contains(&key)
    }
}

/// What to say to keys of the established programs that this agent refuses.
pub(super) fn refusal(key: &str) -> Option<&'static str> {
    Some(match key {
        "consul" | "nomad" => {
            "this agent reads Vault and OpenBao only: remove the block, and run \
             consul-template beside for what comes from there"
        }
        "plugin_directory" | "plugin_tmpdir" | "plugin" => {
            "this agent runs no plugins: use one of its own auth methods"
        }
        "pki_external_ca" | "tpm_cert" => {
            "this block of Vault Enterprise is not part of this agent: remove it; certificates \
             come from pkiCert in a template"
        }
        _ => return None,
    })
}
