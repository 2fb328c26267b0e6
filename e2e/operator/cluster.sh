#!/usr/bin/env bash
# etcd, API server and controller manager on loopback, without nodes and without root: `cluster.sh up [CRDS]`, with an
# empty etcd each time, and `cluster.sh down`, which ends the programs of programs.sh, too, and only what these scripts
# started.
set -euo pipefail
# shellcheck source=e2e/operator/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=e2e/testbed/control-plane.sh
. "$HERE/control-plane.sh"
# shellcheck source=e2e/testbed/certificates.sh
. "$HERE/certificates.sh"

down() { stop 10 controller webhook vault api-server kube-controller-manager kube-apiserver etcd; }

# The testbed's certificates, and those of the operator, its webhook and the scenarios' clients.
make_certificates() {
    TESTBED=$CLUSTER "$HERE/pki.sh"
    [[ ! -f $PKI/operator-identity || $(<"$PKI/operator-identity") != "$(<"$PKI/identity")" ]] || return 0
    (
        cd "$PKI"
        certificate operator ca /O=system:masters/CN=operator clientAuth
        certificate server ca /CN=localhost serverAuth DNS:localhost,IP:127.0.0.1
        certificate client ca /CN=app-client clientAuth
        cp identity operator-identity
    )
}

# Requests of the operator alone, a line of JSON each: what it costs the API server.
write_audit_policy() {
    cat >"$STATE/audit.yaml" <<'END'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- {level: Metadata, users: [operator]}
- {level: None}
END
}

install_crds() {
    # An apply on the client's side writes an annotation for which these are too large.
    kubectl apply --server-side --filename "$1" >/dev/null
    wait_for 60 kube-apiserver kubectl wait --for=condition=Established --timeout=5s --filename "$1"
}

# The stand-in, with the kinds of a file. The certificates are for the scenarios' other servers.
up_stand_in() {
    mkdir -p "$LOGS" "$RUN/processes" "$STATE"
    down
    make_certificates
    start api-server "$BINARIES/api-server" --listen "$API_ADDRESS:$API_PORT" --kubeconfig "$ADMIN_KUBECONFIG" \
        --service-account-key "$PKI/service-account.pub" ${1:+--definitions "$1"}
    wait_for 30 api-server grep --quiet KUBECONFIG "$LOGS/api-server.log"
    cp "$ADMIN_KUBECONFIG" "$STATE/operator.kubeconfig"
    step "up; KUBECONFIG=$ADMIN_KUBECONFIG"
}

up() {
    if [[ $API_KIND == stand-in ]]; then
        up_stand_in "$@"
        return
    fi
    # The testbed's own directory holds the programs.
    "$HERE/build.sh" --control-plane
    mkdir -p "$LOGS" "$RUN/processes" "$STATE"
    # What an interrupted run has left would be in the way.
    down
    rm -rf "$STATE/etcd" "$AUDIT_LOG"
    make_certificates
    for client in admin operator kube-controller-manager; do
        write_kubeconfig "$client"
    done
    write_audit_policy
    start_etcd_and_api_server --audit-policy-file="$STATE/audit.yaml" --audit-log-path="$AUDIT_LOG"
    wait_for_api_server
    # The garbage collector looks for new kinds every 30 s: those that are there at its start it knows.
    [[ -z ${1:-} ]] || install_crds "$1"
    # Those alone that a namespace's life and a Secret's owner need.
    start_controller_manager --secure-port="$CONTROLLER_MANAGER_PORT" --controllers="$(
        IFS=,
        names=(namespace-controller garbage-collector-controller serviceaccount-controller
            serviceaccount-token-controller root-ca-certificate-publisher-controller)
        echo "${names[*]}"
    )"
    wait_for 60 kube-controller-manager kubectl --namespace default get serviceaccount default
    step "up; KUBECONFIG=$ADMIN_KUBECONFIG"
}

# What is half up helps nobody. The logs stay.
undo() {
    local status=$?
    trap - EXIT
    [[ $status == 0 ]] || down
    exit "$status"
}

case ${1:-} in
up)
    trap undo EXIT
    up "${2:-}"
    ;;
down) down ;;
*) die "usage: cluster.sh up [CRDS]|down" ;;
esac
