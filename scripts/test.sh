#!/usr/bin/env bash
# `make test`: everything that needs no server but our own. Prints the time of each part.
set -euo pipefail
cd "$(dirname "$0")/.."

part() {
    local name=$1 start=$SECONDS
    shift
    echo "==> $name"
    "$@"
    echo "    $name: $((SECONDS - start)) s"
}

need_components() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return
    echo "rustfmt or clippy is missing: adding them to the toolchain"
    rustup component add rustfmt clippy
}

# Every part builds the whole workspace with its tests: Cargo chooses the features of dependencies by what is built
# together, and a part with `-p`, or without tests, would build most of them once more.
run_tests() {
    # The end-to-end suite starts the built programs.
    cargo build --workspace --bins --tests
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --workspace
        cargo test --workspace --doc
    else
        cargo test --workspace
    fi
}

# The closing lines of the recorded cases, which a passing test keeps to itself.
conformance() {
    cargo test --quiet --workspace --test conformance -- --nocapture |
        grep -oE '(conformance [a-z0-9-]+\.jsonl?:|skipped:).*'
}

# Licenses, sources, duplicate versions, and who may depend on what: deny.toml. cargo-deny is built once.
dependencies() {
    local deny
    deny=$(scripts/cargo-deny.sh) || return
    "$deny" --locked check --hide-inclusion-graph bans licenses sources
}

image_maker() {
    python3 -B -m unittest discover --start-directory manifests/images
}

scenario_runner() {
    python3 -B -m unittest discover --start-directory e2e/operator
}

# Helm is built from its Go module, once.
chart() {
    if [[ -z ${HELM_BIN:-} && ${CI:-} != true ]] && ! command -v go >/dev/null; then
        echo "skipped: there is no Go to build Helm with, and HELM_BIN names none"
        return
    fi
    HELM_BIN=$(e2e/scripts/helm.sh) || return
    HELM_BIN=$HELM_BIN cargo test --quiet --workspace --test chart -- --ignored
}

# consul-template is built from its Go module: a minute or two the first time.
differential() {
    if [[ ${CI:-} != true ]] && ! command -v go >/dev/null; then
        echo "skipped: there is no Go to build consul-template with"
        return
    fi
    e2e/scripts/differential.sh
}

# Days instead of a month: built for speed, the run itself takes seconds.
simulation() {
    cargo run --quiet --profile simulation -p simulator -- 300 1 3
    cargo run --quiet --profile simulation -p fleet -- 500
}

# The README's transcript is that of a run, and what the pages have a user write is taken.
demo() {
    cargo test --quiet --workspace --test docs -- --ignored
}

need_components
part "formatting" cargo fmt --all --check
part "dependencies" dependencies
part "lints" cargo clippy --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" part "docs" cargo doc --workspace --no-deps
part "tests" run_tests
part "chart" chart
part "demo" demo
part "image maker" image_maker
part "scenario runner" scenario_runner
part "conformance" conformance
part "differential" differential
part "simulation" simulation
