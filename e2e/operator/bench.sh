#!/usr/bin/env bash
# What the operator costs, on a control plane of its own with dev-vault: `bench.sh [OPTION...]`, those of bench.py.
#
#   OPERATOR_BIN   another operator's binary with the same commands, instead of building ours
set -euo pipefail
# shellcheck source=e2e/operator/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=e2e/operator/programs.sh
. "$OPERATOR_DIR/programs.sh"
cd "$ROOT"

binaries=${CARGO_TARGET_DIR:-$ROOT/target}/release
operator=${OPERATOR_BIN:-$binaries/secrets-operator}
targets=(-p dev-vault)
[[ -n ${OPERATOR_BIN:-} ]] || targets+=(-p secrets-operator)
cargo build --quiet --release "${targets[@]}"

cluster_up "$operator"
start_vault "$binaries/dev-vault"
python3 -B "$OPERATOR_DIR/bench.py" --operator "$operator" --state "$STATE" --log "$LOGS/bench.log" \
    --api-port "$API_PORT" --vault-port "$VAULT_PORT" --vault-token "$VAULT_ROOT_TOKEN" \
    --metrics-port "$CONTROLLER_METRICS_PORT" --health-port "$CONTROLLER_HEALTH_PORT" "$@"
