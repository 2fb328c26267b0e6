//! What stands in a pipeline after the addresses: filters, order, attributes.

use std::cmp::Ordering;

use text_template::{Arguments, CallError, Value};

use super::address::{ATTRIBUTES, Address};
use super::{kept, listed, network};
use crate::functions::regular_expression;

/// A whole text.
pub(super) fn text(value: &Value) -> Result<String, CallError> {
    let text = value
        .as_text()
        .ok_or_else(|| CallError::new("expected a string"))?;
    Ok(text.to_str_lossy().into_owned())
}

/// The addresses that a list of a template means, or the one that stands by itself.
fn addresses(table: &[Address], value: &Value) -> Result<Vec<Address>, CallError> {
    let one = |item: &Value| match item {
        Value::Map(map) => table.iter().find(|address| address.is(map)).cloned(),
        _ => None,
    };
    let found = match value {
        Value::List(list) => list.items().iter().map(one).collect(),
        other => one(other).map(|address| vec![address]),
    };
    found.ok_or_else(|| CallError::new("expected addresses, as GetAllInterfaces gives them"))
}

/// `include SELECTOR VALUE` and `exclude SELECTOR VALUE`.
pub(super) fn select(
    table: &[Address],
    arguments: Arguments<'_>,
    include: bool,
) -> Result<Value, CallError> {
    let (selector, wanted) = (text(&arguments[0])?, text(&arguments[1])?);
    let found = addresses(table, &arguments[2])?;
    let wants = condition(&selector.to_ascii_lowercase(), &wanted)?;
    Ok(listed(&kept(&found, |address| wants(address) == include)))
}

type Condition = Box<dyn Fn(&Address) -> bool>;

fn condition(selector: &str, wanted: &str) -> Result<Condition, CallError> {
    let misfit = |what: &str| CallError::new(format!("{selector} \"{wanted}\" is no {what}"));
    let pattern = || regular_expression(wanted).ok_or_else(|| misfit("regular expression"));
    Ok(match selector {
        "address" => {
            let pattern = pattern()?;
            Box::new(move |address| pattern.is_match(&address.ip.to_string()))
        }
        "name" => {
            let pattern = pattern()?;
            Box::new(move |address| pattern.is_match(&address.interface))
        }
        "network" => {
            let network = network::parse(wanted).ok_or_else(|| misfit("network in CIDR form"))?;
            Box::new(move |address| network::contains(network, address.ip))
        }
        "size" => {
            let bits: u8 = wanted
                .trim_start_matches('/')
                .parse()
                .map_err(|_| misfit("length of a prefix"))?;
            Box::new(move |address| address.prefix == bits)
        }
        "rfc" => {
            let known = wanted
                .parse()
                .ok()
                .filter(|number| [1918, 6890].contains(number));
            let number = known.ok_or_else(|| misfit("known document: 1918 or 6890"))?;
            Box::new(move |address| network::is_in_rfc(number, address.ip) == Some(true))
        }
        "type" => match wanted.to_ascii_lowercase().as_str() {
            "ip" => Box::new(|_| true),
            "ipv4" => Box::new(|address| address.ip.is_ipv4()),
            "ipv6" => Box::new(|address| address.ip.is_ipv6()),
            _ => return Err(misfit("type: IP, IPv4 or IPv6")),
        },
        "flag" | "flags" => {
            let flags: Option<Vec<_>> = wanted.split('|').map(flag).collect();
            let flags = flags.ok_or_else(|| misfit("flag: forwardable, loopback or up"))?;
            Box::new(move |address| flags.iter().all(|has| has(address)))
        }
        _ => {
            return Err(CallError::new(format!(
                "there is no selector \"{selector}\": address, flags, name, network, rfc, size, type"
            )));
        }
    })
}

fn flag(name: &str) -> Option<fn(&Address) -> bool> {
    Some(match name.trim() {
        "forwardable" => |address| network::is_forwardable(address.ip),
        "loopback" => |address| address.ip.is_loopback(),
        "up" => |address| address.up,
        _ => return None,
    })
}

