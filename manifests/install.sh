#!/usr/bin/env bash
# Installs the injector into the cluster that kubectl talks to, and looks whether it injects:
#
#   manifests/install.sh --vault-address http://vault.vault.svc:8200 [options] [-- -FLAG=VALUE...]
#
#   --vault-address URL    Vault as pods reach it
#   --image IMAGE          the injector's image, where your nodes can pull it from
#   --agent-image IMAGE    the agent's image
#   --failure-policy NAME  Fail (default): a pod that asks for secrets is refused while the injector is away.
#                          Ignore: it starts without them instead
#   -- -FLAG=VALUE...      more flags for the injector
#
# The same command again changes nothing; one with other options changes what they say. It needs kubectl, and
# Kubernetes 1.30 or newer. With Helm, install the chart instead: see docs/install.md.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The names of install.yaml.
namespace=vault-injector
name=vault-injector
container=sidecar-injector

say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

usage() {
    sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

vault_address='' image='' agent_image='' failure_policy=Fail flags=()
while [[ $# -gt 0 ]]; do
    option=$1
    shift
    case $option in
    --help | -h)
        usage
        exit
        ;;
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
command -v kubectl >/dev/null || die "kubectl is not on the PATH"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

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

# variable NAME VALUE: one of the injector's, which win over its flags.
variable() { printf '            - {name: AGENT_INJECT_%s, value: %s}\n' "$1" "$(quoted "$2")"; }

write_kustomization() {
    local flag
    cp "$here/install.yaml" "$work/install.yaml"
    {
        printf 'resources: [install.yaml]\n'
        [[ -z $image ]] || image_override
        printf 'patches:\n- target: {kind: MutatingWebhookConfiguration}\n  patch: |-\n'
        printf '    - {op: replace, path: /webhooks/0/failurePolicy, value: %s}\n' "$failure_policy"
        printf -- '- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n'
        printf '    metadata: {name: %s, namespace: %s}\n' "$name" "$namespace"
        printf '    spec:\n      template:\n        spec:\n          containers:\n'
        printf '          - name: %s\n            env:\n' "$container"
        variable VAULT_ADDR "$vault_address"
        [[ -z $agent_image ]] || variable VAULT_IMAGE "$agent_image"
        [[ ${#flags[@]} == 0 ]] || printf '            args:\n'
        for flag in ${flags[@]+"${flags[@]}"}; do
            printf '            - %s\n' "$(quoted "$flag")"
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

say "applying $here/install.yaml"
write_kustomization
# What the injector itself writes, its certificate's authority, is its own and stays.
kubectl apply --server-side --force-conflicts --field-manager=vault-injector-install --kustomize "$work" >/dev/null
kubectl --namespace "$namespace" rollout status "deployment/$name" --timeout=120s >&2 ||
    die "the injector does not get ready: kubectl --namespace $namespace describe pods; kubectl --namespace $namespace logs deployment/$name"
check
say "pods that ask for secrets are given them"
