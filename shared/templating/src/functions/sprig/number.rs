//! Arithmetic, with the operands in reading order: `sprig_sub 10 3` is 7. Strings count as numbers.

use text_template::{Arguments, CallError, IntKind, List, Signature, Type, Value};

use super::convert::{float, int};
use super::decimal::Decimal;
use super::text::number;
use super::{ANY, Function, TWO_ANY, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::variadic("sprig_add", &[], Type::Any),
        "sprig_add NUMBER...",
        "The sum of whole numbers.",
        |_, arguments| Ok(whole(arguments.iter().map(int).fold(0, i64::wrapping_add))),
    ),
    function(
        Signature::new("sprig_add1", ANY),
        "sprig_add1 NUMBER",
        "One more.",
        |_, arguments| Ok(whole(int(&arguments[0]).wrapping_add(1))),
    ),
    function(
        Signature::new("sprig_sub", TWO_ANY),
        "sprig_sub A B",
        "A - B.",
        |_, arguments| Ok(whole(int(&arguments[0]).wrapping_sub(int(&arguments[1])))),
    ),
    function(
        Signature::new("sprig_div", TWO_ANY),
        "sprig_div A B",
        "The whole part of A / B.",
        |_, arguments| {
            let result = divided(int(&arguments[0]), int(&arguments[1]), i64::wrapping_div);
            result.map(whole)
        },
    ),
    function(
        Signature::new("sprig_mod", TWO_ANY),
        "sprig_mod A B",
        "What remains of A / B.",
        |_, arguments| {
            let result = divided(int(&arguments[0]), int(&arguments[1]), i64::wrapping_rem);
            result.map(whole)
        },
    ),
    function(
        Signature::variadic("sprig_mul", ANY, Type::Any),
        "sprig_mul NUMBER...",
        "The product of whole numbers.",
        |_, arguments| Ok(whole(arguments.iter().map(int).fold(1, i64::wrapping_mul))),
    ),
    function(
        Signature::variadic("sprig_max", ANY, Type::Any),
        "sprig_max NUMBER...",
        "The largest whole number.",
        |_, arguments| Ok(largest(arguments)),
    ),
    function(
        Signature::variadic("sprig_biggest", ANY, Type::Any),
        "sprig_biggest NUMBER...",
        "As sprig_max.",
        |_, arguments| Ok(largest(arguments)),
    ),
    function(
        Signature::variadic("sprig_min", ANY, Type::Any),
        "sprig_min NUMBER...",
        "The smallest whole number.",
        |_, arguments| Ok(whole(arguments.iter().map(int).min().unwrap_or(0))),
    ),
    function(
        Signature::variadic("sprig_addf", &[], Type::Any),
        "sprig_addf NUMBER...",
        "The sum.",
        |_, arguments| fold_decimal(arguments, Decimal::plus),
    ),
    function(
        Signature::new("sprig_add1f", ANY),
        "sprig_add1f NUMBER",
        "One more.",
        |_, arguments| fold_decimal(&[arguments[0].clone(), Value::int(1)], Decimal::plus),
    ),
    function(
        Signature::variadic("sprig_subf", ANY, Type::Any),
        "sprig_subf A B...",
        "A less all others.",
        |_, arguments| fold_decimal(arguments, Decimal::minus),
    ),
    function(
        Signature::variadic("sprig_mulf", ANY, Type::Any),
        "sprig_mulf NUMBER...",
        "The product.",
        |_, arguments| fold_decimal(arguments, Decimal::times),
    ),
    function(
        Signature::variadic("sprig_divf", ANY, Type::Any),
        "sprig_divf A B...",
        "A divided by all others.",
        |_, arguments| fold_decimal(arguments, Decimal::divided_by),
    ),
    function(
        Signature::variadic("sprig_maxf", ANY, Type::Any),
        "sprig_maxf NUMBER...",
        "The largest.",
        |_, arguments| {
            let all = arguments.iter().map(float);
            Ok(Value::Float(all.reduce(greater).unwrap_or(0.0)))
        },
    ),
    function(
        Signature::variadic("sprig_minf", ANY, Type::Any),
        "sprig_minf NUMBER...",
        "The smallest.",
        |_, arguments| {
            let all = arguments.iter().map(float);
            Ok(Value::Float(all.reduce(smaller).unwrap_or(0.0)))
        },
    ),
    function(
        Signature::new("sprig_ceil", ANY),
        "sprig_ceil NUMBER",
        "The next whole number.",
        |_, arguments| Ok(Value::Float(float(&arguments[0]).ceil())),
    ),
    function(
        Signature::new("sprig_floor", ANY),
        "sprig_floor NUMBER",
        "The last whole number.",
        |_, arguments| Ok(Value::Float(float(&arguments[0]).floor())),
    ),
    function(
        Signature::variadic("sprig_round", &[Type::Any, Type::INT], Type::Float64),
        "sprig_round NUMBER PLACES [FROM]",
        "Rounded to so many places; up from a half, or from FROM.",
        |_, arguments| Ok(Value::Float(rounded(arguments))),
    ),
    function(
        Signature::new("sprig_until", &[Type::INT]),
        "sprig_until STOP",
        "The whole numbers from 0 up to STOP, which is left out.",
        |_, arguments| {
            let stop = number(&arguments[0]);
            steps(0, stop, if stop < 0 { -1 } else { 1 })
        },
    ),
    function(
        Signature::new("sprig_untilStep", &[Type::INT, Type::INT, Type::INT]),
        "sprig_untilStep START STOP STEP",
        "The whole numbers from START up to STOP in steps.",
        |_, arguments| {
            let [start, stop, by] = [0, 1, 2].map(|index| number(&arguments[index]));
            steps(start, stop, by)
        },
    ),
    function(
        Signature::variadic("sprig_seq", &[], Type::INT),
        "sprig_seq [START [STEP]] STOP",
        "Whole numbers with a space between them, STOP included.",
        |_, arguments| sequence(arguments),
    ),
];

