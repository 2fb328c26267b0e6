//! A request as one text, the same in every process.

use templating::Request;
use zeroize::Zeroizing;

/// `None` for what is not worth keeping: a local file is read faster than its copy.
pub(super) fn canonical(request: &Request) -> Option<Zeroizing<String>> {
    let parts: Vec<&str> = match request {
        Request::Read { path } => vec!["read", path],
        Request::List { path } => vec!["list", path],
        Request::Write { path, data } => ["write", path]
            .into_iter()
            .chain(data.iter().flat_map(|(key, value)| [&**key, &**value]))
            .collect(),
        Request::Pki { path, data } => ["pki", path]
            .into_iter()
            .chain(data.iter().flat_map(|(key, value)| [&**key, &**value]))
            .collect(),
        _ => return None,
    };
    // Lengths instead of separators: a value may hold any character.
    let mut text = Zeroizing::new(String::new());
    for part in parts {
        text.push_str(&part.len().to_string());
        text.push(':');
        text.push_str(part);
    }
    Some(text)
}
