//! Keys of a configuration that no type reads: usually typing mistakes.
//!
//! The names come from the types themselves, so this list cannot lag behind them.

use contract::agent_config as c;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::Value;

/// A block: the keys that it knows, and those of them that are blocks with keys of their own.
struct Block {
    fields: fn() -> &'static [&'static str],
    blocks: &'static [(&'static str, Block)],
}

static ROOT: Block = Block {
    fields: fields::<c::AgentConfig>,
    blocks: &[
        (
            "auto_auth",
            Block {
                fields: fields::<c::AutoAuth>,
                blocks: &[
                    ("method", leaf(fields::<c::Method>)),
                    ("sink", leaf(fields::<c::Sink>)),
                ],
            },
        ),
        ("vault", leaf(fields::<c::Vault>)),
        ("template", leaf(fields::<c::Template>)),
        ("template_config", leaf(fields::<c::TemplateConfig>)),
        (
            "listener",
            Block {
                fields: fields::<c::Listener>,
                blocks: &[("agent_api", leaf(fields::<c::AgentApi>))],
            },
        ),
        (
            "cache",
            Block {
                fields: fields::<c::Cache>,
                blocks: &[("persist", leaf(fields::<c::Persist>))],
            },
        ),
    ],
};

const fn leaf(fields: fn() -> &'static [&'static str]) -> Block {
    Block {
        fields,
        blocks: &[],
    }
}

/// The keys in `config` that nobody reads, with their place.
pub(super) fn keys(config: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(config, "", &ROOT, &mut found);
    found
}

fn collect(value: &Value, place: &str, block: &Block, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{place}[{index}]"), block, found);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                let place = match place {
                    "" => key.clone(),
                    place => format!("{place}.{key}"),
                };
                if !(block.fields)().contains(&key.as_str()) {
                    found.push(place);
                } else if let Some((_, inner)) = block.blocks.iter().find(|(name, _)| name == key) {
                    collect(value, &place, inner, found);
                }
            }
        }
        _ => {}
    }
}

/// The names of the fields of a struct, as its derived `Deserialize` asks for them.
fn fields<T: Deserialize<'static>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The probe has no data, so this always ends with an error, after the names were asked for.
    let _ = T::deserialize(Probe(&mut names));
    names
}

struct Probe<'a>(&'a mut &'static [&'static str]);

#[derive(Debug)]
struct NoData;

impl std::fmt::Display for NoData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no data")
    }
}

impl std::error::Error for NoData {}

impl de::Error for NoData {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = NoData;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoData> {
        Err(NoData)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, NoData> {
        *self.0 = fields;
        Err(NoData)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_found_where_they_stand() {
        let config = json!({
            "pid_file": "/p",
            "exit_after_ath": true,
            "auto_auth": [{"method": {"type": "kubernetes", "config": {"any": 1}, "mountpath": "x"}}],
            "template": [{"destination": "/a"}, {"destinaton": "/b", "contents": ""}],
        });
        assert_eq!(
            keys(&config),
            [
                "auto_auth[0].method.mountpath",
                "exit_after_ath",
                "template[1].destinaton"
            ]
        );
    }

    #[test]
    fn what_the_injector_writes_is_known() {
        let config = contract::AgentConfig {
            auto_auth: Some(c::AutoAuth::default()),
            vault: Some(c::Vault::default()),
            template: vec![c::Template::default()],
            listener: vec![c::Listener::default()],
            cache: Some(c::Cache::default()),
            template_config: Some(c::TemplateConfig::default()),
            ..contract::AgentConfig::default()
        };
        assert!(keys(&serde_json::to_value(&config).unwrap()).is_empty());
    }
}
