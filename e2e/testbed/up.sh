#!/usr/bin/env bash
# Brings up a real one-node cluster, from an empty etcd: `up.sh`. `up.sh --api-only` starts etcd and the API server
# alone, for tests that need no pods. What runs already is left running, and gets the images that are new.
#
#   TESTBED          the directory for everything that is written
#   IMAGES           the directory with our image archives (default target/images)
#   E2E_KUBECONFIG   a cluster of yours instead: this script then only checks that it answers
set -euo pipefail
# shellcheck source=e2e/testbed/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=e2e/testbed/control-plane.sh
. "$HERE/control-plane.sh"
# shellcheck source=e2e/testbed/node.sh
. "$HERE/node.sh"

mode=${1:-full}
case $mode in
full | --api-only) ;;
*) die "usage: up.sh [--api-only]" ;;
esac

if [[ -n ${E2E_KUBECONFIG:-} ]]; then
    check_own_cluster
    exit
fi

# What is up in which mode is what the recorded processes tell.
if is_running kube-apiserver && { is_running kubelet || [[ $mode == --api-only ]]; }; then
    if is_running containerd; then
        mapfile -t archives < <(image_archives)
        import_image "${archives[@]}"
    fi
    step "already up; KUBECONFIG=$ADMIN_KUBECONFIG"
    exit
fi

mkdir -p "$LOGS" "$RUN/processes" "$STATE"
# What an interrupted run has left would be in the way.
"$HERE/down.sh" --quiet
lock

# A cluster that is half up helps nobody. The logs stay.
undo() {
    local status=$?
    trap - EXIT
    if [[ $status != 0 ]]; then
        exec 9>&-
        "$HERE/down.sh" --quiet || true
    fi
    exit "$status"
}
trap undo EXIT

"$HERE/preflight.sh" "$mode"
"$HERE/build.sh"
STARTED=$EPOCHREALTIME
"$HERE/pki.sh"

case $mode in
--api-only)
    API_ADDRESS=127.0.0.1
    write_kubeconfig admin
    start_etcd_and_api_server
    wait_for_api_server
    step "API server ready; KUBECONFIG=$ADMIN_KUBECONFIG"
    ;;
full)
    API_ADDRESS=$NODE_IP
    save_sysctls
    make_bridge
    for client in admin kube-controller-manager kube-scheduler kube-proxy kubelet; do
        write_kubeconfig "$client"
    done
    start_etcd_and_api_server
    start_containerd
    step "container runtime up, images imported"
    wait_for_api_server
    step "API server ready"
    start_controller_manager
    start_scheduler
    start_node
    kubectl apply -f "$HERE/coredns.yaml" >/dev/null
    wait_for 60 kubelet kubectl wait --for=condition=Ready "node/$NODE" --timeout=5s
    step "node ready"
    wait_for 60 kube-controller-manager kubectl --namespace default get serviceaccount default
    wait_for 60 kubelet kubectl --namespace kube-system rollout status deployment/coredns --timeout=5s
    step "cluster DNS ready; KUBECONFIG=$ADMIN_KUBECONFIG"
    ;;
esac
