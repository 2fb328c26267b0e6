# Sourced: the control plane for one run, and the programs beside it, with the flags by which upstream's are started.
# shellcheck shell=bash
# shellcheck source=e2e/operator/lib.sh

# cluster_up OPERATOR: with its CRDs, until the script ends.
cluster_up() {
    "$HERE/packages.sh" openssl=openssl python3=python3
    mkdir -p "$CLUSTER"
    exec 9>"$CLUSTER/.lock"
    flock --nonblock 9 ||
        die "another run uses $CLUSTER: name another directory with OPERATOR_CLUSTER, and a PORT_BASE"
    trap cluster_down EXIT
    "$1" crds >"$CLUSTER/crds.yaml"
    "$OPERATOR_DIR/cluster.sh" up "$CLUSTER/crds.yaml"
}

cluster_down() {
    local status=$?
    trap - EXIT
    [[ ${OPERATOR_KEEP:-0} == 1 ]] || "$OPERATOR_DIR/cluster.sh" down
    exit "$status"
}

# listens PORT: something accepts connections there.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_vault() {
    # A scenario has a namespace of its own, which OpenBao has without a license.
    start vault "$1" --product openbao --listen "127.0.0.1:$VAULT_PORT" --root-token "$VAULT_ROOT_TOKEN" \
        --jwt-public-key "$PKI/service-account.pub"
    wait_for 30 vault listens "$VAULT_PORT"
}

start_webhook() {
    local certificates=$STATE/webhook
    mkdir -p "$certificates"
    cp "$PKI/server.crt" "$certificates/tls.crt"
    cp "$PKI/server.key" "$certificates/tls.key"
    cp "$PKI/ca.crt" "$certificates/ca.crt"
    start webhook env KUBECONFIG="$STATE/operator.kubeconfig" "$1" webhook --port="$WEBHOOK_PORT" \
        --cert-dir="$certificates" --dns-name=localhost --metrics-addr="127.0.0.1:$WEBHOOK_METRICS_PORT" \
        --healthz-addr="127.0.0.1:$WEBHOOK_HEALTH_PORT"
    wait_for 60 webhook listens "$WEBHOOK_PORT"
    webhook_configuration | kubectl apply --filename - >/dev/null
}

webhook_configuration() {
    local kind
    cat <<'END'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: operator-validate}
webhooks:
END
    for kind in secretstore clustersecretstore externalsecret; do
        cat <<END
- name: validate.$kind.external-secrets.io
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 5
  admissionReviewVersions: [v1]
  rules:
  - apiGroups: [external-secrets.io]
    apiVersions: [v1]
    operations: [CREATE, UPDATE, DELETE]
    resources: [${kind}s]
  clientConfig:
    url: https://127.0.0.1:$WEBHOOK_PORT/validate-external-secrets-io-v1-$kind
    caBundle: $(base64 -w 0 "$PKI/ca.crt")
END
    done
}

# start_controller OPERATOR [FLAG...]
start_controller() {
    local operator=$1
    shift
    start controller env KUBECONFIG="$STATE/operator.kubeconfig" "$operator" \
        --metrics-addr="127.0.0.1:$CONTROLLER_METRICS_PORT" --live-addr="127.0.0.1:$CONTROLLER_HEALTH_PORT" \
        --allow-local-addresses "$@"
    wait_for 60 controller listens "$CONTROLLER_HEALTH_PORT"
}
