#!/usr/bin/env bash
# Shows that the running cluster is a real one, in the points that matter to secret injection. Prints a line for each
# check and a total, and fails where a check does.
set -euo pipefail
# shellcheck source=e2e/testbed/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

is_running kubelet || die "the cluster is not up: make cluster-up"

NAMESPACE=proof-$$
RESTRICTED=$NAMESPACE-restricted
NOTES=$RUN/$NAMESPACE
VERSION=$(awk -F '"' '/^version = / { print $2; exit }' "$ROOT/Cargo.toml")
passed=0 failed=0

here() { kubectl --namespace "$NAMESPACE" "$@"; }

# check NAME COMMAND...: passes when the command succeeds; shows what a failing one has said.
check() {
    local name=$1 output began=$EPOCHREALTIME verdict=PASS
    shift
    output=$("$@" 2>&1) || verdict=FAIL
    awk -v began="$began" -v now="$EPOCHREALTIME" -v name="$name" -v verdict="$verdict" \
        'BEGIN { printf "%s  %4.1f s  %s\n", verdict, now - began, name }'
    if [[ $verdict == PASS ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 5 <<<"$output" | sed 's/^/              /'
    fi
}

# says TEXT COMMAND...: the command's output holds the text.
says() {
    local text=$1 output
    shift
    output=$("$@" 2>&1) || true
    [[ $output == *"$text"* ]] || {
        echo "expected \"$text\" in: $output"
        return 1
    }
}

refused() { ! "$@"; }

from_pod() { here exec sidecar --container main -- "$@"; }

# Pods of a Deployment get their answers by the service's rules, which are there a moment after the pods.
soon() {
    local deadline=$((SECONDS + 10))
    until "$@"; do
        [[ $SECONDS -lt $deadline ]] || return 1
        sleep 0.2
    done
}

# review AUDIENCE TOKEN: what the API server makes of a service account's token.
review() {
    printf '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"audiences":["%s"],"token":"%s"}}' "$1" "$2" |
        kubectl create --validate=false --output 'jsonpath={.status.authenticated} {.status.user.username}' --filename -
}

token_review() { says "true system:serviceaccount:$NAMESPACE:application" review vault "$(from_pod cat /token/token)"; }
other_audience() { refused says true review other "$(from_pod cat /token/token)"; }

standard_input() { says "typed in" from_pod_stdin <<<"typed in"; }
from_pod_stdin() { here exec --stdin sidecar --container main -- cat; }

memory_limit() {
    local limits
    limits=$(find /sys/fs/cgroup -path '*kubepods*' \( -name memory.limit_in_bytes -o -name memory.max \) -exec cat {} +)
    says $'\n'$((64 * 1024 * 1024))$'\n' printf '\n%s\n' "$limits"
}

from_node() { "$TOOLS_BIN/probe" get "http://$(here get service web --output 'jsonpath={.spec.clusterIP}')/"; }

# output_of NAME IMAGE ARGUMENT...: runs a pod to its end and shows its log. Attaching would miss what a pod says that
# ends at once.
output_of() {
    local name=$1 image=$2
    shift 2
    here run "$name" --image "$image" --image-pull-policy Never --restart Never "$@" >/dev/null
    here wait --for='jsonpath={.status.phase}=Succeeded' "pod/$name" --timeout=20s >/dev/null
    here logs "$name"
}

agent_starts() { output_of agent "vault-injector-agent:$VERSION" -- --version; }

agent_with_shell() {
    output_of agent-shell "vault-injector-agent:$VERSION-busybox" --command -- sh -c 'id -u; vault --version'
}

clean_up() {
    kubectl delete namespace "$NAMESPACE" "$RESTRICTED" --ignore-not-found --wait=false >/dev/null 2>&1 || true
    rm -rf "$NOTES"
}
trap clean_up EXIT

mkdir -p "$NOTES"
kubectl create namespace "$NAMESPACE" >/dev/null
kubectl create namespace "$RESTRICTED" >/dev/null
kubectl label namespace "$RESTRICTED" pod-security.kubernetes.io/enforce=restricted >/dev/null
sed "s#PROOF_DIRECTORY#$NOTES#" "$HERE/proof/pods.yaml" | here apply --filename - >/dev/null

api=https://$API_SERVICE_IP
check "a pod with native sidecar, init container and two containers gets ready" \
    here wait --for=condition=Ready pod/sidecar --timeout=60s
check "the init container found what the sidecar had written" \
    says "written by the sidecar" here logs sidecar --container init
check "the shared volume is in memory" says "tmpfs on /secrets" here logs sidecar --container init
check "logs of a container" says "main reads: written by the sidecar" here logs sidecar --container main
check "exec" says "written by the sidecar" here exec sidecar --container other -- cat /secrets/config
check "exec with standard input" standard_input
check "a secret volume" says swordfish from_pod cat /certificate/word
check "a memory limit is the container's cgroup's" memory_limit
check "TokenReview of a projected token" token_review
check "TokenReview refuses another audience" other_audience
check "API server by its ClusterIP, with the pod's token" says '"gitVersion": "v'"$KUBERNETES_VERSION" from_pod probe get "$api/version"
check "RBAC denies the pod what it was not given" \
    says "403" from_pod probe get "$api/api/v1/namespaces/$NAMESPACE/secrets"
check "a Deployment rolls out" here rollout status deployment/web --timeout=60s
check "a service by its ClusterIP, from the node" soon says "hello from web-" from_node
check "a service by its short name" soon says "hello from web-" from_pod probe get http://web/
check "a service by its full name" says "hello from web-" from_pod probe get "http://web.$NAMESPACE.svc.cluster.local/"
check "the API server by its name in the certificate" says "200" from_pod probe get https://kubernetes.default.svc/version
check "a failing container's last line is its termination message" soon says "role is not known" \
    here get pod failing --output 'jsonpath={.status.containerStatuses[0].state.terminated.message}'
check "a restricted namespace refuses a careless pod" says "violates PodSecurity" \
    kubectl --namespace "$RESTRICTED" run careless --image testbed.local/tools:1
check "a restricted namespace takes a careful pod" \
    kubectl --namespace "$RESTRICTED" apply --filename "$HERE/proof/restricted.yaml"
check "the careful pod gets ready" \
    kubectl --namespace "$RESTRICTED" wait --for=condition=Ready pod/restricted --timeout=30s
if grep -qF "vault-injector-agent_$VERSION.tar" <(image_archives); then
    check "our agent's image starts" says "vault-agent $VERSION" agent_starts
    check "our agent's busybox image has a shell, /bin/vault and no root" \
        says $'65532\nvault-agent '"$VERSION" agent_with_shell
fi
check "a pod ends when it is deleted" here delete pod sidecar --timeout=30s
check "SIGTERM reached the container" says "main got TERM" cat "$NOTES/main"
check "SIGTERM reached the sidecar after the container" says $'main got TERM\nagent got TERM' cat "$NOTES/agent"

echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
