//! The tables: one line a field.

use super::Shape::{Bool, Int, IntOrText, List, Map, Object, Quantity, Text};
use super::{Field, Keep, Root, Shape};

/// A field that is left out where it is empty.
const fn filled(key: &'static str, shape: Shape) -> Field {
    Field {
        key,
        shape,
        keep: Keep::Filled,
    }
}

/// A field for which empty and absent differ.
const fn given(key: &'static str, shape: Shape) -> Field {
    Field {
        key,
        shape,
        keep: Keep::Given,
    }
}

/// A field that is always there.
const fn always(key: &'static str, shape: Shape) -> Field {
    Field {
        key,
        shape,
        keep: Keep::Always,
    }
}

/// A container.
pub(crate) static CONTAINER: Root = Root {
    name: "Container",
    shape: Object(CONTAINER_FIELDS),
};

/// A pod, as far as [`crate::pod`] reads it.
pub(super) static POD: Root = Root {
    name: "Pod",
    shape: Object(POD_FIELDS),
};

static POD_FIELDS: &[Field] = &[
    given("metadata", Object(METADATA)),
    given("spec", Object(POD_SPEC)),
    given("status", Object(&[filled("phase", Text)])),
];

static METADATA: &[Field] = &[
    filled("name", Text),
    filled("generateName", Text),
    filled("annotations", Map(&Text)),
    filled("ownerReferences", List(&Object(&[always("kind", Text)]))),
];

static POD_SPEC: &[Field] = &[
    filled("containers", List(&Object(CONTAINER_FIELDS))),
    filled("initContainers", List(&Object(CONTAINER_FIELDS))),
    filled("volumes", List(&Object(VOLUME))),
    given("shareProcessNamespace", Bool),
    filled("restartPolicy", Text),
    given("automountServiceAccountToken", Bool),
    given("securityContext", Object(&[given("runAsUser", Int)])),
];

static VOLUME: &[Field] = &[
    always("name", Text),
    given(
        "projected",
        Object(&[filled("sources", List(&Object(PROJECTION)))]),
    ),
    given("emptyDir", Object(&[filled("medium", Text)])),
];

static PROJECTION: &[Field] = &[given(
    "serviceAccountToken",
    Object(&[always("path", Text), filled("audience", Text)]),
)];

static CONTAINER_FIELDS: &[Field] = &[
    always("name", Text),
    filled("image", Text),
    filled("command", List(&Text)),
    filled("args", List(&Text)),
    filled("workingDir", Text),
    filled("ports", List(&Object(PORT))),
    filled("envFrom", List(&Object(VARIABLE_SOURCE))),
    filled("env", List(&Object(VARIABLE))),
    always("resources", Object(RESOURCES)),
    filled("resizePolicy", List(&Object(RESIZE_POLICY))),
    given("restartPolicy", Text),
    filled("restartPolicyRules", List(&Object(RESTART_RULE))),
    filled("volumeMounts", List(&Object(MOUNT))),
    filled("volumeDevices", List(&Object(DEVICE))),
    given("livenessProbe", Object(PROBE)),
    given("readinessProbe", Object(PROBE)),
    given("startupProbe", Object(PROBE)),
    given("lifecycle", Object(LIFECYCLE)),
    filled("terminationMessagePath", Text),
    filled("terminationMessagePolicy", Text),
    filled("imagePullPolicy", Text),
    given("securityContext", Object(SECURITY_CONTEXT)),
    filled("stdin", Bool),
    filled("stdinOnce", Bool),
    filled("tty", Bool),
];

static PORT: &[Field] = &[
    filled("name", Text),
    filled("hostPort", Int),
    always("containerPort", Int),
    filled("protocol", Text),
    filled("hostIP", Text),
];

static VARIABLE_SOURCE: &[Field] = &[
    filled("prefix", Text),
    given("configMapRef", Object(OPTIONAL_NAME)),
    given("secretRef", Object(OPTIONAL_NAME)),
];

static OPTIONAL_NAME: &[Field] = &[filled("name", Text), given("optional", Bool)];

static VARIABLE: &[Field] = &[
    always("name", Text),
    filled("value", Text),
    given("valueFrom", Object(VALUE_SOURCE)),
];

