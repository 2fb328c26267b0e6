//! 12xx: secrets, their files, templates and commands.

diagnostics! {
    TEMPLATE = 1201:
        "`… does not parse: line …, column …`",
        "the template has a mistake at that place",
        "correct it; [templates.md](templates.md) lists the functions";
    NO_SECRET = 1202:
        "`… has no agent-inject-secret-… beside it`",
        "upstream leaves out a template that no secret belongs to",
        "add `agent-inject-secret-NAME` with the secret's path";
    NAME_IN_ANOTHER_CASE = 1203:
        "`its secret is written …, in another case`",
        "names of secrets are compared as they are written",
        "write both names in the same case";
    NO_SUCH_SECRET = 1204:
        "`is ignored: there is no agent-inject-secret-…`",
        "a detail of a secret that nothing declares",
        "add `agent-inject-secret-NAME` with the secret's path, or correct the name";
    SAME_FILE = 1205:
        "`write the same file`",
        "file names are in lower case, so two names differ in case alone, or two `agent-inject-file-NAME` are equal",
        "give each secret a file of its own";
    DEFAULT_TEMPLATE_ON_KV2 = 1206:
        "`on KV v2 the default template writes data and metadata`",
        "a secret without a template of its own",
        "write one that takes `.Data.data`, as in [guide.md](guide.md#4-the-pod)";
    COMMAND_NEEDS_SHELL = 1207:
        "`… needs a shell: use our -busybox image`",
        "`$`, a pipe or the like in a command, and an image without a shell",
        "one of the two ways that the message names";
    QUOTES_IN_PATH = 1208:
        "`quotes break the default template`",
        "a mistake of upstream that the compatible flavor keeps",
        "write a template of your own";
    DELIMITERS_IGNORED = 1209:
        "`the default template ignores its delimiters`",
        "a mistake of upstream that the compatible flavor keeps",
        "remove the delimiters, or write a template of your own";
    HANDLEBARS = 1210:
        "`handlebars needs the native flavor`",
        "a stock agent knows Go templates alone",
        "use our agent image, or write a Go template";
    DEFAULT_TEMPLATE = 1211:
        "`invalid default template type`",
        "there are two default templates",
        "write `map` or `json`";
}
