#!/usr/bin/env bash
# Renders templates with consul-template itself, built from the Go module in e2e/differential, and with ours, and compares.
# SEED and N are numbers: another seed for the generated templates, and how many.
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command -v go >/dev/null || die "Go is needed to build consul-template"

# Go caches what it builds, outside of the tree: if nothing changed, this takes no time.
runner=${CARGO_TARGET_DIR:-$ROOT/target}/differential/consul-template
(cd "$ROOT/e2e/differential" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -trimpath -o "$runner" .) >&2

cd "$ROOT"
SEED=${SEED:-} N=${N:-} CONSUL_TEMPLATE_RUNNER=$runner \
    cargo test --quiet --workspace --test oracle -- --ignored --nocapture
