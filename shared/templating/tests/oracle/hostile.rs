//! Every function with hostile arguments: each hostile value in each place, wrong numbers of arguments, and mixtures.

use templating::functions;

use crate::case::Case;
use crate::dice::Dice;
use crate::values::{HOSTILE, HUGE, NOT_A_NUMBER, SEVERAL_KEYS, fitting};
use crate::world;

/// Functions that do not give the same result each time, or that have effects, with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("timestamp", "the clock"),
    ("sprig_keys", "a random order"),
    ("sprig_values", "a random order"),
    ("writeToFile", "writes to the machine's files"),
    ("plugin", "starts a program"),
];

/// Functions whose result is as large as a number says.
const BOUNDED: &[&str] = &[
    "indent",
    "loop",
    "sprig_indent",
    "sprig_nindent",
    "sprig_repeat",
    "sprig_seq",
    "sprig_until",
    "sprig_untilStep",
];

/// Functions that convert any value to an integer. Go's result for NaN depends on the processor.
const INTEGERS: &[&str] = &[
    "sprig_add",
    "sprig_add1",
    "sprig_biggest",
    "sprig_div",
    "sprig_int",
    "sprig_int64",
    "sprig_max",
    "sprig_min",
    "sprig_mod",
    "sprig_mul",
    "sprig_mustSlice",
    "sprig_slice",
    "sprig_sub",
];

/// Functions that print the keys of maps in a random order.
const UNORDERED: &[&str] = &["spew_dump", "spew_printf", "spew_sdump", "spew_sprintf"];

/// Go's functions and the methods of `scratch`, which are not in the function table.
const FURTHER: &[&str] = &[
    "and VALUE...",
    "or VALUE...",
    "not VALUE",
    "len LIST",
    "index MAP KEY...",
    "index LIST COUNT...",
    "slice STRING [START [END]]",
    "slice LIST [START [END]]",
    "print VALUE...",
    "printf FORMAT VALUE...",
    "println VALUE...",
    "html VALUE...",
    "js VALUE...",
    "urlquery VALUE...",
    "call VALUE...",
    "eq VALUE VALUE...",
    "eq A B...",
    "ne A B",
    "lt A B",
    "le A B",
    "gt A B",
    "ge A B",
    "scratch.Key KEY",
    "scratch.Get KEY",
    "scratch.Set KEY VALUE",
    "scratch.SetX KEY VALUE",
    "scratch.MapSet KEY KEY VALUE",
    "scratch.MapSetX KEY KEY VALUE",
    "scratch.MapValues KEY",
];

/// Calls of every function; the seed decides which arguments accompany a hostile value. `mixed` is the number of mixtures.
pub(crate) fn calls(seed: u64, mixed: usize) -> Vec<Case> {
    let is_left_out = |usage: &str| {
        let name = usage.split(' ').next().unwrap();
        LEFT_OUT.iter().any(|(left_out, _)| *left_out == name)
    };
    let known = functions().map(|function| function.usage);
    let usages = known.filter(|usage| !is_left_out(usage) && !usage.starts_with("scratch"));
    let mut cases = Vec::new();
    for usage in usages.chain(FURTHER.iter().copied()) {
        Caller::new(usage, seed).calls(mixed, &mut cases);
    }
    cases
}

struct Caller {
    name: &'static str,
    parameters: Vec<&'static str>,
    is_variadic: bool,
    dice: Dice,
}

impl Caller {
    fn new(usage: &'static str, seed: u64) -> Self {
        let mut words = usage.split(' ');
        let name = words.next().unwrap();
        let parameters = words.map(|word| word.trim_matches(['[', ']', '.']));
        Self {
            name,
            parameters: parameters.collect(),
            is_variadic: usage.contains("..."),
            dice: Dice::new(seed, usage),
        }
    }

    fn calls(&mut self, mixed: usize, cases: &mut Vec<Case>) {
        for place in 0..self.parameters.len() {
            for hostile in self.hostile() {
                let mut arguments = self.arguments(self.parameters.len());
                arguments[place] = hostile;
                cases.push(self.call(&arguments));
            }
        }
        for count in 0..=self.parameters.len() + 1 {
            let arguments = self.arguments(count);
            cases.push(self.call(&arguments));
        }
        for _ in 0..mixed {
            let more = if self.is_variadic {
                self.dice.below(3)
            } else {
                0
            };
            let arguments = self.arguments(self.parameters.len() + more);
            cases.push(self.call(&arguments));
        }
    }

    /// The hostile values that this function gets.
    fn hostile(&self) -> Vec<&'static str> {
        let is_among = |functions: &[&str]| functions.contains(&self.name);
        let is_given = |value: &&str| {
            !(is_among(BOUNDED) && HUGE.contains(value)
                || is_among(INTEGERS) && *value == NOT_A_NUMBER
                || is_among(UNORDERED) && SEVERAL_KEYS.contains(value))
        };
        HOSTILE.iter().copied().filter(is_given).collect()
    }

    /// Arguments that mostly fit.
    fn arguments(&mut self, count: usize) -> Vec<&'static str> {
        let hostile = self.hostile();
        let parameter = |place: usize| {
            let last = self.parameters.last().copied().unwrap_or("VALUE");
            self.parameters.get(place).copied().unwrap_or(last)
        };
        let parameters: Vec<_> = (0..count).map(parameter).collect();
        let fits = |dice: &mut Dice, parameter| match fitting(parameter) {
            _ if dice.percent(10) => dice.pick(&hostile),
            HOSTILE => dice.pick(&hostile),
            fitting => dice.pick(fitting),
        };
        parameters
            .into_iter()
            .map(|parameter| fits(&mut self.dice, parameter))
            .collect()
    }

    /// Prints the type and value of the call. The last argument may come through a pipe.
    fn call(&mut self, arguments: &[&str]) -> Case {
        let name = self.name;
        let call = match arguments.split_last() {
            Some((last, others)) if self.dice.percent(40) => {
                format!("{last} | {name} {}", others.join(" "))
            }
            _ => format!("{name} {}", arguments.join(" ")),
        };
        let call = call.trim_end();
        let defined = match name {
            "executeTemplate" => r#"{{define "t"}}<{{.}}>{{end}}"#,
            _ => "",
        };
        world::case(format!(
            r#"{defined}{{{{$r := {call}}}}}{{{{printf "%T" $r}}}} {{{{$r}}}}"#
        ))
    }
}

#[test]
fn every_exception_is_a_function() {
    let left_out = LEFT_OUT.iter().map(|(name, _)| name);
    for name in left_out.chain(BOUNDED).chain(INTEGERS).chain(UNORDERED) {
        assert!(functions().any(|it| it.name == *name), "{name}");
    }
}
