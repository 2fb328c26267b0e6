//! A client token. It is wiped when dropped and shows as `[REDACTED]`.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A Vault client token: not empty, printable ASCII, without blanks at its ends.
#[derive(Clone)]
pub struct Token(SecretString);

/// The text cannot be a token. The text itself is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Nothing but blanks.
    #[error("the token is empty")]
    Empty,
    /// It could not be sent as a header; a file with more than the token in it is the usual cause.
    #[error("the token has non-printable characters; check that its source holds the token alone")]
    NotPrintable,
}

impl Token {
    /// Takes the token, without the blanks around it.
    ///
    /// ```
    /// use vault_wire::Token;
    ///
    /// let token = Token::new("hvs.CAES\n")?;
    /// assert_eq!(token.expose(), "hvs.CAES");
    /// assert!(!format!("{token:?}").contains("hvs"));
    /// # Ok::<(), vault_wire::InvalidToken>(())
    /// ```
    pub fn new(text: &str) -> Result<Self, InvalidToken> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidToken::Empty);
        }
        if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(InvalidToken::NotPrintable);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The token's text. The caller keeps it out of logs, errors and readable files.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_and_hidden() {
        let token = Token::new(" hvs.canary\n").unwrap();
        assert_eq!(token.expose(), "hvs.canary");
        assert_eq!(format!("{token:?}"), "Token([REDACTED])");
        assert_eq!(token, Token::new("hvs.canary").unwrap());
        assert_ne!(token, Token::new("hvs.other").unwrap());
    }

    #[test]
    fn what_cannot_be_a_header_is_refused_without_being_shown() {
        assert_eq!(Token::new(" \n").unwrap_err(), InvalidToken::Empty);
        for text in ["hvs.can\nary", "hvs.can\u{7f}ary", "hvs.canäry"] {
            let error = Token::new(text).unwrap_err();
            assert_eq!(error, InvalidToken::NotPrintable);
            assert!(!format!("{error} {error:?}").contains("can"));
        }
    }
}
