#!/usr/bin/env bash
# Replays the recorded scenarios of External Secrets Operator against ours, on a real API server with dev-vault, and
# compares what both did: `conformance.sh [-v] [-j JOBS] [NAME_PREFIX...]`.
#
#   CONFORMANCE_DIR        the folder of operator.json; by default ../shared/conformance
#   OPERATOR_API=stand-in  e2e/api-server instead of the real API server: without Go, and without webhooks
#   OPERATOR_BIN           another operator's binary with the same commands, instead of building ours
#   OPERATOR_KEEP=1        leaves everything up at the end, to look at it: e2e/operator/cluster.sh down
#   OPERATOR_CLUSTER       the directory for everything that is written
#   PORT_BASE              the first of 600 ports on loopback, for two runs on one machine
set -euo pipefail
# shellcheck source=e2e/operator/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=e2e/operator/programs.sh
. "$OPERATOR_DIR/programs.sh"
cd "$ROOT"

usage() { die "usage: conformance.sh [-v] [-j JOBS] [NAME_PREFIX...]"; }

jobs=8
compare_options=(--loose)
while getopts vj: option; do
    case $option in
    v) compare_options+=(-v) ;;
    j) jobs=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))

recordings=${CONFORMANCE_DIR:-../shared/conformance}/operator.json
if [[ ! -r $recordings ]]; then
    [[ ${CI:-} != true ]] || die "$recordings cannot be read"
    echo "conformance operator.json: skipped, $recordings cannot be read"
    exit
fi

operator=${OPERATOR_BIN:-$BINARIES/secrets-operator}
targets=(--bin dev-vault)
[[ $API_KIND != stand-in ]] || targets+=(--bin api-server)
[[ -n ${OPERATOR_BIN:-} ]] || targets+=(--bin secrets-operator)
# With a test, so that features are those that `make test` chooses, and its build is used again.
cargo build --quiet --workspace --test documents "${targets[@]}"

cluster_up "$operator"
start_vault "$BINARIES/dev-vault"
[[ $API_KIND == stand-in ]] || start_webhook "$operator"
start_controller "$operator"
step "operator, webhook and dev-vault up"

results=$CLUSTER/results.json
python3 -B "$OPERATOR_DIR/run.py" "$results" --cases "$recordings" --jobs "$jobs" --pki "$PKI" \
    --api "$API_URL" --vault-port "$VAULT_PORT" --vault-token "$VAULT_ROOT_TOKEN" --proxy-port "$PROXY_PORT" "$@"
step "scenarios done; logs: $LOGS"
# Notes of the recording: of a message that ends in a Go library's words, what stands before them counts.
python3 -B "$OPERATOR_DIR/compare.py" "$recordings" "$results" "${compare_options[@]}" "$@"
