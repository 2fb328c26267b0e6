//! Mistakes are told apart from what only looks like one: templates of Helm, parts of pods, and places
//! that other objects have for annotations.

use super::*;

/// A Deployment with a template of the agent, and delimiters for it if they are not empty.
fn mk_templated(left: &str, right: &str, template: &str) -> String {
    let delimiters = match left {
        "" => String::new(),
        _ => format!(
            "        vault.hashicorp.com/agent-template-left-delim-config: \"{left}\"\n        \
             vault.hashicorp.com/agent-template-right-delim-config: \"{right}\"\n"
        ),
    };
    mk_deployment(&format!(
        "{}{delimiters}        vault.hashicorp.com/agent-inject-template-config: |\n          {template}\n",
        mk_annotations(8).replace("database/creds/app", "secret/data/app")
    ))
}

#[test]
fn a_template_that_parses_is_not_called_one_of_helm() {
    let read = "{{ with secret \"secret/data/app\" }}{{ .Data.data.x }}{{ end }}";
    for (left, right, template) in [
        ("", "", &format!("{{{{/* .Values.x */}}}}{read}")),
        ("", "", &format!("# from .Values.db\n          {read}")),
        ("", "", &format!("{{{{ \"{{{{\" }}}} .Values.x {read}")),
        (
            "<<",
            ">>",
            &format!(
                "{{{{ .Values.x }}}} {}",
                read.replace("{{", "<<").replace("}}", ">>")
            ),
        ),
    ] {
        is_found(&mk_templated(left, right, template), &[]);
    }
    is_found(
        &mk_templated("", "", "{{ .Values.template }}"),
        &[("VI-1408", 11)],
    );
}

#[test]
fn values_and_patches_within_other_objects_may_leave_out_the_rest() {
    for (api, kind, place) in [
        (
            "helm.toolkit.fluxcd.io/v2",
            "HelmRelease",
            "spec: {values: {podAnnotations: ",
        ),
        (
            "argoproj.io/v1alpha1",
            "Application",
            "spec: {source: {helm: {valuesObject: {podAnnotations: ",
        ),
        (
            "argoproj.io/v1alpha1",
            "ApplicationSet",
            "spec: {template: {spec: {source: {helm: {valuesObject: {a: ",
        ),
        (
            "kustomize.config.k8s.io/v1beta1",
            "Kustomization",
            "commonAnnotations: ",
        ),
        ("builtin", "AnnotationsTransformer", "annotations: "),
        (
            "kyverno.io/v1",
            "ClusterPolicy",
            "spec: {rules: [{mutate: {patchStrategicMerge: {spec: {template: {metadata: {annotations: ",
        ),
    ] {
        let close: String = place
            .chars()
            .rev()
            .filter_map(|it| match it {
                '{' => Some('}'),
                '[' => Some(']'),
                _ => None,
            })
            .collect();
        for entries in [
            "vault.hashicorp.com/agent-inject: \"true\"",
            "vault.hashicorp.com/agent-inject-secret-x: database/creds/x",
        ] {
            let input = format!("apiVersion: {api}\nkind: {kind}\n{place}{{{entries}}}{close}\n");
            is_found(&input, &[("VI-1414", 3)]);
        }
    }
}

#[test]
fn operators_may_take_the_annotations_of_pods_from_places_of_their_own() {
    for (api, place) in [
        ("kafka.strimzi.io/v1beta2", "  template:\n    pod:\n"),
        ("x/v1", "  main:\n    podSpec:\n"),
    ] {
        let input = format!(
            "apiVersion: {api}\nkind: Own\nspec:\n{place}      metadata:\n        annotations:\n{}",
            mk_annotations(10)
        );
        is_found(&input, &[("VI-1414", 8)]);
    }
}

