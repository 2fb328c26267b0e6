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
}
