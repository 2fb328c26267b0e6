//! What the templates of this test can read: one Vault, one environment.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::case::{Case, Setup};

#[derive(Deserialize)]
struct World {
    setup: Vec<Setup>,
    env: BTreeMap<String, String>,
}

/// A case with the part of the world that its template names.
pub(crate) fn case(template: String) -> Case {
    static WORLD: LazyLock<World> = LazyLock::new(|| {
        // Responses keep their text, and a case has to be one line.
        let text = include_str!("world.json").replace('\n', "");
        serde_json::from_str(&text).unwrap()
    });
    let named = |setup: &&Setup| template.contains(&setup.path);
    let setup = WORLD.setup.iter().filter(named).cloned().collect();
    Case {
        setup,
        env: WORLD.env.clone(),
        template,
        ..Case::default()
    }
}
