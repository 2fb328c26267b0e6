//! 10xx: the keys of annotations, and values that an annotation does not take.

diagnostics! {
    UNKNOWN = 1001:
        "`unknown annotation … is ignored`",
        "the key is misspelt, or belongs to another product",
        "`vault-injector explain` lists all keys";
    NO_NAME = 1002:
        "`… needs a -NAME behind it and is ignored`",
        "the annotation belongs to one secret, and the key does not say which",
        "add the secret's name: `agent-inject-secret-config`";
    NOT_A_BOOLEAN = 1003:
        "`cannot parse '' as bool`",
        "a switch takes the words of Go alone",
        "write `\"true\"` or `\"false\"`, in quotes";
    NOT_A_NUMBER = 1004:
        "`strconv.Parse…: parsing …`, `is not a whole number`",
        "the annotation takes a number",
        "write a number without a unit, in quotes";
    NOT_A_DURATION = 1005:
        "`as duration: …`",
        "the annotation takes a duration",
        "write a number with a unit: `\"30s\"`, `\"5m\"`, `\"1h30m\"`";
    NOT_A_QUANTITY = 1006:
        "`quantities must match the regular expression`",
        "the annotation takes a quantity of Kubernetes",
        "write `\"64Mi\"` or `\"64M\"` for memory, `\"250m\"` or `\"0.25\"` for processors";
    NOT_ONE_OF = 1007:
        "`… give one of …`",
        "the annotation takes one of a few words",
        "write one of the words that the message lists";
    NOT_A_MODE = 1008:
        "`takes an octal mode such as 0640`",
        "the annotation takes a file mode",
        "write three or four octal digits, in quotes: `\"0640\"`";
    BLANKS = 1009:
        "`begins or ends with a blank`",
        "blanks are part of the value",
        "remove them";
    BLANKS_IN_LIST = 1010:
        "`has blanks around a comma, which are taken for part of the names`",
        "a list is split at its commas, and nowhere else",
        "write `a,b` instead of `a, b`";
    EMPTY_SWITCH = 1011:
        "`is empty, which means false`",
        "an empty value counts as written",
        "write `\"true\"`, or remove the annotation";
    NOT_A_PORT = 1012:
        "`is not a port number`",
        "the annotation takes a TCP port",
        "write a number from 1 to 65535, in quotes";
    BAD_JSON_PATCH = 1013:
        "`error parsing JSON patch for annotation …`",
        "the annotation takes a JSON array of RFC 6902 operations",
        "write `[{\"op\": \"add\", \"path\": \"/env/-\", \"value\": {…}}]`";
    NOT_A_URL = 1014:
        "`is not a URL: begin it with https:// or http://`, `is not an address of Vault: …`",
        "the annotation takes Vault's address with its scheme",
        "write `https://vault.vault.svc:8200`";
    OUT_OF_RANGE = 1015:
        "`takes 600 seconds or more`, `is not a user or group that Kubernetes takes`, `is not between 0 and 1`",
        "the value is outside of what Kubernetes or the agent takes",
        "write a value in the range that the message gives";
    NOT_HERE = 1016:
        "`unknown annotation … is ignored: …`",
        "another product has the annotation, and this one has none like it",
        "do what the message says; [migrate.md](migrate.md) has examples";
    NOT_A_KEY = 1017:
        "`… and Kubernetes refuses the key`",
        "the name behind a prefix has at most 63 letters, digits, dashes, dots and underscores, NAME included",
        "write a short NAME, and the path of the file in `agent-inject-file-NAME`";
}
