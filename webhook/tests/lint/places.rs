//! Where annotations stand in a document, and what is reported of those that stand elsewhere.

use super::*;

#[test]
fn annotations_in_the_wrong_place_are_told_with_their_line() {
    let plain = mk_deployment("        a: b\n");
    let on_workload = plain.replace(
        "metadata: {name: app}\n",
        &format!(
            "metadata:\n  name: app\n  annotations:\n{}",
            mk_annotations(4)
        ),
    );
    is_found(&on_workload, &[("VI-1402", 6)]);
    let labels = plain.replace(
        "      annotations:\n",
        &format!("      labels:\n{}      annotations:\n", mk_annotations(8)),
    );
    is_found(&labels, &[("VI-1403", 8)]);
    let indentation = plain.replace(
        "        a: b\n",
        &format!("        a: b\n{}", mk_annotations(6)),
    );
    is_found(&indentation, &[("VI-1404", 9)]);
    let under_spec = plain.replace(
        "    spec:\n",
        &format!("    spec:\n      annotations:\n{}", mk_annotations(8)),
    );
    is_found(&under_spec, &[("VI-1404", 11)]);
    let forgotten = "        vault.hashicorp.com/role: app\n";
    is_found(&mk_deployment(forgotten), &[("VI-1405", 8)]);
    let prefix = mk_annotations(8).replace("vault.hashicorp.com", "bao.openbao.org");
    is_found(
        &mk_deployment(&prefix),
        &[("VI-1406", 8), ("VI-1406", 9), ("VI-1406", 10)],
    );
}

#[test]
fn a_patch_without_a_kind_is_checked_as_far_as_it_goes() {
    let patch = "spec:\n  template:\n    metadata:\n      annotations:\n        vault.hashicorp.com/rol: app\n";
    is_found(patch, &[("VI-1001", 5), ("VI-1414", 4)]);
    let (code, told, summary) = lint(&[], &patch.replace("/rol", "/role"));
    assert_eq!((code, told.as_str()), (0, ""));
    assert!(
        summary.contains("only keys and values are checked, because the pods are not there: document (standard input:4)"),
        "{summary}"
    );
    let values = "web:\n  podAnnotations:\n    vault.hashicorp.com/agent-limits-cpu: 1 core\n";
    is_found(values, &[("VI-1006", 3), ("VI-1414", 2)]);
}

#[test]
fn annotations_in_a_text_are_named_as_not_checked() {
    let map = "kind: ConfigMap\nmetadata: {name: m}\ndata:\n  pod.yaml: |\n    metadata:\n      annotations:\n        \
               vault.hashicorp.com/role: app\n";
    let (code, told, summary) = lint(&[], map);
    assert_eq!((code, told.as_str()), (0, ""));
    assert!(
        summary.ends_with("not checked: ConfigMap/m (standard input:4)\n"),
        "{summary}"
    );
    is_found(map, &[("VI-1413", 4)]);
    let inline = "kind: Kustomization\npatches:\n- patch: |\n    - op: add\n      \
                  path: /metadata/annotations/openbao.org~1rol\n      value: a\n";
    is_found(inline, &[("VI-1413", 3)]);
    let address = "kind: ConfigMap\ndata:\n  a: https://vault.hashicorp.com/docs\n";
    is_found(address, &[]);
    let applied = mk_deployment(&format!(
        "        applied: '{{vault.hashicorp.com/role: a}}'\n{}",
        mk_annotations(8)
    ));
    is_found(&applied, &[]);
}

#[test]
fn a_duplicate_key_is_a_warning_and_the_rest_is_checked() {
    let misspelt = format!(
        "{}        vault.hashicorp.com/agent-requests-cpus: 10m\n",
        mk_annotations(8)
    );
    let input = format!(
        "kind: ConfigMap\ndata:\n  a: x\n  a: y\n---\n{}",
        mk_deployment(&misspelt)
    );
    is_found(&input, &[("VI-1409", 4), ("VI-1001", 16)]);
    let (_, told, _) = lint(&[], &input);
    assert!(
        told.starts_with(
            "standard input:4: warning: ConfigMap: a is written twice in one map, first on line 3"
        ),
        "{told}"
    );
}

#[test]
fn several_documents_of_json_are_read_one_after_the_other() {
    let map = "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}\n";
    let pod = "{\"kind\":\"Pod\",\"metadata\":{\"annotations\":{\"vault.hashicorp.com/rol\":\"a\"}},\
               \"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"a\"}]}}\n";
    is_found(&format!("{map}{map}{pod}"), &[("VI-1001", 3)]);
}

#[test]
fn each_item_of_a_list_has_its_own_lines() {
    let item = |annotation: &str| {
        let lines = mk_deployment(&format!("{}        {annotation}\n", mk_annotations(8)));
        let indented: Vec<_> = lines.lines().map(|line| format!("  {line}")).collect();
        format!("- {}", indented.join("\n").trim_start())
    };
    let wrong = "'vault.hashicorp.com/agent-limits-cpu': \"1 core\"";
    let right = "'vault.hashicorp.com/agent-limits-cpu': \"1\"";
    let input = format!("kind: List\nitems:\n{}\n{}\n", item(right), item(wrong));
    is_found(&input, &[("VI-1006", 26)]);
}
