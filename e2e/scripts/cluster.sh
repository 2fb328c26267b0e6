#!/usr/bin/env bash
# Furnishes a running cluster for the end-to-end tests: installs the injector as a user does, runs Vault and
# PostgreSQL as pods, and types the commands of docs/guide.md. What an earlier run has left is replaced.
#
#   E2E_KUBECONFIG       a cluster of yours instead of the testbed. Its nodes need the images of `make images` and of
#                        e2e/scripts/cluster-images.sh under the names in e2e/suite/cluster
#   E2E_INJECTOR_IMAGE   the injector's image there
#   E2E_AGENT_IMAGE      the agent's image there
#   E2E_INSTALL          helm (default): the chart, and its test; kubectl: manifests/install.sh
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
eval "$(e2e/testbed/env.sh)"

# The namespaces that the guide and the injector name. One that somebody else has made is not touched.
NAMESPACES=(vault production vault-injector)
LABEL=vault-injector.test/made-by=e2e
VAULT_ADDRESS=http://vault.vault.svc:8200
PATIENCE=120s
# With Ignore, a pod that the injector misses is there to be seen; scenarios that need the other policy set it.
POLICY=Ignore
# Nobody wants to watch five minutes pass.
INTERVAL=2s

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

in_vault() { kubectl --namespace vault exec --stdin vault-0 -- sh -e; }

# How many tries a command gets that is refused while Vault is still at work; a second apart.
TRIES=20

clear_away() {
    local namespace
    for namespace in "${NAMESPACES[@]}"; do
        [[ -z $(kubectl get namespace "$namespace" --ignore-not-found --output name) ]] ||
            [[ -n $(kubectl get namespace --selector "$LABEL" --field-selector "metadata.name=$namespace" --output name) ]] ||
            die "there is a namespace $namespace that these tests have not made: they need a cluster without it"
    done
    kubectl delete namespace --selector "$LABEL" --wait --timeout="$PATIENCE"
    kubectl delete clusterrolebinding vault-token-review --ignore-not-found
    kubectl delete --filename manifests/install.yaml --ignore-not-found
} >&2

claim() { kubectl label --overwrite namespace "$@" "$LABEL" >/dev/null; }

quietly() { "$@" >"$work/output" 2>&1 || die "$1: $(<"$work/output")"; }

# A certificate for Vault's second port, of an authority that nobody else trusts.
make_certificate() {
    local new=(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2)
    quietly "${new[@]}" -subj /CN=private -keyout "$work/ca.key" -out "$work/ca.crt"
    quietly "${new[@]}" -subj /CN=vault -keyout "$work/tls.key" -out "$work/tls.crt" \
        -CA "$work/ca.crt" -CAkey "$work/ca.key" \
        -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:vault.vault.svc
    quietly kubectl --namespace vault create secret generic vault-tls \
        --from-file="$work/ca.crt" --from-file="$work/tls.crt" --from-file="$work/tls.key"
}

# One key, kept in the pod beside the data that it opens: there is nothing in this Vault to protect.
unseal_vault() {
    kubectl --namespace vault wait --for=jsonpath='{.status.phase}'=Running pod/vault-0 --timeout="$PATIENCE" >/dev/null
    in_vault <<'END'
for try in $(seq 50); do
    # 2 is a Vault that answers, and is sealed.
    status=0; vault status >/dev/null 2>&1 || status=$?
    [ $status = 2 ] && break
    sleep 0.2
done
umask 077
vault operator init -key-shares=1 -key-threshold=1 >/vault/init
sed -n 's/^Unseal Key 1: //p' /vault/init >/vault/unseal-key
vault operator unseal "$(cat /vault/unseal-key)" >/dev/null
sed -n 's/^Initial Root Token: //p' /vault/init | vault login -no-print -
END
    kubectl --namespace vault wait --for=condition=Ready pod/vault-0 --timeout="$PATIENCE" >/dev/null
}

# type_in_vault BLOCK: the commands in Vault's pod. A mount that was just made refuses writes for a moment.
type_in_vault() {
    local try
    for ((try = 1; ; try++)); do
        ! in_vault <"$1" >"$work/output" 2>&1 || return 0
        [[ $try -lt $TRIES ]] || break
        sleep 1
    done
    sed 's/^/    /' "$1" "$work/output" >&2
    die "Vault does not take these commands of docs/guide.md"
}

