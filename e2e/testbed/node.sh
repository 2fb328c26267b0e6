# Sourced by up.sh: the container runtime, kubelet and kube-proxy, with what they need of the machine.
# shellcheck shell=bash
# shellcheck source=e2e/testbed/lib.sh

# The record also says that the machine is changed from here on: down.sh goes by it.
save_sysctls() { sysctl "${SYSCTLS[@]}" >"$RUN/sysctls.saved" 2>/dev/null || true; }

# The CNI plugin would make the bridge with the first pod; it carries the node's address, so it comes first.
make_bridge() {
    # Without it, traffic between pods on the bridge passes the services' rules by. Built in, in many kernels.
    modprobe br_netfilter 2>/dev/null || true
    sysctl -qw net.ipv4.ip_forward=1
    sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true
    ip link add "$BRIDGE" type bridge
    ip address add "$NODE_IP/${POD_CIDR#*/}" dev "$BRIDGE"
    ip link set "$BRIDGE" up
    # A machine without a default route could not send to a service's address at all.
    ip route add "$SERVICE_CIDR" dev "$BRIDGE"
}

write_containerd_config() {
    mkdir -p "$STATE/cni"
    # restrict_oom_score_adj: where CAP_SYS_RESOURCE is missing, no pod would start.
    cat >"$STATE/containerd.toml" <<END
version = 2
root = "$STATE/containerd"
state = "$RUN/containerd"
oom_score = 0
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.tracing",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "$CONTAINERD_SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "testbed.local/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$STATE/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "$(command -v runc)"
        SystemdCgroup = false
END
    cat >"$STATE/cni/10-testbed.conflist" <<END
{
  "cniVersion": "0.4.0",
  "name": "testbed",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "$BRIDGE",
      "isGateway": true,
      "isDefaultGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {"type": "host-local", "dataDir": "$RUN/cni", "ranges": [[{"subnet": "$POD_CIDR"}]]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
END
}

start_containerd() {
    local archives
    write_containerd_config
    start containerd containerd --config "$STATE/containerd.toml"
    wait_for 30 containerd ctr --address "$CONTAINERD_SOCKET" version
    mapfile -t archives < <(image_archives)
    import_image "${archives[@]}"
}

write_kubelet_config() {
    # CoreDNS inherits this; it forwards nothing.
    echo "nameserver 127.0.0.1" >"$STATE/resolv.conf"
    # failCgroupV1: kubelet 1.35 refuses such machines otherwise. The disk may be as full as it likes: it is not ours.
    cat >"$STATE/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_IP
port: $KUBELET_PORT
healthzPort: 10248
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "$PKI/ca.crt"}}
authorization: {mode: Webhook}
tlsCertFile: "$PKI/kubelet-server.crt"
tlsPrivateKeyFile: "$PKI/kubelet-server.key"
containerRuntimeEndpoint: "unix://$CONTAINERD_SOCKET"
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
enforceNodeAllocatable: [pods]
makeIPTablesUtilChains: false
clusterDNS: [$DNS_SERVICE_IP]
clusterDomain: cluster.local
resolvConf: "$STATE/resolv.conf"
podLogsDir: "$LOGS/pods"
volumePluginDir: "$STATE/volume-plugins"
evictionHard: {memory.available: 50Mi, nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
nodeStatusUpdateFrequency: 4s
syncFrequency: 10s
serializeImagePulls: false
END
}

start_node() {
    write_kubelet_config
    start kubelet "$KUBERNETES_BIN/kubelet" --config="$STATE/kubelet.yaml" --kubeconfig="$STATE/kubelet.kubeconfig" \
        --root-dir="$STATE/kubelet" --hostname-override="$NODE" --node-ip="$NODE_IP"
    # Zeros: conntrack's limits are the machine's, not ours.
    start kube-proxy "$KUBERNETES_BIN/kube-proxy" --kubeconfig="$STATE/kube-proxy.kubeconfig" \
        --hostname-override="$NODE" --proxy-mode=iptables --cluster-cidr="${POD_CIDR%/*}/16" --oom-score-adj=0 \
        --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0 \
        --healthz-bind-address=127.0.0.1:10256 --metrics-bind-address=127.0.0.1:10249
}
