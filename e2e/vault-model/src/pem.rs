//! PEM text: reading and writing its blocks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The DER content of each block of this kind; `None` when one is not base64.
pub(crate) fn read(text: &str, kind: &str) -> Option<Vec<Vec<u8>>> {
    let (begin, end) = (
        format!("-----BEGIN {kind}-----"),
        format!("-----END {kind}-----"),
    );
    text.split(&begin)
        .skip(1)
        .map(|block| {
            let (body, _) = block.split_once(&end)?;
            let body: String = body.split_whitespace().collect();
            STANDARD.decode(body).ok()
        })
        .collect()
}

/// One block.
pub(crate) fn write(der: &[u8], kind: &str) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {kind}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(kind);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_among_others() {
        let der = vec![7; 100];
        let text = write(&[1], "OTHER") + &write(&der, "CERTIFICATE") + &write(&[2], "CERTIFICATE");
        assert_eq!(read(&text, "CERTIFICATE").unwrap(), [der, vec![2]]);
        assert_eq!(read("-----BEGIN X-----\n*\n-----END X-----", "X"), None);
        assert_eq!(read("-----BEGIN X-----\nAA==", "X"), None);
        assert_eq!(read("nothing", "X").unwrap(), Vec::<Vec<u8>>::new());
    }
}
