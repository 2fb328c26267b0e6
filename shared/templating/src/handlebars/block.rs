//! Loops, with a count of their turns.

use handlebars::{
    BlockContext, BlockParams, Context, Handlebars, Helper, HelperDef, HelperResult, Output,
    RenderContext, RenderErrorReason, Renderable,
};
use serde_json::Value as Json;

use super::state;

pub(super) fn register(registry: &mut Handlebars<'static>) {
    registry.register_helper("each", Box::new(Each));
}

/// `each`, which the crate has without a bound.
struct Each;

impl HelperDef for Each {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Some(parameter) = helper.param(0) else {
            return Err(RenderErrorReason::ParamNotFoundForIndex("each", 0).into());
        };
        if parameter.is_value_missing() && helper.inverse().is_none() {
            let path = parameter.relative_path().cloned();
            return Err(RenderErrorReason::MissingVariable(path).into());
        }
        each(parameter.value(), helper, registry, context, render, out)
    }
}

/// The block once for each item of a list or entry of a map; without any, its `else`.
pub(super) fn each<'reg: 'rc, 'rc>(
    items: &Json,
    helper: &Helper<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    render: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let entries: Vec<(Json, &Json)> = match items {
        Json::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, item)| (at.into(), item))
            .collect(),
        Json::Object(map) => map
            .iter()
            .map(|(key, item)| (key.as_str().into(), item))
            .collect(),
        _ => Vec::new(),
    };
    let body = if entries.is_empty() {
        helper.inverse()
    } else {
        helper.template()
    };
    let Some(body) = body else { return Ok(()) };
    if entries.is_empty() {
        return body.render(registry, context, render, out);
    }
    let last = entries.len() - 1;
    for (at, (key, item)) in entries.into_iter().enumerate() {
        state::with(|state| state.spend(1))?;
        let mut scope = BlockContext::new();
        scope.set_local_var("first", (at == 0).into());
        scope.set_local_var("last", (at == last).into());
        scope.set_local_var("index", at.into());
        scope.set_local_var("key", key.clone());
        let mut params = BlockParams::new();
        if let Some((value, name)) = helper.block_param_pair() {
            params.add_value(value, item.clone())?;
            params.add_value(name, key)?;
        } else if let Some(value) = helper.block_param() {
            params.add_value(value, item.clone())?;
        }
        scope.set_block_params(params);
        scope.set_base_value(item.clone());
        render.push_block(scope);
        let turn = body.render(registry, context, render, out);
        render.pop_block();
        turn?;
    }
    Ok(())
}
