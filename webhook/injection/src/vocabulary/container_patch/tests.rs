use serde_json::json;

use super::*;

fn applied(operations: &Value) -> Result<Value, ApplyError> {
    let mut container = json!({"name": "a", "args": ["x", "y"], "a/b": 1});
    let patch = ContainerPatch::parse(&operations.to_string()).unwrap();
    patch.apply(&mut container).map(|()| container)
}

#[test]
fn operations_change_the_container_in_order() {
    let operations = json!([
        {"op": "replace", "path": "/name", "value": "b"},
        {"op": "add", "path": "/args/-", "value": "z"},
        {"op": "add", "path": "/args/0", "value": "w"},
        {"op": "replace", "path": "/args/2", "value": "v"},
        {"op": "remove", "path": "/a~1b"},
        {"op": "copy", "from": "/args/1", "path": "/copied"},
        {"op": "move", "from": "/copied", "path": "/moved"},
        {"op": "test", "path": "/moved", "value": "x"},
        {"op": "test", "path": "/nothing", "value": null},
    ]);
    let expected = json!({"name": "b", "args": ["w", "x", "v", "z"], "moved": "x"});
    assert_eq!(applied(&operations), Ok(expected));
}

#[test]
fn established_leniencies_hold() {
    let replaced = applied(&json!([{"op": "replace", "path": "/new", "value": 1}])).unwrap();
    assert_eq!(replaced["new"], 1);
    let negative = applied(&json!([{"op": "remove", "path": "/args/-1"}])).unwrap();
    assert_eq!(negative["args"], json!(["x"]));
    let appended = applied(&json!([{"op": "add", "path": "/args/-1", "value": "z"}])).unwrap();
    assert_eq!(appended["args"], json!(["x", "y", "z"]));
}

#[test]
fn an_operation_that_does_not_fit_says_why() {
    for (operation, text) in [
        (json!({"op": "invalid"}), "Unexpected kind: invalid"),
        (json!({}), "Unexpected kind: unknown"),
        (
            json!({"op": "remove", "path": "/livenessProbe"}),
            "error in remove for path: '/livenessProbe': Unable to remove nonexistent key: \
             livenessProbe: missing value",
        ),
        (
            json!({"op": "add", "path": "/no/where", "value": 1}),
            "error in add for path: '/no/where': the document has no parent for it: \
             missing value",
        ),
        (
            json!({"op": "test", "path": "/name", "value": "b"}),
            "error in test for path: '/name': testing value failed",
        ),
        (
            json!({"op": "replace", "path": "/args/7", "value": "b"}),
            "error in replace for path: '/args/7': Unable to access invalid index: 7: \
             invalid index referenced",
        ),
        (
            json!({"op": "replace", "path": "", "value": {}}),
            "error in replace for path: '': the whole container cannot be replaced",
        ),
        (
            json!({"op": "move", "path": "/x"}),
            "error in move for path: '/x': the operation has no from",
        ),
    ] {
        assert_eq!(applied(&json!([operation])).unwrap_err().to_string(), text);
    }
}

#[test]
fn a_patch_cannot_grow_without_end() {
    let double = json!({"op": "copy", "from": "/args", "path": "/args/-"});
    let error = applied(&json!(vec![double; 64])).unwrap_err().to_string();
    assert_eq!(
        error,
        "error in copy for path: '/args/-': the operations copy and move more than 1024 KiB"
    );

    // Each round puts what there was into a new object.
    let nest = [
        json!({"op": "add", "path": "/new", "value": {}}),
        json!({"op": "move", "from": "/args", "path": "/new/args"}),
        json!({"op": "move", "from": "/new", "path": "/args"}),
    ];
    let nested = |rounds: usize| applied(&json!(vec![nest.to_vec(); rounds].concat()));
    assert!(nested(100).is_ok());
    let error = nested(200).unwrap_err().to_string();
    assert!(
        error.ends_with("the container would nest deeper than 127 levels"),
        "{error}"
    );

    let many = json!(vec![
        json!({"op": "test", "path": "/name", "value": "a"});
        10_001
    ]);
    assert_eq!(
        ContainerPatch::parse(&many.to_string()),
        Err(SyntaxError::Many)
    );
}

#[test]
fn only_a_list_of_objects_is_a_patch() {
    for text in ["", "null", "[]"] {
        assert_eq!(
            ContainerPatch::parse(text),
            Ok(ContainerPatch::default()),
            "{text}"
        );
    }
    for text in ["{}", "[1]", "7"] {
        assert_eq!(
            ContainerPatch::parse(text),
            Err(SyntaxError::Shape),
            "{text}"
        );
    }
    assert!(matches!(
        ContainerPatch::parse("abc"),
        Err(SyntaxError::Json { .. })
    ));
}