static VALUE_SOURCE: &[Field] = &[
    given(
        "fieldRef",
        Object(&[filled("apiVersion", Text), always("fieldPath", Text)]),
    ),
    given("resourceFieldRef", Object(RESOURCE_FIELD)),
    given("configMapKeyRef", Object(KEY)),
    given("secretKeyRef", Object(KEY)),
    given("fileKeyRef", Object(FILE_KEY)),
];

static RESOURCE_FIELD: &[Field] = &[
    filled("containerName", Text),
    always("resource", Text),
    always("divisor", Quantity),
];

static KEY: &[Field] = &[
    filled("name", Text),
    always("key", Text),
    given("optional", Bool),
];

static FILE_KEY: &[Field] = &[
    always("volumeName", Text),
    always("path", Text),
    always("key", Text),
    given("optional", Bool),
];

static RESOURCES: &[Field] = &[
    filled("limits", Map(&Quantity)),
    filled("requests", Map(&Quantity)),
    filled(
        "claims",
        List(&Object(&[always("name", Text), filled("request", Text)])),
    ),
];

static RESIZE_POLICY: &[Field] = &[always("resourceName", Text), always("restartPolicy", Text)];

static RESTART_RULE: &[Field] = &[
    always("action", Text),
    given(
        "exitCodes",
        Object(&[always("operator", Text), filled("values", List(&Int))]),
    ),
];

static MOUNT: &[Field] = &[
    always("name", Text),
    filled("readOnly", Bool),
    given("recursiveReadOnly", Text),
    always("mountPath", Text),
    filled("subPath", Text),
    given("mountPropagation", Text),
    filled("subPathExpr", Text),
];

static DEVICE: &[Field] = &[always("name", Text), always("devicePath", Text)];

static EXEC: &[Field] = &[filled("command", List(&Text))];

static HTTP_GET: &[Field] = &[
    filled("path", Text),
    always("port", IntOrText),
    filled("host", Text),
    filled("scheme", Text),
    filled(
        "httpHeaders",
        List(&Object(&[always("name", Text), always("value", Text)])),
    ),
];

static TCP_SOCKET: &[Field] = &[always("port", IntOrText), filled("host", Text)];

static PROBE: &[Field] = &[
    given("exec", Object(EXEC)),
    given("httpGet", Object(HTTP_GET)),
    given("tcpSocket", Object(TCP_SOCKET)),
    given(
        "grpc",
        Object(&[always("port", Int), given("service", Text)]),
    ),
    filled("initialDelaySeconds", Int),
    filled("timeoutSeconds", Int),
    filled("periodSeconds", Int),
    filled("successThreshold", Int),
    filled("failureThreshold", Int),
    given("terminationGracePeriodSeconds", Int),
];

static LIFECYCLE: &[Field] = &[
    given("postStart", Object(HANDLER)),
    given("preStop", Object(HANDLER)),
    given("stopSignal", Text),
];

static HANDLER: &[Field] = &[
    given("exec", Object(EXEC)),
    given("httpGet", Object(HTTP_GET)),
    given("tcpSocket", Object(TCP_SOCKET)),
    given("sleep", Object(&[always("seconds", Int)])),
];

static SECURITY_CONTEXT: &[Field] = &[
    given(
        "capabilities",
        Object(&[filled("add", List(&Text)), filled("drop", List(&Text))]),
    ),
    given("privileged", Bool),
    given("seLinuxOptions", Object(SELINUX)),
    given("windowsOptions", Object(WINDOWS)),
    given("runAsUser", Int),
    given("runAsGroup", Int),
    given("runAsNonRoot", Bool),
    given("readOnlyRootFilesystem", Bool),
    given("allowPrivilegeEscalation", Bool),
    given("procMount", Text),
    given("seccompProfile", Object(PROFILE)),
    given("appArmorProfile", Object(PROFILE)),
];

static SELINUX: &[Field] = &[
    filled("user", Text),
    filled("role", Text),
    filled("type", Text),
    filled("level", Text),
];

static WINDOWS: &[Field] = &[
    given("gmsaCredentialSpecName", Text),
    given("gmsaCredentialSpec", Text),
    given("runAsUserName", Text),
    given("hostProcess", Bool),
];

static PROFILE: &[Field] = &[always("type", Text), given("localhostProfile", Text)];
