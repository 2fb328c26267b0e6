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
        "`… needs a shell`",
        "`$`, a pipe or the like in a command, and an image without a shell",
        "one of the ways that the message names";
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
    COMMAND_PROGRAM = 1212:
        "`starts a program that the agent's image does not have`",
        "our image holds nothing but `/vault-agent`",
        "`/vault-agent signal HUP PROCESS` to signal one; else the `-busybox` tag of the image, or the path of a program on one of the agent's volumes";
    COMMAND_SIGNAL = 1213:
        "`sends a signal, but the agent sees no processes of the application`",
        "containers of a pod have process namespaces of their own",
        "`agent-share-process-namespace: \"true\"`, and the same user for both (`agent-run-as-same-user`)";
    FILE_OUTSIDE = 1214:
        "`agent-inject-file-… leads out of the volumes that the agent can write to`, `names the directory of the secrets`",
        "the path is under the secrets volume, and `..` leaves it",
        "write a path without `..`; `secret-volume-path-NAME` mounts a directory of its own";
    FILE_ABSOLUTE = 1215:
        "`agent-inject-file-… begins with a slash and is still a path under …`",
        "file names are always under the secrets volume",
        "write the directory in `secret-volume-path-NAME`, and the file's name in `agent-inject-file-NAME`";
    FILE_UNSEEN = 1216:
        "`agent-inject-file-… leads into a volume that only the agent has`",
        "no container of the pod mounts the volume that the file lands in",
        "write a path without `..`";
    NOTHING_WRITTEN = 1217:
        "`the agent writes nothing`",
        "the pod asks for an agent and for no secret, token, cache or configuration",
        "add `agent-inject-secret-NAME`, or remove `agent-inject`";
    KEYS_OF_KV2 = 1220:
        "`… is KV v2, whose keys are in .Data.data`",
        "below `data/` an engine of KV v2 answers with `.Data.data` and `.Data.metadata`",
        "write `.Data.data.KEY`; of KV v1, whose path has a part named `data`, the message can be ignored";
    NO_DATA_IN_DATA = 1221:
        "`… has no .Data.data`",
        "engines that make credentials or certificates answer with their keys in `.Data`",
        "write `.Data.KEY`";
    RANGE_OVER_SECRET = 1222:
        "`a secret is a single value`",
        "`range` goes through many values",
        "write `with` instead of `range`";
    ESCAPE_LEFT_OVER = 1223:
        "`this writes the text of a template instead of a secret`",
        "braces that Helm was to take away are left, so the file gets the template instead of the secret",
        "render the chart, or write the template without the escape";
    ADDRESS_AS_PATH = 1224:
        "`… has v1/ in front`, `… is the address of a secret`, `… names a key of a secret`",
        "paths of Vault's API are written without address and version, and a key is taken by a template",
        "write the path alone, such as `secret/data/app`";
    METADATA_PATH = 1225:
        "`… is the metadata of a secret`",
        "below `metadata/` KV v2 keeps versions, dates and `custom_metadata`, but no values",
        "write `data/` instead";
    CERTIFICATE_READ = 1226:
        "`… issues a certificate and cannot be read`",
        "certificates are issued by a write with a name",
        "write `pkiCert \"PATH\" \"common_name=NAME\"`, as in [templates.md](templates.md)";
    CERTIFICATE_WRITTEN = 1227:
        "`secret issues another certificate each time`",
        "`pkiCert` keeps a certificate until it has to be renewed, and gives all templates the same",
        "write `pkiCert`, whose fields are `.Cert`, `.Key`, `.CA`";
    TWO_CERTIFICATES = 1228:
        "`the private key of one certificate and another certificate`",
        "two templates issue a certificate each, because their arguments or functions differ, and the key of one does not fit the other",
        "give both the same arguments, or write `pkiCert` in both";
    NOT_READ = 1229:
        "`the template does not read …`",
        "`agent-inject-secret-NAME` names one path, and the template of that name reads others",
        "correct the path in one of the two; if the difference is meant, there is nothing to do";
    SLASH_IN_FRONT = 1230:
        "`… begins with a slash`",
        "paths of Vault's API begin with the name of a mount; the agent takes the slash away",
        "write the path without it";
    FIELD_OF_SECRET = 1231:
        "`… is not a field of a secret`",
        "a secret has `.Data`, `.LeaseID`, `.LeaseDuration` and `.Renewable`; the keys are in `.Data`",
        "write `.Data.KEY`, or `.Data.data.KEY` if the path is KV v2";
    NOTHING_IN_DOT = 1232:
        "`the root of a template has no …`",
        "outside `with`, and behind `$`, the dot is empty, so the file gets `<no value>`",
        "write `{{ with secret \"PATH\" }}` around it, and the field without `$`";
    ARGUMENTS_OF_SECRET = 1233:
        "`… is called without a path` or `the argument … has no value`",
        "`secret` and `pkiCert` take a path and arguments of the form `KEY=VALUE`",
        "write `secret \"PATH\" \"KEY=VALUE\"`";
    FIELD_OF_CERTIFICATE = 1234:
        "`pkiCert gives .Cert, .Key, .CA and .CAChain`",
        "only `secret` has the keys of the API, such as `.Data.private_key`",
        "write `.Cert`, `.Key`, `.CA` or `.CAChain`";
    NO_PATH = 1235:
        "`is empty and is ignored, because no template says what to read`",
        "a secret without a template of its own is read from the path that the annotation names",
        "write the path of the secret, or `agent-inject-template-NAME`";
    PATH_REFUSED = 1236:
        "`secret refuses the path …`, `the agent refuses the path …`",
        "the path is empty, or cannot be part of an address, so the agent never sends the request",
        "write the path as `vault read` takes it, such as `secret/data/app`";
    SIGNAL_ARGUMENTS = 1237:
        "`/vault-agent signal takes a signal and then a process`",
        "the agent refuses the command each time it runs it, so the application is never signaled",
        "write `/vault-agent signal HUP PROCESS`";
    SIGNAL_OF_ANOTHER_USER = 1238:
        "`sends a signal, but the agent runs as another user than every container of the pod`",
        "the kernel lets a process without privileges signal those of its own user alone",
        "`agent-run-as-same-user: \"true\"`, or `agent-run-as-user` with the user of the application";
}
