//! The templates of go-sockaddr, with which a configuration or a template asks for an address of
//! the machine: `GetPrivateIP`, `GetAllInterfaces | include "type" "IPv4" | attr "address"`.
//!
//! ```text
//! text -> text-template with these functions -> pipelines over a table of addresses -> text
//! ```
//!
//! The table is read once a call, so one template sees one state of the network.

mod address;
mod filter;
mod network;

use std::sync::LazyLock;

use text_template::{
    Arguments, CallError, FunctionSet, Host, List, Options, Signature, Template, Type, Value,
};

use address::Address;

/// What a function makes of the table and its arguments.
type Body = fn(&[Address], Arguments<'_>) -> Result<Value, CallError>;

const NO: &[Type] = &[];
const NAME: &[Type] = &[Type::String];
const OVER: &[Type] = &[Type::String, Type::Any];
const WITH: &[Type] = &[Type::String, Type::String, Type::Any];
const COUNT: &[Type] = &[Type::Any, Type::Any];

/// Names, parameters and what they do.
const FUNCTIONS: &[(&str, &[Type], Body)] = &[
    ("GetAllInterfaces", NO, |table, _| Ok(listed(table))),
    ("GetDefaultInterfaces", NO, |table, _| {
        Ok(listed(&kept(table, |address| address.default)))
    }),
    ("GetPrivateInterfaces", NO, |table, _| {
        Ok(listed(&private(table)))
    }),
    ("GetPublicInterfaces", NO, |table, _| {
        Ok(listed(&public(table)))
    }),
    ("GetPrivateIP", NO, |table, _| {
        Ok(first(&on_default_route(private(table))))
    }),
    ("GetPrivateIPs", NO, |table, _| Ok(joined(&private(table)))),
    ("GetPublicIP", NO, |table, _| {
        Ok(first(&on_default_route(public(table))))
    }),
    ("GetPublicIPs", NO, |table, _| Ok(joined(&public(table)))),
    ("GetInterfaceIP", NAME, |table, arguments| {
        Ok(first(&of_interface(table, &arguments[0])?))
    }),
    ("GetInterfaceIPs", NAME, |table, arguments| {
        Ok(joined(&of_interface(table, &arguments[0])?))
    }),
    ("include", WITH, |table, arguments| {
        filter::select(table, arguments, true)
    }),
    ("exclude", WITH, |table, arguments| {
        filter::select(table, arguments, false)
    }),
    ("sort", OVER, filter::sort),
    ("unique", OVER, filter::unique),
    ("limit", COUNT, filter::limit),
    ("offset", COUNT, filter::offset),
    ("attr", OVER, filter::attr),
    ("join", WITH, filter::join),
];

static SET: LazyLock<FunctionSet> = LazyLock::new(|| {
    FunctionSet::new(
        FUNCTIONS
            .iter()
            .map(|(name, params, _)| Signature::new(name, params)),
    )
});

/// What a template of go-sockaddr says about this machine. A text without `{{` is one action.
///
/// # Errors
/// An unknown function, selector or interface table, in a sentence.
pub fn sockaddr(template: &str) -> Result<String, String> {
    let table = address::of_this_machine()
        .map_err(|error| format!("cannot list the network interfaces: {error}"))?;
    evaluate(template, &table)
}

fn evaluate(template: &str, table: &[Address]) -> Result<String, String> {
    let action = format!("{{{{{template}}}}}");
    let source = if template.contains("{{") {
        template
    } else {
        &action
    };
    let said = |error: &text_template::Error| match error.unknown_function() {
        Some(name) => format!("go-sockaddr has no function \"{name}\" that is known here"),
        None => error.message().reveal(),
    };
    let parsed =
        Template::parse(source, SET.clone(), &Options::default()).map_err(|error| said(&error))?;
    let printed = parsed
        .execute(Value::Nil, &mut Machine(table))
        .map_err(|error| said(&error))?;
    Ok(String::from_utf8_lossy(&printed).into_owned())
}

/// The functions over one table.
struct Machine<'a>(&'a [Address]);

impl Host for Machine<'_> {
    fn call(
        &mut self,
        function: usize,
        arguments: Arguments<'_>,
        _: usize,
    ) -> Result<Value, CallError> {
        let (_, _, body) = FUNCTIONS[function];
        body(self.0, arguments)
    }
}

fn listed(addresses: &[Address]) -> Value {
    Value::List(List::of_any(
        addresses.iter().map(Address::to_value).collect(),
    ))
}

fn kept(table: &[Address], keep: impl Fn(&Address) -> bool) -> Vec<Address> {
    table
        .iter()
        .filter(|address| keep(address))
        .cloned()
        .collect()
}

/// Forwardable addresses of interfaces that are up, those of the default route first.
fn reachable(table: &[Address], is_private: bool) -> Vec<Address> {
    let mut found = kept(table, |address| {
        address.up
            && network::is_forwardable(address.ip)
            && network::is_in_rfc(6890, address.ip) == Some(is_private)
    });
    found.sort_by_key(|address| (!address.default, address.ip.is_ipv6(), address.prefix));
    found
}

fn private(table: &[Address]) -> Vec<Address> {
    reachable(table, true)
}

fn public(table: &[Address]) -> Vec<Address> {
    reachable(table, false)
}

fn on_default_route(mut addresses: Vec<Address>) -> Vec<Address> {
    addresses.retain(|address| address.default);
    addresses
}

/// The forwardable addresses of an interface, those of the largest networks first.
fn of_interface(table: &[Address], name: &Value) -> Result<Vec<Address>, CallError> {
    let name = filter::text(name)?;
    let mut found = kept(table, |address| {
        address.interface == name && network::is_forwardable(address.ip)
    });
    found.sort_by_key(|address| (address.ip.is_ipv6(), address.prefix));
    Ok(found)
}

fn first(addresses: &[Address]) -> Value {
    Value::string(
        addresses
            .first()
            .map(|address| address.ip.to_string())
            .unwrap_or_default(),
    )
}

fn joined(addresses: &[Address]) -> Value {
    let all: Vec<_> = addresses
        .iter()
        .map(|address| address.ip.to_string())
        .collect();
    Value::string(all.join(" "))
}

#[cfg(test)]
mod tests;
