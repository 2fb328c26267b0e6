#!/usr/bin/env bash
# The end-to-end tests: the built agent against a real Vault with a real PostgreSQL, on loopback.
#
#   E2E_VAULT_BIN   another server's binary (Vault, or OpenBao's bao) instead of building Vault
#   E2E_AGENT_BIN   another agent's binary, to see what the scenarios say of it
#   E2E_FILTER      only the scenarios whose name holds this
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

log=$(mktemp)
finish() {
    rm -f "$log"
    parts
}
trap finish EXIT

build() {
    cargo build -p vault-agent --bin vault-agent && cargo test -p e2e --no-run
}

scenarios() {
    # Ignored elsewhere, because they need what this script has prepared.
    cargo test -p e2e --test scenarios -- --ignored --nocapture ${E2E_FILTER:+"$E2E_FILTER"} | tee "$log"
}

part "packages" e2e/scripts/packages.sh
part "Vault" e2e/scripts/vault.sh >"$log"
E2E_VAULT_BIN=$(cat "$log")
export E2E_VAULT_BIN
part "build of agent and scenarios" build
part "scenarios against $("$E2E_VAULT_BIN" version | head -n 1)" scenarios

passed=$(sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log")
# Scenarios that did not run prove nothing.
[[ ${passed:-0} -gt 0 ]] || die "no scenario ran against the real server"
say "$passed scenarios passed against the real server"
