//! Go's `text/template` language: lexer, parser, values, execution and `fmt` verbs.
#![deny(missing_docs)]
