//! How long a request may take.

use std::time::Duration;

use contract::GoDuration;

/// The deadline of a review: `most`, or a fifth before the API server gives up, which it tells in
/// the query (`?timeout=10s`).
///
/// ```
/// use std::time::Duration;
///
/// let most = Duration::from_secs(8);
/// let deadline = serve_http::deadline(Some("timeout=5s"), most);
/// assert_eq!(deadline, Duration::from_secs(4));
/// ```
pub fn deadline(query: Option<&str>, most: Duration) -> Duration {
    query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(|text| text.parse::<GoDuration>().ok()?.to_std())
        .map_or(most, |timeout| most.min(timeout * 4 / 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_stays_under_the_webhooks_timeout() {
        for (query, milliseconds) in [
            (None, 8000),
            (Some("timeout=30s"), 8000),
            (Some("a=b&timeout=10s"), 8000),
            (Some("timeout=5s"), 4000),
            (Some("timeout=x"), 8000),
            (Some("timeout=-5s"), 8000),
        ] {
            let expected = Duration::from_millis(milliseconds);
            let most = Duration::from_secs(8);
            assert_eq!(deadline(query, most), expected, "{query:?}");
        }
    }
}
