//! Why a document cannot be read, in our own words.

use std::fmt;

use granit_parser::ErrorKind;

/// A document that cannot be read, and the place in its file.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    /// Counted from 1.
    pub(crate) column: usize,
    pub(crate) cause: Cause,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Cause {
    Syntax(ErrorKind),
    /// A key that is a map or a list, mostly because of braces without quotes.
    Key,
    SecondDocument,
    AliasInItself,
    TooManyAliases,
    TooDeep,
    Incomplete,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not valid YAML at column {}: {}",
            self.column, self.cause
        )
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Syntax(kind) => return syntax(kind, f),
            Self::Key => {
                "a map or a list stands where a key belongs: quote a value that begins with a brace"
            }
            Self::SecondDocument => "another document begins here: write --- before it",
            Self::AliasInItself => {
                "an alias (*name) stands inside of what its anchor (&name) names"
            }
            Self::TooManyAliases => "the aliases (*name) make more than a million values",
            Self::TooDeep => "maps and lists are nested more than 200 deep",
            Self::Incomplete => "a value is missing",
        };
        f.write_str(text)
    }
}

fn syntax(kind: &ErrorKind, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use ErrorKind as Kind;
    let text = match kind {
        Kind::UnexpectedCharacter { character } => {
            let character = character.escape_default();
            return write!(f, "no value begins with \"{character}\": quote it");
        }
        Kind::MismatchedFlowCollectionEnd { open, close } => {
            return write!(f, "\"{close}\" closes what \"{open}\" opened");
        }
        Kind::UnclosedFlowCollection { open } => {
            return write!(f, "nothing closes the \"{open}\" that stands here");
        }
        Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping
        | Kind::ExpectedFlowMappingSeparator
        | Kind::ExpectedFlowSequenceSeparator => {
            "a comma, or the bracket that closes a list or a map, is missing before this place"
        }
        Kind::MisplacedFlowCollectionEnd => "this bracket closes nothing",
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
            "a quote is not closed"
        }
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => {
            "something follows the quote that ends the value: a quote inside of the value is written \
             \\\" in double quotes, and '' in single ones"
        }
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate
        | Kind::InvalidUnicodeEscape => {
            "no such escape in double quotes: write \\\\ for a backslash, or use single quotes"
        }
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabAtBlockScalarStart
        | Kind::TabInPlainScalar => "a tab stands in the indentation: indent with spaces",
        Kind::InvalidIndentation
        | Kind::ExpectedBlockSequenceEntry
        | Kind::BlockSequenceEntryNotAllowed
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidBlockScalarIndent => "the indentation does not fit the lines above",
        Kind::InvalidBlockScalarHeader | Kind::ZeroBlockScalarIndent => {
            "text follows | or >: begin the block in the next line"
        }
        Kind::SimpleKeyExpected
        | Kind::InvalidSimpleKey
        | Kind::ExpectedBlockMappingKey
        | Kind::UnexpectedEofBlockMapping
        | Kind::MappingKeyNotAllowed => {
            "a key and its colon are missing here: check the indentation, and that a space follows \
             each colon"
        }
        Kind::MappingValueNotAllowed
        | Kind::InvalidColonPlacement
        | Kind::InvalidMappingValueWhitespace
        | Kind::FlowMappingValueAdjacentCollection => {
            "a colon stands where none belongs: quote a value that holds one"
        }
        Kind::UnknownAnchor => "the alias (*name) has no anchor (&name) before it",
        Kind::MissingAnchorOrAliasName => "a value that begins with & or * needs quotes",
        Kind::ExpectedDocumentStart
        | Kind::MissingDocumentEndBeforeDirective
        | Kind::InvalidDocumentEnd
        | Kind::MissingDirectiveName
        | Kind::InvalidDirectiveName => {
            "something follows the end of the document: write --- before another one"
        }
        Kind::RecursionLimitExceeded => "maps and lists are nested too deep",
        Kind::BlockEntryInFlowCollection | Kind::PlainScalarStartsWithDashFlowIndicator => {
            "a dash stands inside of brackets: quote it"
        }
        _ => "this line cannot be read",
    };
    f.write_str(text)
}
