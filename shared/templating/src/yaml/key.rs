//! The order of keys: numbers inside of words count as numbers, so that `a2` comes before `a10`.

use std::cmp::Ordering;

use text_template::Value;

pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    if let (Some(x), Some(y)) = (number(a), number(b)) {
        return x.total_cmp(&y).then(rank(a).cmp(&rank(b)));
    }
    match (a.as_text(), b.as_text()) {
        (Some(a), Some(b)) => {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            words(&chars(&a.to_str_lossy()), &chars(&b.to_str_lossy()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Kinds in Go's order.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => 1,
        Value::Int(..) => 2,
        Value::Uint(..) => 3,
        Value::Float(_) => 4,
        Value::String(_) | Value::Number(_) => 6,
        _ => 5,
    }
}

#[allow(clippy::cast_precision_loss)] // As Go compares keys of different kinds.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Int(_, int) => Some(*int as f64),
        Value::Uint(_, uint) => Some(*uint as f64),
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

fn words(a: &[char], b: &[char]) -> Ordering {
    let Some(at) = a.iter().zip(b).position(|(a, b)| a != b) else {
        return a.len().cmp(&b.len());
    };
    let after_digit = at > 0 && a[at - 1].is_numeric();
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => return a[at].cmp(&b[at]),
        // Behind a digit a letter comes first, elsewhere last.
        (letter, other) if letter != other => {
            let first = letter == after_digit;
            return if first {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
        _ => {}
    }
    // Zeros behind other digits count, those in front do not.
    let zero = a[at] == '0' || b[at] == '0';
    let digits_before = a[..at].iter().rev().take_while(|c| c.is_ascii_digit());
    let lead = u64::from(zero && digits_before.into_iter().any(|c| *c != '0'));
    let run = |text: &[char]| {
        let digits = text[at..].iter().map_while(|c| c.to_digit(10));
        digits.fold((lead, 0usize), |(value, length), digit| {
            (
                value.wrapping_mul(10).wrapping_add(digit.into()),
                length + 1,
            )
        })
    };
    run(a).cmp(&run(b)).then_with(|| a[at].cmp(&b[at]))
}
