//! What the demo prints: one line a step with the time since the start, details indented below it.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

/// Prints the steps of one run.
#[derive(Clone, Copy)]
pub(crate) struct Ui {
    start: Instant,
    colour: bool,
}

/// The few colours of the demo.
#[derive(Clone, Copy)]
pub(crate) enum Colour {
    Bold,
    Dim,
    Red,
    Green,
    Cyan,
}

impl Ui {
    pub(crate) fn new() -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            start: Instant::now(),
            colour,
        }
    }

    /// A step begins: what it does, in one line.
    pub(crate) fn step(&self, text: &str) {
        let elapsed = self.start.elapsed().as_secs_f32();
        print(&format!(
            "\n{} {}",
            self.paint(Colour::Cyan, &format!("[{elapsed:5.1} s]")),
            self.paint(Colour::Bold, text)
        ));
    }

    /// A line below the step.
    #[expect(
        clippy::unused_self,
        reason = "one printer for all that the demo shows"
    )]
    pub(crate) fn detail(&self, text: &str) {
        print(&format!("          {text}"));
    }

    /// A command as a person would type it.
    pub(crate) fn command(&self, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let prompt = if index == 0 { "$ " } else { "  " };
            self.detail(&self.paint(Colour::Dim, &format!("{prompt}{line}")));
        }
    }

    /// Some text, each line indented and painted.
    pub(crate) fn block(&self, colour: Colour, text: &str) {
        for line in text.lines() {
            self.detail(&self.paint(colour, &format!("  {line}")));
        }
    }

    /// A line of a diff: its sign decides the colour.
    pub(crate) fn diff_line(&self, sign: char, line: &str) {
        let line = format!("{sign} {line}");
        let painted = match sign {
            '+' => self.paint(Colour::Green, &line),
            '-' => self.paint(Colour::Red, &line),
            _ => self.paint(Colour::Dim, &line),
        };
        self.detail(&painted);
    }

    fn paint(&self, colour: Colour, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Bold => "1",
            Colour::Dim => "2",
            Colour::Red => "31",
            Colour::Green => "32",
            Colour::Cyan => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Prints a line if anyone still reads: the demo has to clean up also when its output is piped into `head`.
fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
