#!/usr/bin/env bash
# Says in words where the cluster cannot run, before anything is started: `preflight.sh [--api-only]`. Installs the
# packages that are missing.
set -euo pipefail
# shellcheck source=e2e/testbed/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A port that answers belongs to another cluster's process, whose node this one would fight with.
require_free_ports() {
    local port
    for port in "$@"; do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            die "port $port is in use: another kubelet or cluster runs on this machine"
        fi
    done
}

require_cgroups() {
    local controller controllers
    if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
        controllers=$(</sys/fs/cgroup/cgroup.controllers)
    else
        controllers=$(awk '$3 == "cgroup" { print $4 }' /proc/mounts | tr ',\n' '  ')
    fi
    for controller in cpu cpuset memory pids; do
        [[ " $controllers " == *" $controller "* ]] || die "the cgroup controller \"$controller\" is not mounted here"
    done
    local first
    first=$(awk '$3 ~ /^cgroup/ { print $2; exit }' /proc/mounts)
    mkdir "$first/vi-testbed-check" 2>/dev/null || die "cgroups cannot be made below $first (a container without privileges?)"
    rmdir "$first/vi-testbed-check"
}

# Only a real mount tells: the file system below TESTBED has a say, too.
require_overlayfs() {
    local directory=$RUN/overlay-check status=0
    mkdir -p "$directory"/{lower,upper,work,merged}
    mount -t overlay overlay -o "lowerdir=$directory/lower,upperdir=$directory/upper,workdir=$directory/work" \
        "$directory/merged" 2>/dev/null || status=$?
    [[ $status != 0 ]] || umount "$directory/merged"
    rm -rf "$directory"
    [[ $status == 0 ]] || die "overlayfs cannot be mounted below $TESTBED: name a directory on ext4 or xfs with TESTBED"
}

require_network() {
    ip link show "$BRIDGE" >/dev/null 2>&1 || {
        ip link add "$BRIDGE" type bridge 2>/dev/null || die "this kernel, or this container, makes no network bridges"
        ip link delete "$BRIDGE"
    }
    iptables -w -t nat -S >/dev/null 2>&1 || die "iptables has no nat table here"
}

[[ $(uname -s) == Linux ]] || die "the cluster needs Linux; use one of yours with E2E_KUBECONFIG"
[[ $(id -u) == 0 ]] || die "the cluster needs root (namespaces, mounts, iptables); use one of yours with E2E_KUBECONFIG"
"$HERE/packages.sh" openssl=openssl cc=gcc '/usr/lib/*/libc.a=libc6-dev' /bin/busybox=busybox-static python3=python3
# A unix socket's path ends at 107 characters, and kubelet's lie deep.
[[ ${#TESTBED} -le 60 ]] || die "TESTBED=$TESTBED is too long: 60 characters at most"
require_free_ports "$API_PORT" "$ETCD_PORT" "$ETCD_PEER_PORT"
[[ ${1:-} != --api-only ]] || exit 0

"$HERE/packages.sh" containerd=containerd ctr=containerd runc=runc '/usr/lib/cni/bridge=containernetworking-plugins' \
    iptables=iptables conntrack=conntrack ip=iproute2 sysctl=procps
require_free_ports "$KUBELET_PORT" 10248 10249 10256 10257 10259
require_cgroups
require_overlayfs
require_network