#[test]
fn annotations_that_a_template_has_too_are_no_problem_elsewhere() {
    let right = mk_deployment(&mk_annotations(8));
    let on_both = right.replace(
        "metadata: {name: app}\n",
        &format!(
            "metadata:\n  name: app\n  annotations:\n{}",
            mk_annotations(4)
        ),
    );
    let (code, told, _) = lint(&[], &on_both);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains(":6: hint: "), "{told}");
    let anchor = format!(
        "x: &a\n{}{}",
        mk_annotations(2),
        mk_deployment("        <<: *a\n")
    );
    is_found(&anchor, &[]);
    let service = format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  annotations:\n{}",
        mk_annotations(4)
    );
    let (code, told, _) = lint(&[], &service);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains(":5: hint: "), "{told}");
}

#[test]
fn a_mistake_beside_a_template_of_the_agent_is_not_called_one_of_helm() {
    let right = mk_templated(
        "",
        "",
        "{{ with secret \"a\" }}\n          A={{ .Data.x }}\n          {{ end }}",
    );
    for (input, line, expected) in [
        (
            right.replace("    spec:", "        \tfoo: bar\n    spec:"),
            15,
            "a tab stands in the indentation",
        ),
        (
            right.replace("          A=", "A="),
            13,
            "indent the template's lines under the |",
        ),
        (
            right.replace("          {{ end }}", "        {{ end }}"),
            14,
            "indent the template's lines under the |",
        ),
        (
            right
                .replace("role: app", "role: \"app")
                .replace("secret \"a\"", "secret \"a"),
            0,
            "a quote",
        ),
    ] {
        let (_, told, _) = lint(&[], &input);
        assert!(told.contains("[VI-1410]"), "{input}{told}");
        assert!(told.contains(expected), "{input}{told}");
        assert!(
            line == 0 || told.contains(&format!("input:{line}: ")),
            "{input}{told}"
        );
    }
}

#[test]
fn annotations_that_are_not_a_map_of_texts_are_told_with_their_key() {
    let foreign = mk_deployment("        prometheus.io/scrape: true\n").replace(
        "metadata: {name: app}\n",
        &format!("metadata:\n  annotations:\n{}", mk_annotations(4)),
    );
    is_found(&foreign, &[("VI-1402", 5), ("VI-1407", 12)]);
    let list = mk_deployment("        - vault.hashicorp.com/agent-inject: \"true\"\n");
    is_found(&list, &[("VI-1407", 7)]);
    let text = mk_deployment(&mk_annotations(8)).replace("annotations:\n", "annotations: |\n");
    is_found(&text, &[("VI-1407", 7)]);
    for written in ["yes", "Yes", "on", "y"] {
        let input = mk_deployment(&mk_annotations(8).replace("\"true\"", written));
        is_found(&input, &[("VI-1407", 8)]);
    }
    let null = format!(
        "{}        vault.hashicorp.com/agent-inject-perms-config:\n",
        mk_annotations(8)
    );
    let (code, told, _) = lint(&[], &mk_deployment(&null));
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains(":11: hint: Deployment/app: agent-inject-perms-config has no value"),
        "{told}"
    );
}

#[test]
fn annotations_of_a_selector_are_told() {
    let input = mk_deployment("        a: b\n").replace(
        "  template:\n",
        &format!(
            "  selector:\n    matchLabels:\n{}  template:\n",
            mk_annotations(6)
        ),
    );
    is_found(&input, &[("VI-1403", 7)]);
}

#[test]
fn lines_of_a_template_that_yaml_joins_are_a_hint() {
    let template = "{{ with secret \"secret/data/app\" }}\n          A={{ .Data.data.a }}\n          \
                    export B={{ .Data.data.b }}\n          {{ end }}";
    let right = mk_templated("", "", template);
    is_found(&right, &[]);
    is_found(
        &right.replace("config: |", "config: >-"),
        &[("VI-1415", 11)],
    );
    let one = mk_templated(
        "",
        "",
        "{{ with secret \"secret/data/app\" }}{{ .Data.data.a }}{{ end }}",
    );
    is_found(&one.replace("config: |", "config: >-"), &[]);
}

#[test]
fn a_misspelt_secret_is_told_once() {
    let input = mk_deployment(&mk_annotations(8).replace("inject-secret", "inject-secert"));
    is_found(&input, &[("VI-1001", 10)]);
}
