#!/usr/bin/env bash
# Prints the path of a Vault binary: the one that E2E_VAULT_BIN names, else one built from the Go module
# that e2e/vault pins. The first build takes about ten minutes on two cores; after that it is a look-up.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ -n ${E2E_VAULT_BIN:-} ]]; then
    [[ -x $E2E_VAULT_BIN ]] || die "E2E_VAULT_BIN=$E2E_VAULT_BIN is not an executable file"
    realpath "$E2E_VAULT_BIN"
    exit
fi

version=$(awk '$1 == "github.com/hashicorp/vault" { sub(/^v/, "", $2); print $2; exit }' "$ROOT/e2e/vault/go.mod")
[[ -n $version ]] || die "e2e/vault/go.mod names no version of github.com/hashicorp/vault"
directory=$CACHE/vault-$version
binary=$directory/vault

if [[ ! -x $binary ]]; then
    command -v go >/dev/null || die "Go is needed to build Vault $version; or name a binary with E2E_VAULT_BIN"
    mkdir -p "$directory"
    # Two runs at a time build it once.
    exec 9>"$directory/.lock"
    flock 9
    if [[ ! -x $binary ]]; then
        say "building Vault $version into $directory (once)"
        unfinished=$directory/.vault.$$
        trap 'rm -f "$unfinished"' EXIT
        (cd "$ROOT/e2e/vault" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false \
            go build -trimpath -ldflags '-s -w' -o "$unfinished" github.com/hashicorp/vault) >&2
        mv "$unfinished" "$binary"
    fi
fi
echo "$binary"
