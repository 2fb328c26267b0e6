//! 11xx: what the pod, its containers, volumes, users and tokens do not allow.

diagnostics! {
    UNREADABLE = 1101:
        "`json: cannot unmarshal …`",
        "the object is not a pod",
        "`kubectl apply --dry-run=server` says what Kubernetes takes";
    NO_CONTAINERS = 1102:
        "`No containers found in Pod Spec`",
        "a pod without a container has no use for secrets",
        "add the container";
    NO_SECURITY_CONTEXT = 1103:
        "`No SecurityContext found for Container 0`",
        "`agent-run-as-same-user` needs the user of the pod's first container, which is not written",
        "write `securityContext.runAsUser` there, or use `agent-run-as-user`";
    NO_USER = 1104:
        "`RunAsUser is nil for Container 0's SecurityContext`",
        "`agent-run-as-same-user` needs the user of the pod's first container, which is not written",
        "write `securityContext.runAsUser` there, or use `agent-run-as-user`";
    ROOT = 1105:
        "`container not allowed to run as root`",
        "`agent-run-as-same-user`, and the first container's user is 0",
        "run the container as another user, or use `agent-run-as-user`";
    NO_TOKEN = 1106:
        "`failed to find service account volume mount`",
        "the pod has no token: `automountServiceAccountToken: false`",
        "`agent-token-audience` gives the agent a token of its own";
    TOKEN_VOLUME = 1107:
        "`failed to find …`",
        "`agent-service-account-token-volume-name` names a volume that the pod does not have, or that holds no token",
        "name a projected volume with a `serviceAccountToken`, or use `agent-token-audience` instead";
    TWO_TOKENS = 1108:
        "`names a volume, but the pod asks for a token of the agent's own too`",
        "two annotations say which token the agent logs in with",
        "remove `agent-service-account-token-volume-name` or `agent-token-audience`";
    PROCESS_NAMESPACE = 1109:
        "`shareProcessNamespace explicitly disabled on the pod, refusing to enable it`",
        "the annotation and the pod contradict each other",
        "remove one of the two";
    NATIVE_FLAVOR = 1110:
        "`needs the native flavor`",
        "a stock Vault or OpenBao agent cannot do it",
        "use our agent image, or remove the annotation";
    OLD_KUBERNETES = 1111:
        "`needs Kubernetes 1.29 or newer`",
        "`agent-native-sidecar: \"true\"` on a cluster without native sidecars",
        "write `\"auto\"`";
    NO_SHELL_IN_IMAGE = 1112:
        "`agent-flavor compatible needs a shell, which this agent image does not have`",
        "the flavor of stock images, with our image",
        "leave the annotation out, or name a stock `agent-image`";
    SHELL_ARGUMENTS = 1113:
        "`the JSON patch sets a shell line as args/0, but there is no shell`",
        "the patch was written for a stock image",
        "patch the arguments of `/vault-agent`, or use `agent-flavor: compatible` with a stock image";
    IGNORED = 1114:
        "`is ignored: …`",
        "another setting leaves the annotation without effect; the message names it",
        "remove the annotation, or change the other setting";
    JOB_NEVER_ENDS = 1115:
        "`the sidecar keeps this Job from completing`",
        "a cluster without native sidecars, where a sidecar runs for as long as the pod",
        "`agent-pre-populate-only: \"true\"`";
    NAME_TAKEN = 1116:
        "`the pod has … already`",
        "a volume or container of the pod has the name of one that is added",
        "rename the pod's";
    UNKNOWN_CONTAINER = 1117:
        "`names a container that the pod does not have`",
        "the name is misspelt, or the container is not there",
        "write one of the names that the message lists";
    AGENT_AS_ROOT = 1118:
        "`is empty, which means root`",
        "upstream reads an empty user or group as 0",
        "write a number, or remove the annotation";
    RENAMED = 1119:
        "`agent-init-json-patch renames the container: with agent-init-first it gets mounts twice`",
        "a mistake of upstream that the compatible flavor keeps",
        "leave the name as it is, or use the native flavor";
    REVOCATION_HOOK = 1120:
        "`agent-revoke-on-shutdown: the hook knows no namespace`",
        "the hook of a stock agent passes Vault's address and CA file alone",
        "use the native flavor, whose agent revokes by itself";
    CONTAINER_PATCH = 1121:
        "`failed to apply JSON patch`",
        "an operation does not fit the agent's container",
        "`vault-injector inject` shows the container without the patch";
    NOT_A_CONTAINER = 1122:
        "`error creating patch for agent`, `json: cannot unmarshal …`",
        "the JSON patch makes something that is not a container",
        "correct the field that the message names";
    COPIED_STATUS = 1123:
        "`agent-inject-status says injected, but the pod has no agent`",
        "the annotation was copied out of a running pod",
        "remove `agent-inject-status`; the injector writes it";
    NO_AGENT = 1124:
        "`there is no agent, and no secret is written`",
        "`agent-pre-populate: \"false\"` and `agent-pre-populate-only: \"true\"` leave out one agent each",
        "remove one of the two";
    NO_READER = 1125:
        "`agent-inject-containers is empty, so no container gets the secrets`",
        "an empty list counts as written",
        "name the containers, or remove the annotation";
    WINDOWS = 1126:
        "`the pod runs on Windows`",
        "the agent is a Linux container, and Kubernetes refuses its security context there",
        "remove `agent-inject`, or run the pod on Linux";
    MOUNT_TAKEN = 1127:
        "`container … mounts … at …, where … has to be`, `the agent would mount … at …`",
        "two volumes at one path of a container, which Kubernetes refuses",
        "mount the pod's volume elsewhere, or write another `secret-volume-path`";
    MOUNT_PATH = 1128:
        "`secret-volume-path is empty`, `is the root of the file system`",
        "nothing can be mounted at that path",
        "write an absolute path of a directory that is the secrets' alone";
    MOUNT_LEFT_OUT = 1129:
        "`agent-copy-volume-mounts leaves out …`",
        "the agent has a volume of its own at that path",
        "mount the container's volume elsewhere, if the agent needs it";
    NOT_IN_MEMORY = 1130:
        "`the pod's volume … is used as declared, so secrets are stored on the node's disk`",
        "the pod declares a volume with the name of one of ours, and it is not in memory",
        "write `emptyDir: {medium: Memory}`";
    REQUEST_ABOVE_LIMIT = 1131:
        "`is more than …, and Kubernetes refuses that`, `is less than …, and Kubernetes refuses that`",
        "a container's request is above its limit; the flavor of stock images keeps the injector's value on the other side",
        "write both annotations, as in `agent-requests-mem` and `agent-limits-mem`";
    NEGATIVE_QUANTITY = 1132:
        "`is negative, and Kubernetes refuses that`",
        "resources are zero or more",
        "write a quantity of zero or more, or an empty text for none";
    LITTLE_MEMORY = 1133:
        "`agent-limits-mem is too small for the agent to start`",
        "`m` is a thousandth, and a number without a unit is bytes",
        "write `64Mi`";
    POD_RESOURCES = 1134:
        "`is more than the pod's resources.limits…`, `are more than the pod's resources.requests…`",
        "the pod as a whole has `resources` (Kubernetes 1.34), and the agent has to fit in",
        "raise the pod's, or lower the agent's with `agent-limits-…` and `agent-requests-…`";
    ANOTHER_TOKEN = 1135:
        "`the agent logs in with what is mounted at …, … and not with the pod's token`",
        "a mistake of upstream that the compatible flavor keeps: it takes the first mount with `serviceaccount` in its path",
        "`agent-token-expiration-seconds: \"3600\"` gives the agent a token of its own; the native flavor finds the right one";
    INIT_CONTAINER_NAMED = 1136:
        "`names the init container …, which gets the secrets in any case`",
        "`agent-inject-containers` chooses among the regular containers alone",
        "remove the name";
    DOUBTFUL_TOKEN = 1137:
        "`the pod has no token for the API server, so the agent logs in with …`",
        "`automountServiceAccountToken: false`, and a token for another audience is mounted",
        "name its volume in `agent-service-account-token-volume-name`, or give the agent a token of its own with `agent-token-audience`";
    TURNED_OFF = 1138:
        "`agent-inject is empty, which means false`",
        "the pod has annotations for an agent, and gets none",
        "write `agent-inject: \"true\"`, or `\"false\"` if that is meant";
    IMAGE_NAME = 1139:
        "`is not the name of an image`",
        "a kubelet takes a path in lower case with a tag, a digest or both",
        "write it as in `registry.example/vault-injector-agent:1.0`";
    PORT_TAKEN = 1140:
        "`agent-metrics-port is a port of container … too`",
        "the containers of a pod share its network, and only one process can listen on a port",
        "write another port";
}
