//! 16xx: flags and environment variables of the injector itself.

diagnostics! {
    TLS = 1601:
        "`Failed to configure TLS`",
        "`-tls-min-version` or `-tls-cipher-suites` has a value that cannot be served",
        "[injector.md](injector.md) lists the versions and cipher suites";
    NO_VAULT = 1602:
        "`No Vault service configured`",
        "the injector does not know where Vault is",
        "start it with `-vault-address`, or set `AGENT_INJECT_VAULT_ADDR`";
    UNKNOWN_VARIABLE = 1603:
        "`is not a variable of the injector and is ignored`",
        "the variable's name begins with `AGENT_INJECT`, and no flag has it",
        "correct the name; `vault-injector --help` says how it follows from the flag's";
    UNKNOWN_COMMAND = 1604:
        "`unknown command`, `unexpected argument`",
        "the word is neither a command nor one of those that upstream's chart passes",
        "`vault-injector help` lists the commands";
    UNKNOWN_FLAG = 1605:
        "`unknown flag`",
        "the command has no such flag",
        "`--help-all` of the command lists all of them";
    WORD = 1606:
        "`is not one of …`",
        "the flag takes one of a few words",
        "write one of the words that the message lists";
    NUMBER = 1607:
        "`is not a boolean`, `is not a whole number …`, `is not a number …`",
        "the flag takes a switch or a number in a range",
        "write what the message names";
    DURATION = 1608:
        "`is not a duration`, `backoff as duration: …`, `is below zero`",
        "the flag takes a duration",
        "write a number with a unit: `30s`, `5m`, `1h30m`";
    QUANTITY = 1609:
        "`is not a quantity`",
        "the flag takes a quantity of Kubernetes",
        "write `64Mi` or `64M` for memory, `250m` or `0.25` for processors";
    URL = 1610:
        "`it must begin with …`, `it names no host`, `it has a blank in it`",
        "the flag takes a URL",
        "write it with its scheme, as in `https://vault.vault.svc:8200`";
    PEM = 1611:
        "`is neither PEM of a certificate nor base64 of it`",
        "`-vault-cacert-bytes` holds no certificate that can be read",
        "pass the file's text, or `base64 < ca.crt`";
    LISTEN = 1612:
        "`is not an address to listen on`",
        "the flag takes a host and a port",
        "write `:8080` or `127.0.0.1:8080`";
    PATH = 1613:
        "`is not a path of …`",
        "nothing can be served at the path",
        "write it as the message shows";
    IMAGE = 1614:
        "`is not the name of an image`",
        "Kubernetes would not start the agent's container",
        "write `REGISTRY/NAME:TAG`, in lower case but for the tag";
    CONTRADICTION = 1615:
        "`is more than …`, `than the default of …`, `belong together`, `-tls-auto needs -tls-auto-hosts`",
        "two flags do not go together",
        "change one of those that the message names";
    NAME = 1616:
        "`is not a name of …`",
        "the flag takes the name of an object or a host",
        "write it as `kubectl` shows it";
    NOT_TEXT = 1617:
        "`is not UTF-8`",
        "the value of the variable is not text",
        "set it again";
}
