#!/usr/bin/env bash
# Installs the injector into the cluster that kubectl talks to, with a certificate made here:
#
#   manifests/install.sh --vault-address http://vault.vault.svc:8200 [options] [-- -FLAG=VALUE...]
#
#   --vault-address URL    Vault as pods reach it
#   --image IMAGE          the injector's image, where your nodes can pull it from
#   --agent-image IMAGE    the agent's image
#   --failure-policy NAME  Ignore (default): a pod starts without secrets while the injector is away.
#                          Fail: it is refused instead
#   --renew-certificate    a new certificate and authority, although those in use are good
#   -- -FLAG=VALUE...      more flags for the injector
#
# The same command again changes nothing; one with other options changes what they say. It needs kubectl and openssl.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The names of install.yaml.
namespace=vault-injector
name=vault-injector
secret=vault-injector-certs
host=$name.$namespace.svc

# Ten years: the authority's key is thrown away when it has signed this one certificate, so there is nothing
# that a shorter life would protect. An injector whose certificate has run out injects nothing.
days=3650
# A run in the last month renews by itself.
renew_before=$((30 * 24 * 3600))

say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

usage() {
    sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

vault_address='' image='' agent_image='' failure_policy=Ignore renew=no flags=()
while [[ $# -gt 0 ]]; do
    option=$1
    shift
    case $option in
    --help | -h)
        usage
        exit
        ;;
    --renew-certificate) renew=yes ;;
    --)
        flags=("$@")
        break
        ;;
    --vault-address | --image | --agent-image | --failure-policy)
        [[ $# -gt 0 ]] || die "$option needs a value"
        case $option in
        --vault-address) vault_address=$1 ;;
        --image) image=$1 ;;
        --agent-image) agent_image=$1 ;;
        --failure-policy) failure_policy=$1 ;;
        esac
        shift
        ;;
    *) die "unknown option $option; --help lists them" ;;
    esac
done
[[ -n $vault_address ]] || die "--vault-address is missing: Vault as pods reach it, like http://vault.vault.svc:8200"
[[ $failure_policy == Ignore || $failure_policy == Fail ]] || die "--failure-policy is Ignore or Fail"
for program in kubectl openssl; do
    command -v "$program" >/dev/null || die "$program is not on the PATH"
done

# Keys are here for a moment, for nobody else.
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- certificate ---------------------------------------------------------------------------------

# read_secret KEY FILE: one entry of the Secret; fails where there is none.
read_secret() {
    kubectl --namespace "$namespace" get secret "$secret" --ignore-not-found \
        --output "go-template={{index .data \"$1\"}}" 2>/dev/null | openssl base64 -d -A >"$2" && [[ -s $2 ]]
}

certificate_is_good() {
    read_secret ca.crt "$work/ca.crt" && read_secret tls.crt "$work/tls.crt" &&
        openssl verify -CAfile "$work/ca.crt" -verify_hostname "$host" "$work/tls.crt" >/dev/null 2>&1 &&
        openssl x509 -checkend "$renew_before" -noout -in "$work/tls.crt" >/dev/null
}

make_certificate() {
    local subject="/O=$name/CN=$host"
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca.key"
    openssl req -x509 -new -key "$work/ca.key" -sha256 -days "$days" -subj "$subject authority" -out "$work/ca.crt" \
        -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/tls.key"
    openssl req -new -key "$work/tls.key" -subj "$subject" -out "$work/tls.csr"
    cat >"$work/tls.extensions" <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:$host,DNS:$host.cluster.local
END
    openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -sha256 \
        -days "$days" -extfile "$work/tls.extensions" -out "$work/tls.crt" 2>/dev/null
    rm "$work/ca.key"
}

# Server-side apply: the client-side one would keep a second copy of the key in an annotation.
apply() { kubectl apply --server-side --force-conflicts --field-manager=vault-injector-install "$@" >/dev/null; }

