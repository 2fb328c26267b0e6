#!/usr/bin/env bash
# `make fuzz`: every fuzz target for a while, starting from its seed corpus. What was found before is kept outside
# the tree and goes on. With a nightly toolchain where there is one, otherwise with the one at hand, which is told to take
# the options of a nightly one.
#
#   FUZZ_SECONDS   for each target (60)
#   FUZZ_TARGETS   only those whose FOLDER/TARGET holds this
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/scripts/lib.sh"
cd "$ROOT"

VERSION=0.13.2
TOOL=$CACHE/cargo-fuzz-$VERSION

if rustup run nightly rustc --version >/dev/null 2>&1; then
    toolchain=(rustup run nightly)
else
    toolchain=(env RUSTC_BOOTSTRAP=1)
fi
if [[ ! -x $TOOL/bin/cargo-fuzz ]]; then
    say "installing cargo-fuzz $VERSION into $TOOL (once)"
    cargo install --quiet --locked --root "$TOOL" cargo-fuzz --version "$VERSION"
fi

ran=0
for folder in agent shared/* webhook/injection; do
    [[ -d $folder/fuzz ]] || continue
    for target in "$folder"/fuzz/fuzz_targets/*.rs; do
        target=$(basename "$target" .rs)
        [[ "$folder/$target" == *"${FUZZ_TARGETS:-}"* ]] || continue
        found=$CACHE/fuzz/$folder/$target
        mkdir -p "$found"
        say "$folder: $target, ${FUZZ_SECONDS:-60} s"
        (cd "$folder" && "${toolchain[@]}" "$TOOL/bin/cargo-fuzz" fuzz run --target-dir "$ROOT/target/fuzz" "$target" \
            "$found" "fuzz/corpus/$target" -- -max_total_time="${FUZZ_SECONDS:-60}" -rss_limit_mb=2048)
        ran=$((ran + 1))
    done
done
[[ $ran -gt 0 ]] || die "no target of that name"
say "$ran targets: nothing found"
