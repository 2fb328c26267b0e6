//! 14xx: files and documents that `lint` and `inject` read.

diagnostics! {
    REFUSED = 1401:
        "`pods will be refused: …`",
        "the workload is accepted, and each of its pods will be denied",
        "the rest of the message says why; its own code has the row";
    ON_WORKLOAD = 1402:
        "`pods do not get the annotations of the object that makes them`",
        "the annotations stand on a Deployment, Job template or Namespace, and nothing copies them to pods",
        "write them in `spec.template.metadata.annotations`; in a CronJob in `spec.jobTemplate.spec.template.metadata.annotations`";
    AS_LABEL = 1403:
        "`the injector reads annotations, not labels`",
        "the keys stand under `labels`",
        "write them under `annotations`, beside `labels`";
    MISPLACED = 1404:
        "`the injector reads metadata.annotations of pods only`",
        "the keys stand under `spec`, or beside `annotations`, mostly because of their indentation",
        "write them under `metadata.annotations` of the pod template, indented deeper than `annotations`";
    NOT_ASKED = 1405:
        "`… does nothing, because agent-inject is missing`",
        "a pod is injected only if it asks with `agent-inject`",
        "`vault.hashicorp.com/agent-inject: \"true\"`";
    WRONG_PREFIX = 1406:
        "`… is not read, because its prefix is wrong`",
        "the prefix is misspelt, or was never one of ours, such as `bao.openbao.org/`",
        "`vault.hashicorp.com/` or `openbao.org/`";
    NOT_TEXT = 1407:
        "`is not text …: quote it`",
        "values of annotations are text, and YAML reads `true`, `yes`, `3000` and `0644` as something else; the API server refuses them, and `annotations` that is not a map",
        "write the value in quotes, and `\"true\"` for `yes` and `on`";
    UNRENDERED = 1408:
        "`unrendered template`",
        "the file is a template of Helm or another tool, and not a manifest",
        "render it first: `helm template CHART | vault-injector lint`";
    DUPLICATE_KEY = 1409:
        "`… is written twice in one map`",
        "`kubectl` takes the last one and says nothing",
        "remove one of the two";
    SYNTAX = 1410:
        "`not valid YAML`",
        "the document cannot be read; the others of the file are checked",
        "correct the line that the message names";
    NO_FILE = 1411:
        "`cannot read it`",
        "the file or directory does not exist, may not be read, or is not text in UTF-8",
        "correct the path after `-f`";
    NO_MANIFEST = 1412:
        "`no manifest`",
        "a file without documents, or a directory without `.yaml`, `.yml` and `.json` files: nothing was checked",
        "correct the path after `-f`";
    NOT_CHECKED = 1413:
        "`not checked`",
        "annotations occur in a text inside of the document, such as a manifest in a ConfigMap",
        "check that text as a file of its own";
    KEYS_ONLY = 1414:
        "`only keys and values are checked`",
        "a patch, values of a chart, or a kind of object whose pods are not in the file",
        "check the whole as well: `kustomize build`, `helm template` or `kubectl get … -o yaml`, and `| vault-injector lint`";
    FOLDED = 1415:
        "`is folded (>), which joins its lines`",
        "a template is written after `>`, so that YAML makes one line of its lines",
        "write it after `|`";
}