store_certificate() {
    kubectl create secret generic "$secret" --namespace "$namespace" --type=kubernetes.io/tls --dry-run=client \
        --from-file="$work/tls.crt" --from-file="$work/tls.key" --from-file="$work/ca.crt" --output=yaml |
        apply --filename -
}

# --- everything else -----------------------------------------------------------------------------

# A text as JSON.
quoted() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# Which part of an image's name is the tag: what follows the last colon, unless that is a registry's port.
image_override() {
    local repository=$image tag=''
    if [[ $image == *@* ]]; then
        printf 'images:\n- {name: %s, newName: %s, digest: %s}\n' "$name" "$(quoted "${image%@*}")" "$(quoted "${image#*@}")"
        return
    fi
    if [[ ${image##*/} == *:* ]]; then
        repository=${image%:*} tag=${image##*:}
    fi
    printf 'images:\n- {name: %s, newName: %s, newTag: %s}\n' "$name" "$(quoted "$repository")" "$(quoted "${tag:-latest}")"
}

write_kustomization() {
    local container=/spec/template/spec/containers/0 flag
    cp "$here/install.yaml" "$work/install.yaml"
    {
        printf 'resources: [install.yaml]\n'
        [[ -z $image ]] || image_override
        printf 'patches:\n- target: {kind: MutatingWebhookConfiguration}\n  patch: |-\n'
        printf '    - {op: replace, path: /webhooks/0/clientConfig/caBundle, value: %s}\n' \
            "$(cat "$work/ca.crt" "$work/ca-before.crt" | openssl base64 -A)"
        printf '    - {op: replace, path: /webhooks/0/failurePolicy, value: %s}\n' "$failure_policy"
        printf -- '- target: {kind: Deployment}\n  patch: |-\n'
        printf '    - {op: test, path: %s/env/0/name, value: AGENT_INJECT_VAULT_ADDR}\n' "$container"
        printf '    - {op: replace, path: %s/env/0/value, value: %s}\n' "$container" "$(quoted "$vault_address")"
        for flag in ${agent_image:+"-vault-image=$agent_image"} ${flags[@]+"${flags[@]}"}; do
            printf '    - {op: add, path: %s/args/-, value: %s}\n' "$container" "$(quoted "$flag")"
        done
    } >"$work/kustomization.yaml"
}

# Prints the init containers that a pod would get. Nothing is created.
injected() {
    kubectl create --dry-run=server --output 'jsonpath={.spec.initContainers[*].name}' --filename - <<END
apiVersion: v1
kind: Pod
metadata:
  name: vault-injector-check
  namespace: default
  annotations:
    vault.hashicorp.com/agent-inject: "true"
    vault.hashicorp.com/role: check
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: check
    image: check
    resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {cpu: 1m, memory: 1Mi}}
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
END
}

# The API server learns of a new configuration a moment after it has been stored.
check() {
    local answer
    for _ in $(seq 30); do
        answer=$(injected 2>&1) || true
        [[ $answer != *vault-agent* ]] || return 0
        sleep 1
    done
    die "the injector runs, but a pod that asks for it in the namespace default gets no secrets: ${answer:-no answer}"
}

kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace" >/dev/null
: >"$work/ca-before.crt"
if [[ $renew == yes ]] || ! certificate_is_good; then
    say "making a certificate for $host"
    # Until every replica has read the new one, both are trusted.
    read_secret ca.crt "$work/ca-before.crt" || : >"$work/ca-before.crt"
    make_certificate
    store_certificate
else
    say "the certificate for $host is good: $(openssl x509 -enddate -noout -in "$work/tls.crt")"
fi
say "applying $here/install.yaml"
write_kustomization
apply --kustomize "$work"
kubectl --namespace "$namespace" rollout status "deployment/$name" --timeout=120s >&2 ||
    die "the injector does not get ready: kubectl --namespace $namespace describe pods"
check
say "pods that ask for secrets are given them"
