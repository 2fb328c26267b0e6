# Sourced by the scripts beside it: where things lie, which versions, and processes that are stopped only by the
# identity that was recorded when they started.
# shellcheck shell=bash
# Much of what stands here is used by one script alone.
# shellcheck disable=SC2034

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/scripts/lib.sh
. "$HERE/../scripts/lib.sh"

# Everything that the testbed writes lies below this directory; Go's own caches apart.
TESTBED=$(realpath -m "${TESTBED:-$CACHE/testbed}")
LOGS=$TESTBED/logs
RUN=$TESTBED/run
STATE=$TESTBED/state

# required_version MODULE_DIRECTORY MODULE: the version that go.mod pins, without its "v".
required_version() {
    awk -v module="$2" '$1 == module && $2 ~ /^v/ { print substr($2, 2); exit }' "$HERE/$1/go.mod"
}

# The first twelve digits of a checksum over our own sources that end up in programs and images.
sources_digest() {
    (cd "$HERE" && cat cluster/cmd/*/main.go pause.c build.sh ../../manifests/images/image.py) |
        sha256sum | cut -c 1-12
}

KUBERNETES_VERSION=$(required_version cluster k8s.io/kubernetes)
ETCD_VERSION=$(required_version cluster go.etcd.io/etcd/server/v3)
COREDNS_VERSION=$(required_version coredns github.com/coredns/coredns)

# One directory for each component and version: raising one builds that one anew.
KUBERNETES_BIN=$TESTBED/bin/kubernetes-$KUBERNETES_VERSION
ETCD_BIN=$TESTBED/bin/etcd-$ETCD_VERSION
COREDNS_BIN=$TESTBED/bin/coredns-$COREDNS_VERSION
TOOLS_BIN=$TESTBED/bin/tools-$(sources_digest)

NODE=testbed
BRIDGE=vi-testbed0
POD_CIDR=10.244.0.0/24
# The bridge's address is the node's: it does not depend on the machine's network, and nothing outside reaches it.
NODE_IP=10.244.0.1
SERVICE_CIDR=10.96.0.0/16
API_SERVICE_IP=10.96.0.1
DNS_SERVICE_IP=10.96.0.10
API_PORT=16443
KUBELET_PORT=10250
ETCD_PORT=12379
ETCD_PEER_PORT=12380

PKI=$STATE/pki
CONTAINERD_SOCKET=$RUN/containerd.sock
ADMIN_KUBECONFIG=$STATE/admin.kubeconfig

# What kubelet, kube-proxy and up.sh change, and down.sh puts back.
SYSCTLS=(
    kernel.keys.root_maxbytes
    kernel.keys.root_maxkeys
    kernel.panic
    kernel.panic_on_oops
    net.bridge.bridge-nf-call-iptables
    net.ipv4.conf.all.route_localnet
    net.ipv4.ip_forward
    vm.overcommit_memory
    vm.panic_on_oom
)

STARTED=$EPOCHREALTIME

# step TEXT: a line with the seconds since the script began.
step() {
    awk -v began="$STARTED" -v now="$EPOCHREALTIME" -v text="$*" \
        'BEGIN { printf "%6.1f s  %s\n", now - began, text }' >&2
}

# Its cache of what the API server offers would land in the home directory.
kubectl() { KUBECONFIG=$ADMIN_KUBECONFIG KUBECACHEDIR=$STATE/kubectl "$KUBERNETES_BIN/kubectl" "$@"; }

# --- processes -----------------------------------------------------------------------------------

# state_and_start PID: the process's state letter and the clock tick at which it started. Pid and start together
# name a process for good; a pid alone may have been given to another one.
state_and_start() {
    local line fields
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return
    # The command's name, in brackets, may hold blanks.
    read -ra fields <<<"${line##*) }"
    echo "${fields[0]} ${fields[19]}"
}

# start NAME COMMAND...: runs the command in a session of its own, its output in a log, and records it.
start() {
    local name=$1 pid state began
    shift
    # The lock that the script may hold is not the process's to keep.
    setsid "$@" >"$LOGS/$name.log" 2>&1 </dev/null 9>&- &
    pid=$!
    read -r state began < <(state_and_start "$pid") || die "$name did not start: $LOGS/$name.log"
    echo "$pid $began" >"$RUN/processes/$name"
}

# pid_of NAME: the recorded process's id, as long as it is that process and runs. A zombie does not: `kill -0` would
# call it alive, and the first process of a container may reap slowly.
pid_of() {
    local pid began state current
    { read -r pid began <"$RUN/processes/$1"; } 2>/dev/null || return
    read -r state current < <(state_and_start "$pid") || return
    [[ $current == "$began" && $state != Z ]] && echo "$pid"
}

is_running() { pid_of "$1" >/dev/null; }

# stop SECONDS NAME...: asks all to end, waits that long, then ends them.
stop() {
    local patience=$1 name pid
    shift
    for name in "$@"; do
        pid=$(pid_of "$name") && kill "$pid" 2>/dev/null
    done
    local deadline=$((${EPOCHREALTIME/./} + patience * 1000000))
    for name in "$@"; do
        while pid=$(pid_of "$name"); do
            if [[ ${EPOCHREALTIME/./} -gt $deadline ]]; then
                kill -KILL "$pid" 2>/dev/null
            fi
            sleep 0.05
        done
        rm -f "$RUN/processes/$name"
    done
}

# wait_for SECONDS PROCESS COMMAND...: until the command succeeds; fails when the process that it waits for has ended.
wait_for() {
    local patience=$1 process=$2 deadline
    shift 2
    deadline=$((${EPOCHREALTIME/./} + patience * 1000000))
    until "$@" >/dev/null 2>&1; do
        if ! is_running "$process"; then
            tail -n 5 "$LOGS/$process.log" >&2
            die "$process has ended; its log: $LOGS/$process.log"
        fi
        if [[ ${EPOCHREALTIME/./} -gt $deadline ]]; then
            die "still waiting after $patience s: $* (log: $LOGS/$process.log)"
        fi
        sleep 0.1
    done
}

# One script at a time changes the cluster.
lock() {
    mkdir -p "$TESTBED"
    exec 9>"$TESTBED/.lock"
    flock 9
}

# --- images --------------------------------------------------------------------------------------

# import_image ARCHIVE...: gives the node's container runtime what it does not have yet. A record beside the
# runtime's own data spares the reading of archives that have not changed.
import_image() {
    local archive record identity
    mkdir -p "$STATE/containerd/imported"
    for archive in "$@"; do
        record=$STATE/containerd/imported/$(basename "$archive")
        identity=$(stat -c '%n %s %y' "$archive")
        [[ -f $record && $(<"$record") == "$identity" ]] && continue
        ctr --address "$CONTAINERD_SOCKET" --namespace k8s.io images import "$archive" >>"$LOGS/import.log" 2>&1 ||
            die "containerd does not take $archive; its words: $LOGS/import.log"
        echo "$identity" >"$record"
    done
}

# The archives that belong into the node: the testbed's own, and what `make images` has made.
image_archives() {
    local archive
    for archive in "$TOOLS_BIN"/*.tar "$COREDNS_BIN"/*.tar "${IMAGES:-$ROOT/target/images}"/*.tar; do
        [[ ! -f $archive ]] || echo "$archive"
    done
}

# --- a cluster of the user's ---------------------------------------------------------------------

# Checks the cluster that E2E_KUBECONFIG names and fails where it does not answer.
check_own_cluster() {
    type -P kubectl >/dev/null || die "E2E_KUBECONFIG is set, but there is no kubectl on the PATH"
    local version
    version=$(command kubectl --kubeconfig "$E2E_KUBECONFIG" --request-timeout=10s version 2>&1) ||
        die "the cluster of E2E_KUBECONFIG=$E2E_KUBECONFIG does not answer: $version"
    say "using the cluster of E2E_KUBECONFIG: $(sed -n 's/^Server Version: //p' <<<"$version")"
}
