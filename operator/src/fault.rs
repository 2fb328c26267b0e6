//! Why something failed, said twice: for the event in upstream's words, for the condition on one line.

use std::fmt::Display;

use vault_wire::{Error, shortened, visible};

/// The longest cause in a condition, in bytes; with what says that it was cut, a KiB at most.
const LONGEST_CAUSE: usize = 992;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    event: String,
    cause: String,
}

impl Fault {
    /// One text for both.
    pub(crate) fn new(text: impl Display) -> Self {
        let event = text.to_string();
        Self {
            cause: event.clone(),
            event,
        }
    }

    /// A request to Vault that failed: for the event as Vault's Go client says it.
    pub(crate) fn of_vault(error: &Error) -> Self {
        Self {
            event: go_text(error),
            cause: error.to_string(),
        }
    }

    /// The same behind other words.
    pub(crate) fn within(self, words: impl Display) -> Self {
        Self {
            event: format!("{words}{}", self.event),
            cause: format!("{words}{}", self.cause),
        }
    }

    /// The text of an event.
    pub(crate) fn event(&self) -> &str {
        &self.event
    }

    /// What stands behind upstream's text in a condition: one line of at most a KiB.
    pub(crate) fn cause(&self) -> String {
        let words: Vec<_> = self.cause.split_whitespace().collect();
        shortened(visible(&words.join(" ")).into_owned(), LONGEST_CAUSE)
    }
}

/// Why there is no value.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// Nothing is there.
    NoSecret,
    /// Anything else.
    Fault(Fault),
}

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl ReadError {
    /// The error of an object that needs the value.
    pub(crate) fn into_fault(self) -> Fault {
        match self {
            Self::NoSecret => Fault::new("Secret does not exist"),
            Self::Fault(fault) => fault,
        }
    }

    /// The same behind other words.
    pub(crate) fn within(self, words: &str) -> Self {
        match self {
            Self::NoSecret => Self::NoSecret,
            Self::Fault(fault) => Self::Fault(fault.within(words)),
        }
    }
}

/// An error of Vault in the form of its Go client.
fn go_text(error: &Error) -> String {
    match error {
        Error::Api {
            request,
            status,
            errors,
            ..
        } => {
            let mut text = format!(
                "Error making API request.\n\nURL: {} {}\nCode: {status}. Errors:\n\n",
                request.method(),
                request.url(),
            );
            let errors: Vec<_> = errors.iter().map(|error| format!("* {error}")).collect();
            text.push_str(&errors.join("\n"));
            text
        }
        Error::Transport { request, hint, .. } => {
            format!("{} {:?}: {hint}", titled(request.method()), request.url())
        }
        error => error.to_string(),
    }
}

/// `GET` as `Get`.
fn titled(method: &str) -> String {
    let (first, rest) = method.split_at(method.len().min(1));
    format!("{first}{}", rest.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use vault_wire::RequestLine;

    use super::*;

    fn mk_refusal(errors: &[&str]) -> Error {
        Error::Api {
            request: RequestLine::new("GET", "http://vault/v1/secret/data/a"),
            status: 403,
            errors: errors.iter().copied().map(str::to_owned).collect(),
            retry_after: None,
        }
    }

    #[test]
    fn the_event_has_the_go_clients_words_and_the_condition_one_line() {
        let fault = Fault::of_vault(&mk_refusal(&["permission denied"])).within("no: ");
        assert_eq!(
            fault.event(),
            "no: Error making API request.\n\nURL: GET http://vault/v1/secret/data/a\n\
             Code: 403. Errors:\n\n* permission denied"
        );
        let cause = fault.cause();
        assert!(!cause.contains('\n'), "{cause}");
        assert!(
            cause.contains("403") && cause.contains("secret/data/a"),
            "{cause}"
        );
    }

    #[test]
    fn a_cause_has_a_bound() {
        let long = "x".repeat(5000);
        assert!(Fault::new(long).cause().len() <= 1024);
    }
}