follow_the_guide() {
    local block
    awk -v into="$work/block" '
        /^```sh$/ { number++; inside = 1; next }
        /^```$/ { inside = 0 }
        inside { print > sprintf("%s.%02d", into, number) }' docs/guide.md
    for block in "$work"/block.*; do
        case $(<"$block") in
        # What the scenarios do.
        'kubectl apply '*) ;;
        kubectl*) bash -euo pipefail "$block" >&2 ;;
        vault*) type_in_vault "$block" ;;
        *) die "docs/guide.md has commands that are neither kubectl's nor vault's: $(<"$block")" ;;
        esac
    done
}

# image_values VALUE NAME: the chart's values for an image. The tag is what follows the last colon, unless that is a
# registry's port.
image_values() {
    local value=injector.$1 name=$2
    case ${name##*/} in
    *@*) printf -- '--set=%s\n' "$value.repository=${name%@*}" "$value.digest=${name#*@}" ;;
    *:*) printf -- '--set-string=%s\n' "$value.repository=${name%:*}" "$value.tag=${name##*:}" ;;
    *) printf -- '--set-string=%s\n' "$value.repository=$name" "$value.tag=latest" ;;
    esac
}

injects() {
    kubectl run probe --image=none --namespace=default --dry-run=server --output=json \
        --annotations=vault.hashicorp.com/agent-inject=true --annotations=vault.hashicorp.com/role=probe |
        grep --quiet vault.hashicorp.com/agent-inject-status
}

# The way from the API server to a Service that is new takes a moment after its pods are ready, and with the policy
# Ignore a pod in that moment is missed.
wait_until_it_injects() {
    local deadline=$((SECONDS + 60))
    until injects; do
        [[ $SECONDS -lt $deadline ]] || die "no pod is injected, 60 s after the injector became ready"
        sleep 0.2
    done
}

install_chart() {
    local helm options=()
    helm=$(e2e/scripts/helm.sh)
    [[ -z ${E2E_INJECTOR_IMAGE:-} ]] || mapfile -t options < <(image_values image "$E2E_INJECTOR_IMAGE")
    [[ -z ${E2E_AGENT_IMAGE:-} ]] || mapfile -t -O "${#options[@]}" options < <(image_values agentImage "$E2E_AGENT_IMAGE")
    kubectl create namespace vault-injector >/dev/null
    claim vault-injector
    kubectl label namespace vault-injector pod-security.kubernetes.io/enforce=restricted >/dev/null
    "$helm" upgrade --install vault-injector manifests/chart --namespace vault-injector --wait --timeout="$PATIENCE" \
        --set "global.externalVaultAddr=$VAULT_ADDRESS" --set "injector.webhook.failurePolicy=$POLICY" \
        --set injector.admissionPolicy.enabled=true \
        --set "injector.agentDefaults.templateConfig.staticSecretRenderInterval=$INTERVAL" \
        ${options[@]+"${options[@]}"} >&2
    wait_until_it_injects
    "$helm" test vault-injector --namespace vault-injector --timeout="$PATIENCE" >&2
}

install_manifests() {
    manifests/install.sh --vault-address "$VAULT_ADDRESS" --failure-policy "$POLICY" \
        ${E2E_INJECTOR_IMAGE:+--image "$E2E_INJECTOR_IMAGE"} ${E2E_AGENT_IMAGE:+--agent-image "$E2E_AGENT_IMAGE"} \
        -- "-template-static-secret-render-interval=$INTERVAL"
    claim vault-injector
}

install_injector() {
    case ${E2E_INSTALL:-helm} in
    helm) install_chart ;;
    kubectl) install_manifests ;;
    *) die "E2E_INSTALL is helm or kubectl" ;;
    esac
}

clear_away
kubectl create namespace vault >/dev/null
claim vault
make_certificate
kubectl apply --filename e2e/suite/cluster/vault.yaml --filename e2e/suite/cluster/postgres.yaml >/dev/null
install_injector
unseal_vault
kubectl --namespace vault rollout status deployment/postgres --timeout="$PATIENCE" >/dev/null
follow_the_guide
claim production
say "the cluster is as the guide leaves it"
