//! The crate reads the same templates and gets the same results; only its time is another.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Pieces whose combinations are most of the language.
const PIECES: &[&str] = &[
    "a",
    "word",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "é",
    "\u{a0}",
    "\\",
    "\\\\",
    "{",
    "}",
    "}}",
    "{{",
    "~",
    "{{a}}",
    "{{~a~}}",
    "{{ a.b.[c d] }}",
    "{{{a}}}",
    "{{{~a~}}}",
    "{{~{a}~}}",
    "{{&a}}",
    "{{a \"}}\"}}",
    "{{a ['}}']}}",
    "{{a [\"]\", 1]}}",
    "{{[x\"]}}",
    "{{a {\"b\":{\"c\":1}}}}",
    "{{a 'it\\'s' b=(c d e=1)}}",
    "{{a -1 true null this.x ../y @root.z}}",
    "{{! comment }}",
    "{{!-- a }} b --}}",
    "{{!--}}",
    "{{! -- x --}}",
    "{{#if a}}",
    "{{~#if a~}}",
    "{{/if}}",
    "{{~/if~}}",
    "{{else}}",
    "{{~else~}}",
    "{{^}}",
    "{{else if b}}",
    "{{~else if b~}}",
    "{{elsewhere}}",
    "{{else.x}}",
    "{{#each a as |b c|}}",
    "{{/each}}",
    "{{ # if a }}",
    "{{ / if }}",
    "{{#*inline \"p\"}}",
    "{{/inline}}",
    "{{#> p}}",
    "{{/p}}",
    "{{/}}",
    "{{> p}}",
    "{{~> p a=1~}}",
    "{{> 'a b'}}",
    "{{#> 'a b'}}",
    "{{/'a b'}}",
    "{{> (lookup . \"x\")}}",
    "{{*d}}",
    "{{{{raw}}}}",
    "{{{{/raw}}}}",
    "{{{{~raw a~}}}}",
    "{{{{~/raw~}}}}",
    "\\{{a}}",
    "\\\\{{a}}",
    "\\{{{{raw}}}}",
    "{{a",
    "{{#if}}",
    "{{",
    "{{a b=}}",
    "{{/if x}}",
    "{{! -- }}",
    "--}}",
    "{{@index}}",
    "{{#with (secret \"x\") as |s|}}",
    "{{/with}}",
    "{{a \"\\q\"}}",
    "{{#if a}}x{{/if}}",
    "\n{{#if a}}\n",
    "\n{{/if}}\n",
    "\n  {{> p}}\n",
    "\n{{else}}\n",
    "  {{! c }}\n",
];

fn compare(source: &str) {
    match (compile(source), Template::compile(source)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{source:?}"),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(theirs)) => panic!("{source:?}: the crate says {theirs}"),
        (Err(ours), Ok(_)) => panic!("{source:?}: {ours:?}"),
    }
}

#[test]
fn every_piece_alone_and_in_a_block_is_read_as_the_crate_reads_it() {
    for piece in PIECES {
        compare(piece);
        compare(&format!("x {piece} y"));
        compare(&format!("x\n{piece}\ny"));
        for around in [
            ["{{#if a}}", "{{/if}}"],
            ["{{#if a}}\n", "\n{{else}}\n z {{/if}}"],
            ["{{#if a~}} ", " {{else if b}} {{~else~}}{{/if}}"],
            ["{{#> p}} ", " {{/p}}"],
            ["{{#*inline \"p\"}}\n", "{{/inline}}\n"],
            ["{{{{raw}}}} ", " {{{{/raw}}}} "],
            ["{{a~}}", "\n{{~b}}"],
        ] {
            compare(&format!("{}{piece}{}", around[0], around[1]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_stands_beside_whatever_is_read_as_the_crate_reads_it(
        pieces in vec(select(PIECES), 0..12),
    ) {
        compare(&pieces.concat());
    }
}

#[test]
fn what_is_wrong_is_told_where_the_crate_tells_it() {
    for source in [
        "a {{b c=}} d",
        "a\né {{#each (}} d",
        "{{#if a}}\n\n{{b \"\\q\"}}",
        "{{#if a}}\nx",
        "x {{else}} y",
        "x\n {{/if}}",
        "{{#if a}}b{{/if x}}",
        "{{#if a}}b{{else}}c{{^}}{{/if}}",
        "{{> }}",
    ] {
        let (ours, theirs) = (compile(source), Template::compile(source));
        let ours = ours.map_err(|fault| (fault.line, fault.column));
        let theirs = theirs.map_err(|error| error.pos().unwrap());
        assert_eq!(ours.err(), theirs.err(), "{source:?}");
    }
}

#[test]
fn of_a_block_that_is_not_closed_its_beginning_is_told() {
    let message = |source| compile(source).unwrap_err().message;
    assert_eq!(
        message("a\n{{#if x}}{{#each y}}{{/each}}\n"),
        "the block \"if\" of line 2 is still open: write {{/if}}"
    );
    assert_eq!(
        message("{{{{raw}}}} a {{b}}"),
        "the block \"raw\" of line 1 is still open: write {{{{/raw}}}}"
    );
    assert_eq!(
        message("{{#if x}}\n{{/each}}"),
        "{{/each}} does not close the block \"if\" of line 1"
    );
    assert_eq!(
        message("a {{b"),
        "the tag that begins here is not closed: }} is missing"
    );
}

#[test]
fn blocks_and_brackets_nest_so_deep_and_no_deeper() {
    for (opens, inside, closes, deepest) in [
        ("{{#if x}}", "", "{{/if}}", scan::MAX_NESTING),
        ("(a ", "b", ")", scan::MAX_NESTING - 2),
        ("[", "1", "]", scan::MAX_NESTING - 2),
        ("[\"}}\",", "1", "]", scan::MAX_NESTING - 2),
        ("{\"a\":", "1", "}", scan::MAX_NESTING - 2),
    ] {
        let nested = |depth: usize| {
            let nested = format!("{}{inside}{}", opens.repeat(depth), closes.repeat(depth));
            if opens.starts_with("{{") {
                nested
            } else {
                format!("{{{{print {nested} }}}}")
            }
        };
        assert!(compile(&nested(deepest)).is_ok(), "{opens}");
        for depth in [deepest + 1, 50_000] {
            let fault = compile(&nested(depth)).unwrap_err();
            assert!(fault.message.contains("nested deeper than 50"), "{opens}");
        }
    }
    let blocks = "{{#if a}}{{else if b}}{{/if}}".repeat(60);
    assert!(
        compile(&blocks).is_ok(),
        "branches of different blocks are not nested"
    );
}
