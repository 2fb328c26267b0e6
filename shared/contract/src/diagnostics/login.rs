//! 13xx: the login, the connection to Vault, and the agent's configuration.

diagnostics! {
    NO_ADDRESS = 1301:
        "`address for Vault required`, `no Vault address found`",
        "neither the pod nor the injector says where Vault is",
        "`vault.hashicorp.com/service`, or the injector's `-vault-address`";
    NO_AUTH_PATH = 1302:
        "`Vault Auth Path required`, `no Vault Auth Path found`",
        "neither the pod nor the injector says where the auth method is mounted",
        "`vault.hashicorp.com/auth-path`, or the injector's `-vault-auth-path`";
    NO_NAMESPACE = 1303:
        "`namespace missing from request`",
        "the request says no namespace",
        "`--namespace` of `lint` and `inject`, or `agent-request-namespace`";
    NO_IMAGE = 1304:
        "`no Vault image found`",
        "`agent-image` is empty",
        "name an image, or remove the annotation";
    NO_AUTH_TYPE = 1305:
        "`no Vault Auth Type found`",
        "`auth-type` is empty",
        "write `kubernetes`, or remove the annotation";
    NO_ROLE = 1306:
        "`no Vault role found`",
        "the agent logs in with a role, and the pod names none",
        "`vault.hashicorp.com/role: \"NAME\"`; `vault list auth/kubernetes/role` lists them";
    AUTH_METHOD = 1307:
        "`auth-type … is not an auth method of …`",
        "the name is misspelt, or only a stock Vault Agent has the method",
        "write one of the names that the message lists, in lower case, or use a stock `agent-image`";
    AUTH_SETTING_MISSING = 1308:
        "`the auth method … needs …`",
        "the method does not work without this setting",
        "add the annotation that the message names";
    AUTH_SETTING = 1309:
        "`auth-config-… is empty`, `auth-config-… cannot be used`",
        "the agent refuses the setting of its auth method",
        "write what the message says";
    BACKOFF = 1310:
        "`… has to be longer than auth-min-backoff`, `… has to be shorter than auth-max-backoff`",
        "the longest pause between logins is not longer than the shortest, which may be the default",
        "set both, the second one longer";
    CONFIGURATION = 1311:
        "`the agent would not start with its configuration`",
        "the agent's own check of its configuration fails",
        "correct what the message names; `vault-agent validate` runs the same check";
    VARIABLE_TOO_LONG = 1312:
        "`the agent's variable … has … bytes, and Linux takes no more than …`",
        "one environment variable may have 128 KiB with its name, and a stock agent reads its configuration from one",
        "shorten the templates, put the configuration into a ConfigMap (`agent-configmap`), or use our agent image, which reads several variables";
    CONFIG_PART_TAKEN = 1313:
        "`VAULT_CONFIG_2 would be read as a part of the agent's configuration`",
        "our agent reads a large configuration from `VAULT_CONFIG`, `VAULT_CONFIG_2` and so on",
        "give the variable another name";
    OLD_IMAGE = 1314:
        "`the configuration needs several variables`",
        "a configuration of more than 131,058 bytes in base64, and an agent image that may be older than the injector",
        "use the agent image of the injector's version";
    AUTH_PATH = 1315:
        "`auth-path is not the path of an auth method: write …`",
        "the path is the one of `vault auth list`, with `auth/` in front and without `/login`",
        "write what the message says";
    NOT_MOUNTED = 1316:
        "`… is a file that the agent does not have`",
        "nothing is mounted at the path in the agent's containers",
        "`tls-secret` mounts a Secret at `/vault/tls`, `agent-extra-secret` one at `/vault/custom`, `agent-copy-volume-mounts` what another container has";
    TELEMETRY = 1317:
        "`agent-telemetry-… is ignored: our agent has no telemetry block`",
        "our agent sends no metrics; it serves them",
        "remove the annotations; [agent.md](agent.md) says where the metrics are";
    OTHER_PROGRAM = 1318:
        "`agent-image is of OpenBao, and is started with the program vault`",
        "the profile of the injector names the program of a stock image",
        "start the injector with the other `-profile`, or use the other image or ours";
    REVOKE_GRACE = 1319:
        "`agent-revoke-grace … is not shorter than the pod's terminationGracePeriodSeconds`",
        "Kubernetes ends the agent before it revokes",
        "shorten it, or lengthen `terminationGracePeriodSeconds` (30 where absent)";
    TEMPLATES_UNUSED = 1320:
        "`… is ignored: the agent's configuration is in agent-configmap`",
        "with a configuration of the user's, the injector writes none",
        "put the templates into the ConfigMap, or remove `agent-configmap`";
}