/// `sort "default,-size"`: by each word in turn, downwards after a minus sign.
pub(super) fn sort(table: &[Address], arguments: Arguments<'_>) -> Result<Value, CallError> {
    let words = text(&arguments[0])?;
    let mut found = addresses(table, &arguments[1])?;
    let mut orders = Vec::new();
    for word in words.split(',').map(str::trim) {
        let (name, down) = match word.strip_prefix('-') {
            Some(name) => (name, true),
            None => (word.strip_prefix('+').unwrap_or(word), false),
        };
        orders.push((order(name)?, down));
    }
    found.sort_by(|a, b| {
        orders
            .iter()
            .fold(Ordering::Equal, |so_far, (order, down)| {
                so_far.then_with(|| if *down { order(b, a) } else { order(a, b) })
            })
    });
    Ok(listed(&found))
}

type Order = fn(&Address, &Address) -> Ordering;

fn order(name: &str) -> Result<Order, CallError> {
    Ok(match name {
        "address" => |a, b| a.ip.cmp(&b.ip),
        "default" => |a, b| b.default.cmp(&a.default),
        "name" => |a, b| a.interface.cmp(&b.interface),
        "private" => |a, b| private(b).cmp(&private(a)),
        "size" => |a, b| a.prefix.cmp(&b.prefix),
        "type" => |a, b| a.ip.is_ipv6().cmp(&b.ip.is_ipv6()),
        _ => {
            return Err(CallError::new(format!(
                "nothing is sorted by \"{name}\": address, default, name, private, size, type"
            )));
        }
    })
}

fn private(address: &Address) -> bool {
    network::is_in_rfc(6890, address.ip) == Some(true)
}

/// `unique "name"`: the first of each.
pub(super) fn unique(table: &[Address], arguments: Arguments<'_>) -> Result<Value, CallError> {
    let name = text(&arguments[0])?;
    let mut seen = Vec::new();
    let mut found = addresses(table, &arguments[1])?;
    let known = attributes(&found, &name)?;
    let mut known = known.into_iter();
    found.retain(|_| {
        let value = known.next();
        let first = !seen.contains(&value);
        seen.push(value);
        first
    });
    Ok(listed(&found))
}

fn count(value: &Value) -> Result<usize, CallError> {
    match value {
        Value::Int(_, number) => usize::try_from(*number).ok(),
        _ => None,
    }
    .ok_or_else(|| CallError::new("expected a number of addresses"))
}

/// `limit N`.
pub(super) fn limit(table: &[Address], arguments: Arguments<'_>) -> Result<Value, CallError> {
    let mut found = addresses(table, &arguments[1])?;
    found.truncate(count(&arguments[0])?);
    Ok(listed(&found))
}

/// `offset N`.
pub(super) fn offset(table: &[Address], arguments: Arguments<'_>) -> Result<Value, CallError> {
    let found = addresses(table, &arguments[1])?;
    let start = count(&arguments[0])?.min(found.len());
    Ok(listed(&found[start..]))
}

fn attributes(found: &[Address], name: &str) -> Result<Vec<String>, CallError> {
    if !ATTRIBUTES.contains(&name) {
        return Err(CallError::new(format!(
            "an address has no attribute \"{name}\": {}",
            ATTRIBUTES.join(", ")
        )));
    }
    Ok(found
        .iter()
        .filter_map(|address| address.attribute(name))
        .collect())
}

/// `attr NAME`: of the first address, empty where there is none.
pub(super) fn attr(table: &[Address], arguments: Arguments<'_>) -> Result<Value, CallError> {
    let found = addresses(table, &arguments[1])?;
    let all = attributes(&found, &text(&arguments[0])?)?;
    Ok(Value::string(all.into_iter().next().unwrap_or_default()))
}

/// `join NAME SEPARATOR`.
pub(super) fn join(table: &[Address], arguments: Arguments<'_>) -> Result<Value, CallError> {
    let found = addresses(table, &arguments[2])?;
    let all = attributes(&found, &text(&arguments[0])?)?;
    Ok(Value::string(all.join(&text(&arguments[1])?)))
}
