#!/usr/bin/env bash
# Stops the cluster and takes back all that it did to the machine: processes (by recorded identity only), pods,
# mounts, network, iptables rules, cgroups, sysctls. Built programs and imported images stay for the next time.
#
#   --wipe    the container runtime's data, too
#   --quiet   says nothing when all goes well
set -euo pipefail
# shellcheck source=e2e/testbed/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

wipe=no quiet=no
for option in "$@"; do
    case $option in
    --wipe) wipe=yes ;;
    --quiet) quiet=yes ;;
    *) die "usage: down.sh [--wipe] [--quiet]" ;;
    esac
done

if [[ -n ${E2E_KUBECONFIG:-} ]]; then
    say "E2E_KUBECONFIG names a cluster of yours: it stays up"
    exit
fi
[[ -d $TESTBED ]] || exit 0
if [[ $(id -u) != 0 ]]; then
    [[ -z $(ls -A "$RUN/processes" 2>/dev/null) ]] || die "stopping the cluster needs root"
    exit
fi
lock

tell() { [[ $quiet == yes ]] || step "$@"; }

# Pods are taken down through the runtime, which knows their mounts and addresses; one that died is started again
# for it.
remove_pods() {
    [[ -n $(ls -A "$RUN/containerd/io.containerd.runtime.v2.task/k8s.io" 2>/dev/null) ]] || return 0
    if ! is_running containerd; then
        start containerd containerd --config "$STATE/containerd.toml"
        wait_for 30 containerd ctr --address "$CONTAINERD_SOCKET" version
    fi
    timeout 90 "$TOOLS_BIN/cri-purge" "unix://$CONTAINERD_SOCKET" || say "not every pod went by itself"
}

remove_mounts() {
    local mount
    awk -v below="$TESTBED/" 'index($2, below) == 1 { print $2 }' /proc/mounts | tac | while read -r mount; do
        umount --lazy "$mount" || true
    done
}

# The chains of kube-proxy and of the pods' network, in both families, whoever made them: up.sh refuses a machine with
# another cluster.
remove_iptables_rules() {
    local family table rules
    for family in iptables ip6tables; do
        command -v "$family" >/dev/null || continue
        for table in filter nat mangle; do
            rules=$("$family" -w -t "$table" -S 2>/dev/null) || continue
            {
                echo "*$table"
                # Who jumps there; then what the chains hold, for they jump to each other; then the chains.
                sed -nE 's/^-A ([A-Z]+ .*-j (KUBE|CNI)-)/-D \1/p' <<<"$rules"
                sed -nE 's/^-N ((KUBE|CNI)-.*)/-F \1/p' <<<"$rules"
                sed -nE 's/^-N ((KUBE|CNI)-.*)/-X \1/p' <<<"$rules"
                echo COMMIT
            } | "$family-restore" -w --noflush || true
        done
    done
}

remove_cgroups() {
    local hierarchy name
    awk '$3 ~ /^cgroup/ { print $2 }' /proc/mounts | while read -r hierarchy; do
        for name in kubepods k8s.io; do
            [[ ! -d $hierarchy/$name ]] || find "$hierarchy/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
        done
    done
}

# Runtime and kubelet have fixed places for some things. What others have there keeps a directory from being empty.
remove_fixed_places() {
    rm -f /var/lib/kubelet/device-plugins/kubelet.sock
    find /var/log/containers -maxdepth 1 -type l -lname "$LOGS/*" -delete 2>/dev/null || true
    rmdir /run/containerd/runc/k8s.io /run/containerd/runc /run/containerd/s /run/containerd /run/netns \
        /var/lib/cni/results /var/lib/cni/cache /var/lib/cni /var/lib/kubelet/device-plugins /var/lib/kubelet \
        /var/log/containers 2>/dev/null || true
}

# Only what differs: writing ip_forward, even the same value, resets other settings.
restore_sysctls() {
    local key value
    while IFS='=' read -r key value; do
        key=${key% } value=${value# }
        [[ $(sysctl -n "$key") == "$value" ]] || sysctl -qw "$key=$value" || true
    done <"$RUN/sysctls.saved"
    rm "$RUN/sysctls.saved"
}

stop 5 kubelet
# The API server's graceful end takes seconds, for clients that nobody has here.
stop 1 kube-proxy kube-scheduler kube-controller-manager kube-apiserver
stop 2 etcd
tell "control plane stopped"
remove_pods
stop 5 containerd
tell "pods and container runtime stopped"
# up.sh saves the settings before it touches the machine. Without them there is nothing to take back, and the rules
# and files may be another cluster's.
if [[ -f $RUN/sysctls.saved ]]; then
    remove_mounts
    remove_iptables_rules
    ip link delete "$BRIDGE" 2>/dev/null || true
    remove_cgroups
    remove_fixed_places
    restore_sysctls
fi
rm -rf "$STATE/etcd" "$STATE/kubelet" "$STATE"/*.kubeconfig "$STATE/kubectl" "$RUN/cni" "$LOGS/pods"
[[ $wipe == no ]] || rm -rf "$STATE" "$RUN" "$LOGS"
tell "down"
