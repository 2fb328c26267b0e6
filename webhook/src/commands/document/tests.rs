use super::*;

fn shown(text: &str) -> Vec<(usize, String)> {
    let documents = split("f", text).into_iter();
    documents.map(|it| (it.line, title(&it.node))).collect()
}

#[test]
fn each_document_begins_where_it_says_something() {
    let text =
        "# a comment\n---\n# another\nkind: A\n---\n\n---  # a third\nkind: B\n--- {kind: C}\n";
    let expected = [(4, "A"), (8, "B"), (9, "C")];
    assert_eq!(
        shown(text),
        expected.map(|(line, it)| (line, it.to_owned()))
    );
    assert_eq!(shown("# nothing\n---\nnull\n---\n%YAML 1.2\n"), []);
    assert_eq!(shown("\u{feff}kind: A"), [(1, "A".to_owned())]);
}

#[test]
fn several_values_of_json_are_several_documents() {
    let text = "{\"kind\":\"A\"}\n{\"kind\":\"B\"}{\"kind\":\n\"C\"}\n---\n{\"kind\":\"D\"}\n";
    let expected = [(1, "A"), (2, "B"), (2, "C"), (5, "D")];
    assert_eq!(
        shown(text),
        expected.map(|(line, it)| (line, it.to_owned()))
    );
    let documents = split("f", "{\"kind\":\"A\"}\n{\"kind\":\"B\"\n");
    assert_eq!(documents.len(), 2);
    assert!(documents[1].is_broken);
}

#[test]
fn the_items_of_lists_are_objects() {
    let text = "kind: List\nitems:\n- kind: A\n- kind: PodList\n  items:\n  - {kind: Pod}\n";
    let documents = split("f", text);
    let places: Vec<_> = documents[0]
        .objects()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(places, ["items[0]", "items[1].items[0]"]);
    let array = split("f", "[{\"kind\":\"A\"},{\"kind\":\"B\"}]");
    assert_eq!(array[0].objects().len(), 2);
    let patch = split("f", "- {op: add, path: /a, value: b}\n");
    assert_eq!(patch[0].objects().len(), 1);
}