fn whole(value: i64) -> Value {
    Value::Int(IntKind::Int64, value)
}

fn largest(arguments: Arguments<'_>) -> Value {
    whole(arguments.iter().map(int).max().unwrap_or(0))
}

fn divided(a: i64, b: i64, divide: fn(i64, i64) -> i64) -> Result<i64, CallError> {
    if b == 0 {
        return Err(CallError::new("runtime error: integer divide by zero"));
    }
    Ok(divide(a, b))
}

/// As Go's `math.Max`: an infinity wins over NaN, and zero over its negative.
fn greater(a: f64, b: f64) -> f64 {
    match (a, b) {
        (f64::INFINITY, _) | (_, f64::INFINITY) => f64::INFINITY,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        _ if a.total_cmp(&b).is_lt() => b,
        _ => a,
    }
}

fn smaller(a: f64, b: f64) -> f64 {
    -greater(-a, -b)
}

fn fold_decimal(
    arguments: Arguments<'_>,
    apply: fn(&Decimal, &Decimal) -> Result<Decimal, CallError>,
) -> Result<Value, CallError> {
    let mut all = arguments.iter().map(|value| Decimal::new(float(value)));
    let first = all.next().unwrap_or_else(|| Ok(Decimal::default()))?;
    let result = all.try_fold(first, |result, next| apply(&result, &next?))?;
    Ok(Value::Float(result.to_float()))
}

fn rounded(arguments: Arguments<'_>) -> f64 {
    let from = match arguments.get(2) {
        Some(Value::Float(from)) => *from,
        _ => 0.5,
    };
    let scale = power_of_ten(number(&arguments[1]));
    let scaled = scale * float(&arguments[0]);
    let fraction = scaled % 1.0;
    let result = if fraction >= from {
        scaled.ceil()
    } else {
        scaled.floor()
    };
    result / scale
}

/// Infinite or zero beyond what a float can be: the result is not a number then.
fn power_of_ten(exponent: i64) -> f64 {
    const LEAST: i32 = f64::MIN_10_EXP;
    let exponent = i32::try_from(exponent.clamp(-400, 400)).unwrap_or_default();
    // Below this the power is too small to have all its digits: in one step it would be zero.
    10f64.powi(exponent.max(LEAST)) * 10f64.powi((exponent - LEAST).min(0))
}

/// More than this is a mistake, and exhausts the steps of a template anyway.
const MOST: usize = 1_000_000;

fn count_up(start: i64, step: i64, goes_on: impl Fn(i64) -> bool) -> Result<Vec<i64>, CallError> {
    let mut numbers = Vec::new();
    let mut next = Some(start);
    while let Some(value) = next.filter(|value| goes_on(*value)) {
        if numbers.len() == MOST {
            return Err(CallError::new(format!("more than {MOST} numbers")));
        }
        numbers.push(value);
        next = value.checked_add(step);
    }
    Ok(numbers)
}

fn steps(start: i64, stop: i64, by: i64) -> Result<Value, CallError> {
    let numbers = match by {
        0 => Vec::new(),
        1.. => count_up(start, by, |value| value < stop)?,
        _ => count_up(start, by, |value| value > stop)?,
    };
    let items = numbers.into_iter().map(Value::int).collect();
    Ok(List::new(&Type::INT, items).into())
}

fn sequence(arguments: Arguments<'_>) -> Result<Value, CallError> {
    let numbers: Vec<i64> = arguments.iter().map(number).collect();
    let toward = |start: i64, stop: i64| if stop < start { -1 } else { 1 };
    let (start, by, stop) = match numbers[..] {
        [stop] => (1, toward(1, stop), stop),
        [start, stop] => (start, toward(start, stop), stop),
        [start, by, stop] if by == 0 || (by < 0) != (stop < start) => return Ok("".into()),
        [start, by, stop] => (start, by, stop),
        _ => return Ok("".into()),
    };
    let numbers = count_up(start, by, |value| {
        if by > 0 { value <= stop } else { value >= stop }
    })?;
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    Ok(Value::string(texts.join(" ")))
}
