//! The functions of the table as helpers.

use handlebars::{
    BlockContext, BlockParams, Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy,
    Output, RenderContext, RenderError, Renderable, ScopedJson,
};
use serde_json::Value as Json;
use text_template::fmt::{sprint, sprintf};
use text_template::{CallError, Type, Value};

use super::value::{argument, to_json};
use super::{OUTPUT_LIMIT, block, state};
use crate::functions::{Function, rows};

/// What only Go templates can use: objects with methods.
pub(super) const GO_ONLY: &[&str] = &["scratch", "executeTemplate", "sprig_semver"];

/// What the crate has built in, and Go's own printing.
const BUILT_IN: &[&str] = &[
    "if", "unless", "each", "with", "lookup", "raw", "eq", "ne", "gt", "gte", "lt", "lte", "and",
    "or", "not", "len", "print", "printf",
];

/// The names of all helpers.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let table = rows().map(Function::name);
    table
        .filter(|name| !GO_ONLY.contains(name))
        .chain(BUILT_IN.iter().copied())
}

pub(super) fn register(registry: &mut Handlebars<'static>) {
    for function in rows() {
        if !GO_ONLY.contains(&function.name()) {
            registry.register_helper(function.name(), Box::new(OfTable(function)));
        }
    }
    registry.register_helper(
        "print",
        Box::new(Print(|values| Ok(sprint(values, OUTPUT_LIMIT)?.into()))),
    );
    registry.register_helper(
        "printf",
        Box::new(Print(|values| {
            let Some((format, values)) = values.split_first() else {
                return Err(CallError::new("printf needs a format"));
            };
            let format = sprint(std::slice::from_ref(format), OUTPUT_LIMIT)?;
            Ok(sprintf(&format, values, OUTPUT_LIMIT)?.into())
        })),
    );
}

/// A row of the table.
struct OfTable(&'static Function);

impl OfTable {
    fn result(&self, helper: &Helper<'_>) -> Result<Json, RenderError> {
        let json = state::with(|state| {
            let arguments = self.arguments(helper)?;
            let value = state.call(self.0, &arguments);
            let name = self.0.name();
            to_json(
                &value.map_err(|error| error.within(format!("{name}: ")))?,
                0,
            )
        })?;
        Ok(json)
    }

    fn arguments(&self, helper: &Helper<'_>) -> Result<Vec<Value>, CallError> {
        let signature = self.0.signature();
        let (name, given) = (signature.name, helper.params().len());
        let wanted = signature.params.len();
        if given < wanted || (given > wanted && signature.variadic.is_none()) {
            let usage = self.0.usage();
            return Err(CallError::new(format!("{name} is called as {usage}")));
        }
        let types = signature
            .params
            .iter()
            .copied()
            .chain(signature.variadic.into_iter().cycle());
        let parameters = helper.params().iter().zip(types);
        parameters
            .map(|(parameter, ty)| {
                if parameter.is_value_missing() {
                    let path = parameter.relative_path().map_or("", String::as_str);
                    return Err(CallError::new(format!("there is no value at {path}")));
                }
                argument(parameter.value(), ty).map_err(|error| error.within(format!("{name}: ")))
            })
            .collect()
    }
}

impl HelperDef for OfTable {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        Ok(ScopedJson::Derived(self.result(helper)?))
    }

    /// As a block, the result is what the block works on: of a list each item.
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let result = self.result(helper)?;
        if !helper.is_block() {
            let text = match result {
                Json::String(text) => text,
                other => ScopedJson::Derived(other).render(),
            };
            out.write(&text)?;
            return Ok(());
        }
        if let Json::Array(_) = result {
            return block::each(&result, helper, registry, context, render, out);
        }
        if !result.is_truthy(false) {
            return match helper.inverse() {
                Some(inverse) => inverse.render(registry, context, render, out),
                None => Ok(()),
            };
        }
        let mut scope = BlockContext::new();
        if let Some(name) = helper.block_param() {
            let mut params = BlockParams::new();
            params.add_value(name, result.clone())?;
            scope.set_block_params(params);
        }
        scope.set_base_value(result);
        render.push_block(scope);
        let rendered = match helper.template() {
            Some(template) => template.render(registry, context, render, out),
            None => Ok(()),
        };
        render.pop_block();
        rendered
    }
}

/// Go's own printing.
struct Print(fn(&[Value]) -> Result<text_template::Text, CallError>);

impl HelperDef for Print {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let json = state::with(|state| {
            state.spend(1)?;
            let values: Result<Vec<Value>, CallError> = helper
                .params()
                .iter()
                .map(|parameter| argument(parameter.value(), Type::Any))
                .collect();
            to_json(&Value::String((self.0)(&values?)?), 0)
        })?;
        Ok(ScopedJson::Derived(json))
    }
}
