#!/usr/bin/env bash
# Breaks the code in small ways and runs the tests of the crate each time: a change that no test sees survives.
# vault-engine is tested whole; of the other crates a sample of about SAMPLE mutants, which SEED chooses.
#
#   scripts/mutants.sh             vault-engine
#   scripts/mutants.sh hcl         another crate
#
# JOBS changes are tried at a time. RESUME=1 goes on with a run that was stopped, and leaves out what a test has seen in
# it; results stay in target/mutants. The tests of one change may take TIMEOUT seconds: a busy machine needs more.
# Property tests try few cases, and do not look for a smaller one that fails: what only luck finds is to have a test of
# its own.
#
# Survivors are compared with the crate's mutants.yaml, which gives a reason for each. It fails if one is not listed,
# or if a listed one no longer survives. CARGO_MUTANTS_BIN names a binary to use instead of the one it builds once.
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/scripts/lib.sh"
cd "$ROOT"

version=27.1.0
seed=${SEED:-1}
sample=${SAMPLE:-200}
jobs=${JOBS:-1}
timeout=${TIMEOUT:-20}

find_tool() {
    if [[ -n ${CARGO_MUTANTS_BIN:-} ]]; then
        [[ -x $CARGO_MUTANTS_BIN ]] || die "CARGO_MUTANTS_BIN=$CARGO_MUTANTS_BIN is not an executable file"
        realpath "$CARGO_MUTANTS_BIN"
        return
    fi
    local directory=$CACHE/cargo-mutants-$version
    mkdir -p "$directory"
    # Two runs at a time build it once.
    exec 9>"$directory/.lock"
    flock 9
    if [[ ! -x $directory/bin/cargo-mutants ]]; then
        say "building cargo-mutants $version into $directory (once)"
        nice cargo install --quiet --locked --root "$directory" --version "$version" cargo-mutants >&2
    fi
    flock -u 9
    echo "$directory/bin/cargo-mutants"
}

# Without line and column, which move with every edit.
names() {
    sed -E 's/:[0-9]+:[0-9]+: /: /' "$@" | LC_ALL=C sort
}

# listed FILE: the mutants in it. Each needs a reason.
listed() {
    [[ -f $1 ]] || return 0
    awk -v file="$1" '
        function fail(message) { print file ":" NR ": " message > "/dev/stderr"; failed = 1; exit 1 }
        /^#/ || /^$/ { next }
        /^- mutant: "/ {
            if (mutant != "") fail("the mutant before this one has no reason")
            mutant = substr($0, 12, length($0) - 12)
            gsub(/\\"/, "\"", mutant); next
        }
        /^  reason: ./ { if (mutant == "") fail("a reason without a mutant"); print mutant; mutant = ""; next }
        { fail("expected \"- mutant: \\\"…\\\"\" or \"  reason: …\"") }
        END { if (!failed && mutant != "") { print file ": the last mutant has no reason" > "/dev/stderr"; exit 1 } }
    ' "$1" | LC_ALL=C sort
}

# check CRATE [SHARDS]: runs the mutants of a crate, or one of SHARDS parts of them.
check() {
    local crate=$1 shards=${2:-1} manifest directory out status=0
    local shard=$((seed % shards))
    manifest=$(cargo metadata --no-deps --format-version 1 | grep -o "\"[^\"]*/$crate/Cargo.toml\"" | tr -d '"')
    directory=${manifest%/Cargo.toml}
    # Samples of different seeds have results of their own; two runs of one would spoil both.
    out=$work/$crate-$shard-of-$shards
    mkdir -p "$work"
    exec 8>"$out.lock"
    flock -n 8 || die "$crate is being tested already"
    [[ -n ${RESUME:-} ]] || rm -rf "$out"
    mkdir -p "$out"
    # cargo-mutants leaves out what did not build, too, but counts it among what was caught.
    cat "$out"/mutants.out/unviable.txt >>"$out/unviable" 2>/dev/null || true
    local chosen=(--shard "$shard/$shards" --sharding round-robin)
    if [[ -n ${RESUME:-} ]] && ((shards > 1)); then
        # --iterate leaves mutants out first, and a shard of the others would be another sample: names choose it.
        mapfile -t chosen < <("$tool" mutants --list --package "$crate" --no-shuffle "${chosen[@]}" \
            | sed -E 's/[][\\.*+?^$(){}|]/\\&/g; s/.*/--re=^&$/')
    fi
    # Exit code 2: there are survivors; 3: some tests ran out of time, which is as good as failing.
    CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=0 PROPTEST_CASES=16 PROPTEST_MAX_SHRINK_ITERS=0 \
        nice -n 10 "$tool" mutants --package "$crate" --output "$out" \
        --jobs "$jobs" --timeout "$timeout" --no-shuffle --colors never "${chosen[@]}" \
        ${RESUME:+--iterate} -- --lib --tests >"$out/log" || status=$?
    case $status in
        0 | 2 | 3) ;;
        *) tail -n 20 "$out/log" >&2; die "cargo-mutants ended with $status for $crate" ;;
    esac
    local results=$out/mutants.out
    touch "$results/previously_caught.txt"
    grep -vxFf "$out/unviable" "$results/previously_caught.txt" >"$out/previously_caught" || true
    listed "$directory/mutants.yaml" >"$out/listed" || die "$directory/mutants.yaml cannot be read"
    names "$results/missed.txt" >"$out/missed"
    names "$results/caught.txt" "$results/timeout.txt" "$out/previously_caught" >"$out/caught"
    LC_ALL=C comm -23 "$out/missed" "$out/listed" >"$out/unlisted"
    # A part of the mutants shows nothing about the others.
    LC_ALL=C comm -13 "$out/missed" "$out/listed" >"$out/absent"
    if ((shards > 1)); then
        LC_ALL=C comm -12 "$out/absent" "$out/caught" >"$out/stale"
    else
        cp "$out/absent" "$out/stale"
    fi
    local caught survivors viable summary="all listed"
    caught=$(wc -l <"$out/caught")
    survivors=$(wc -l <"$out/missed")
    viable=$((caught + survivors))
    if [[ -s $out/unlisted ]]; then
        sed 's/^/  survives, not listed: /' "$out/unlisted"
        summary="$(wc -l <"$out/unlisted") not listed"
    fi
    if [[ -s $out/stale ]]; then
        sed 's/^/  listed, no longer survives: /' "$out/stale"
        summary+=", $(wc -l <"$out/stale") listed in vain"
    fi
    printf 'mutants %s: %d of %d viable caught (%d %%), %d survivors, %s\n' \
        "$crate" "$caught" "$viable" "$((viable ? 100 * caught / viable : 100))" "$survivors" "$summary"
    [[ ! -s $out/unlisted && ! -s $out/stale ]]
}

tool=$(find_tool)
work=$ROOT/target/mutants
crates=("$@")
((${#crates[@]})) || crates=(vault-engine)
failed=0
for crate in "${crates[@]}"; do
    shards=1
    if [[ $crate != vault-engine ]]; then
        all=$("$tool" mutants --list --package "$crate" | wc -l)
        shards=$(((all + sample - 1) / sample))
        ((shards > 0)) || die "no crate $crate, or none of its code can be changed"
    fi
    check "$crate" "$shards" || failed=1
done
exit "$failed"
