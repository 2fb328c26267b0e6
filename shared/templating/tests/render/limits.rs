//! Limits that end a render.

use templating::{Found, Template};

use crate::{Known, pass};

#[test]
fn the_longer_a_text_is_the_smaller_its_expression_may_be() {
    let known = Known::default()
        .file("/short", &"é".repeat(1 << 14))
        .file("/long", &"é".repeat(1 << 19));
    let search = |expression: &str, file: &str| {
        let source = format!("{{{{file \"/{file}\" | regexMatch `^{expression}`}}}}");
        pass(&source, &known).map_err(|error| error.message().to_owned())
    };
    assert!(search(r"\pL", "long").is_ok());
    assert!(search(r"\pL{20}", "short").is_ok());
    let error = search(r"\pL{5}", "long").unwrap_err();
    assert!(error.contains("expression too large"), "{error}");
    // It is an expression, so the answer is not that it does not match.
    let source = "{{file \"/long\" | sprig_regexMatch `\\pL{5}`}}";
    assert!(pass(source, &known).is_err());
}

#[test]
fn long_work_ends_with_an_error() {
    let known = Known::default().file("/f", &"a".repeat(8 << 20));
    for source in [
        "{{range loop 1000000}}{{range loop 1000}}{{end}}{{end}}",
        "{{sprig_until 1000000}}",
        "{{range $i, $x := loop 1000000}}{{scratch.MapSet \"m\" (print $i) 1}}{{end}}",
        "{{file \"/f\" | regexMatch \"(a?){100}b\"}}",
        "{{file \"/f\" | replaceAll \"a\" \"bbbb\"}}",
        "{{loop 1000000000}}",
        "{{\"x\" | indent 100000000}}",
        "{{executeTemplate \"\"}}",
    ] {
        let error = pass(source, &known).unwrap_err();
        let told = ["more than", "longer than", "maximum"]
            .iter()
            .any(|w| error.message().contains(w));
        assert!(told, "{error}");
    }
}

#[test]
fn a_template_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Template>();
    shared::<Found>();
}
