# Sourced by the scripts beside it: where things are kept, and how time is told.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# What takes minutes to build lives outside the tree, keyed by version, and survives a clean clone.
CACHE=${VAULT_INJECTOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vault-injector}

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

PARTS=()

# part NAME COMMAND...: runs the command and keeps its time for `parts`, also where it fails.
part() {
    local name=$1 start=$SECONDS status=0
    shift
    say "$name"
    "$@" || status=$?
    PARTS+=("$(printf '%4d s  %s' $((SECONDS - start)) "$name")$([[ $status == 0 ]] || echo ' (failed)')")
    return "$status"
}

parts() {
    say "time of each part"
    printf '    %s\n' ${PARTS[@]+"${PARTS[@]}"} >&2
}
