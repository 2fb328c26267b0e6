# Sourced by up.sh: etcd, API server, controllers.
# shellcheck shell=bash
# shellcheck source=e2e/testbed/lib.sh

# write_kubeconfig CLIENT: for the address at which the API server listens this time.
write_kubeconfig() {
    local file=$STATE/$1.kubeconfig
    (
        umask 077
        cat >"$file" <<END
apiVersion: v1
kind: Config
current-context: testbed
clusters:
- name: testbed
  cluster:
    server: https://$API_ADDRESS:$API_PORT
    certificate-authority-data: $(base64 -w 0 "$PKI/ca.crt")
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w 0 "$PKI/$1.crt")
    client-key-data: $(base64 -w 0 "$PKI/$1.key")
contexts:
- name: testbed
  context: {cluster: testbed, user: $1}
END
    )
}

# start_etcd_and_api_server [FLAG...]: with further flags for the API server.
start_etcd_and_api_server() {
    local etcd=http://127.0.0.1:$ETCD_PORT peer=http://127.0.0.1:$ETCD_PEER_PORT
    # Nobody mourns this data: no fsync.
    start etcd "$ETCD_BIN/etcd" --name testbed --data-dir "$STATE/etcd" --unsafe-no-fsync --log-level warn \
        --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "testbed=$peer"
    start kube-apiserver "$KUBERNETES_BIN/kube-apiserver" \
        --etcd-servers="$etcd" \
        --bind-address="$API_ADDRESS" --secure-port="$API_PORT" --advertise-address="$NODE_IP" \
        --allow-privileged=true \
        --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
        --cert-dir="$STATE/kube-apiserver" --client-ca-file="$PKI/ca.crt" \
        --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
        --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP,Hostname \
        --kubelet-client-certificate="$PKI/apiserver-kubelet.crt" --kubelet-client-key="$PKI/apiserver-kubelet.key" \
        --proxy-client-cert-file="$PKI/front-proxy-client.crt" --proxy-client-key-file="$PKI/front-proxy-client.key" \
        --requestheader-client-ca-file="$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
        --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
        --requestheader-extra-headers-prefix=X-Remote-Extra- \
        --service-account-issuer=https://kubernetes.default.svc.cluster.local \
        --service-account-key-file="$PKI/service-account.pub" \
        --service-account-signing-key-file="$PKI/service-account.key" \
        --service-cluster-ip-range="$SERVICE_CIDR" "$@"
}

wait_for_api_server() { wait_for 60 kube-apiserver kubectl get --raw /readyz; }

# start_controller_manager [FLAG...]
start_controller_manager() {
    local own=$STATE/kube-controller-manager.kubeconfig
    # The default request rate makes a new namespace wait seconds for its service account.
    start kube-controller-manager "$KUBERNETES_BIN/kube-controller-manager" \
        --kubeconfig="$own" --authentication-kubeconfig="$own" --authorization-kubeconfig="$own" \
        --bind-address=127.0.0.1 --cert-dir="$STATE/kube-controller-manager" --leader-elect=false \
        --kube-api-qps=300 --kube-api-burst=600 --flex-volume-plugin-dir="$STATE/volume-plugins" \
        --use-service-account-credentials=true --service-account-private-key-file="$PKI/service-account.key" \
        --root-ca-file="$PKI/ca.crt" \
        --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
        --allocate-node-cidrs=true --cluster-cidr="${POD_CIDR%/*}/16" --service-cluster-ip-range="$SERVICE_CIDR" "$@"
}

start_scheduler() {
    local own=$STATE/kube-scheduler.kubeconfig
    start kube-scheduler "$KUBERNETES_BIN/kube-scheduler" \
        --kubeconfig="$own" --authentication-kubeconfig="$own" --authorization-kubeconfig="$own" \
        --bind-address=127.0.0.1 --cert-dir="$STATE/kube-scheduler" --leader-elect=false
}
