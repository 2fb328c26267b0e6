#!/usr/bin/env bash
# Prints the path of a cargo-deny binary: the one that CARGO_DENY_BIN names, else one built from the registry and kept
# in the cache. After the first build it is a look-up.
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/scripts/lib.sh"

if [[ -n ${CARGO_DENY_BIN:-} ]]; then
    [[ -x $CARGO_DENY_BIN ]] || die "CARGO_DENY_BIN=$CARGO_DENY_BIN is not an executable file"
    realpath "$CARGO_DENY_BIN"
    exit
fi

version=0.20.2
directory=$CACHE/cargo-deny-$version
binary=$directory/bin/cargo-deny

if [[ ! -x $binary ]]; then
    mkdir -p "$directory"
    # Two runs at a time build it once.
    exec 9>"$directory/.lock"
    flock 9
    if [[ ! -x $binary ]]; then
        say "building cargo-deny $version into $directory (once)"
        # Outside the tree, whose Cargo configuration is not meant for it. Unoptimized, because a check takes seconds
        # either way; without default features, because it needs no native Git or TLS here.
        (cd "$directory" && CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=false \
            nice cargo install cargo-deny --version "$version" --locked --no-default-features --debug \
            --root "$directory" --target-dir "$directory/target") >&2
        rm -rf "$directory/target"
    fi
fi
echo "$binary"
