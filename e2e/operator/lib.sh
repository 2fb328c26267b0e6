# Sourced by the scripts beside it: a control plane without nodes, from the testbed's programs but beside it, so that
# both can be up at a time. PORT_BASE moves it, for two checkouts on one machine.
# shellcheck shell=bash
# Much of what stands here is used by one script alone.
# shellcheck disable=SC2034

# shellcheck source=e2e/testbed/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../testbed/lib.sh"
OPERATOR_DIR=$ROOT/e2e/operator

# OPERATOR_API=stand-in: e2e/api-server instead of etcd and the real API server.
API_KIND=${OPERATOR_API:-real}
BINARIES=${CARGO_TARGET_DIR:-$ROOT/target}/debug

# Everything that is written lies below this directory; the keys of the two kinds differ.
case $API_KIND in
real) CLUSTER=operator-conformance ;;
stand-in) CLUSTER=operator-stand-in ;;
*) die "OPERATOR_API=$API_KIND: use real or stand-in" ;;
esac
CLUSTER=$(realpath -m "${OPERATOR_CLUSTER:-${CARGO_TARGET_DIR:-$ROOT/target}/$CLUSTER}")
LOGS=$CLUSTER/logs
RUN=$CLUSTER/run
STATE=$CLUSTER/state
PKI=$STATE/pki
ADMIN_KUBECONFIG=$STATE/admin.kubeconfig
AUDIT_LOG=$STATE/audit.log

API_ADDRESS=127.0.0.1
PORT_BASE=${PORT_BASE:-26400}
ETCD_PORT=$PORT_BASE
ETCD_PEER_PORT=$((PORT_BASE + 1))
API_PORT=$((PORT_BASE + 2))
case $API_KIND in
real) API_URL=https://$API_ADDRESS:$API_PORT ;;
stand-in) API_URL=http://$API_ADDRESS:$API_PORT ;;
esac
CONTROLLER_MANAGER_PORT=$((PORT_BASE + 3))
VAULT_PORT=$((PORT_BASE + 4))
WEBHOOK_PORT=$((PORT_BASE + 5))
WEBHOOK_METRICS_PORT=$((PORT_BASE + 6))
WEBHOOK_HEALTH_PORT=$((PORT_BASE + 7))
CONTROLLER_METRICS_PORT=$((PORT_BASE + 8))
CONTROLLER_HEALTH_PORT=$((PORT_BASE + 9))
# Two a scenario from here on.
PROXY_PORT=$((PORT_BASE + 100))

VAULT_ROOT_TOKEN=root
