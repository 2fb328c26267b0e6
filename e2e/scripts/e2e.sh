#!/usr/bin/env bash
# The end-to-end tests: the built agent against a real Vault with a real PostgreSQL on loopback, then everything in
# a real cluster: our images, the injector as users install it, the commands of docs/guide.md.
#
#   E2E_CLUSTER=0    leaves the cluster out, where the machine cannot run one (it takes root and cgroups)
#   E2E_KEEP=1       leaves the cluster up at the end: eval "$(e2e/testbed/env.sh)"
#   E2E_KUBECONFIG   a cluster of yours instead of the testbed; e2e/scripts/cluster.sh says what it needs
#   E2E_VAULT_BIN    another server's binary (Vault, or OpenBao's bao) instead of building Vault
#   E2E_AGENT_BIN    another agent's binary, to see what the scenarios on loopback say of it
#   E2E_FILTER       only the scenarios whose name holds this
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

log=$(mktemp)
passed=0
# The cluster that this run has started, and only that, goes with it.
started=no

finish() {
    local status=$?
    trap - EXIT
    if [[ $started == yes && ${E2E_KEEP:-0} == 0 ]]; then
        part "cluster down" e2e/testbed/down.sh || status=1
    fi
    parts
    if [[ $status == 0 ]]; then
        say "$passed scenarios passed"
    else
        reasons
    fi
    rm -f "$log"
    exit "$status"
}
trap finish EXIT

build() {
    # With the features that `make test` chooses, so that its build is used again.
    cargo build --workspace --bin vault-agent --test scenarios --test cluster
}

# What failed scenarios said, once more where it is found: before it come pages of what was seen then.
reasons() { grep -hE -A 8 '^Error: |panicked at|Failed calling webhook' "$log" | cut -c 1-2000 | tail -n 60 >&2 || true; }

# scenarios TEST: runs those that are ignored elsewhere, because they need what this script has prepared.
scenarios() {
    local count
    # A scenario's words say what it saw; a backtrace buries them.
    RUST_BACKTRACE=0 cargo test --workspace --test "$1" -- --ignored --nocapture ${E2E_FILTER:+"$E2E_FILTER"} 2>&1 |
        tee "$log" || return
    count=$(sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log")
    passed=$((passed + count))
    # Scenarios that did not run prove nothing.
    [[ $count -gt 0 || -n ${E2E_FILTER:-} ]] || (die "no scenario of $1 ran")
}

cluster_answers() {
    local settings
    settings=$(e2e/testbed/env.sh) && eval "$settings" && kubectl get --raw /readyz --request-timeout=5s
}

cluster_up() {
    # What is half up when this is interrupted is taken down, too.
    (cluster_answers) >/dev/null 2>&1 || started=yes
    e2e/testbed/up.sh || return
    eval "$(e2e/testbed/env.sh)"
    [[ -n ${E2E_KUBECONFIG:-} ]] || e2e/testbed/load.sh "${archives[@]}"
}

# The scenarios touch a cluster only where this names it; the testbed's scripts take it for one of the user's. They
# wait for the cluster most of the time, so there are more of them at a time than processors.
cluster_scenarios() {
    E2E_KUBECONFIG=$KUBECONFIG RUST_TEST_THREADS=${RUST_TEST_THREADS:-6} scenarios cluster && return
    # Why a pod was missed is what the API server alone knows, and only the testbed's is at hand.
    [[ -n ${E2E_KUBECONFIG:-} ]] || (
        # shellcheck source=e2e/testbed/lib.sh
        . e2e/testbed/lib.sh
        grep 'Failed calling webhook' "$LOGS/kube-apiserver.log" | tail -n 5 >>"$log"
    ) || true
    return 1
}

# What is missing is better told now than after the first ten minutes.
prepare() {
    e2e/scripts/packages.sh || return
    if [[ ${E2E_CLUSTER:-1} == 0 ]] || (cluster_answers) >/dev/null 2>&1; then
        return
    elif [[ -n ${E2E_KUBECONFIG:-} ]]; then
        e2e/testbed/up.sh
        return
    fi
    # What an interrupted run has left is no reason to refuse the machine.
    e2e/testbed/down.sh --quiet
    # In a shell of its own, so that the time of this part is told, too.
    e2e/testbed/preflight.sh ||
        (die "this machine cannot run a cluster: name one of yours with E2E_KUBECONFIG, or leave it out with E2E_CLUSTER=0")
}

part "packages" prepare
part "Vault" e2e/scripts/vault.sh >"$log"
E2E_VAULT_BIN=$(cat "$log")
export E2E_VAULT_BIN
part "build of agent and scenarios" build
part "scenarios against $("$E2E_VAULT_BIN" version | head -n 1)" scenarios scenarios

if [[ ${E2E_CLUSTER:-1} == 0 ]]; then
    say "without a cluster, as E2E_CLUSTER=0 asks"
else
    if [[ -z ${E2E_KUBECONFIG:-} ]]; then
        part "images" manifests/images/build.sh
        part "images of Vault, PostgreSQL and an application" e2e/scripts/cluster-images.sh >"$log"
        mapfile -t archives <"$log"
    fi
    part "Helm" e2e/scripts/helm.sh >/dev/null
    part "cluster up" cluster_up
    part "injector and guide in the cluster" e2e/scripts/cluster.sh
    part "scenarios in the cluster" cluster_scenarios
fi
[[ $passed -gt 0 ]] || die "no scenario ran"
