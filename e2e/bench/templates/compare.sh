#!/bin/sh
# Times parsing and rendering against Go's text/template, on the same inputs. Both take turns, so that
# whatever else the machine does hits both; each figure is the median of the rounds, in microseconds.
#
#   e2e/bench/templates/compare.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/../../.."
rounds=${1:-5}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

cargo bench -q -p templating --bench render --no-run
(cd e2e/bench/templates && go test -c -o "$out/go.test" .)

round=1
while [ "$round" -le "$rounds" ]; do
    echo "round $round of $rounds" >&2
    cargo bench -q -p templating --bench render -- --warm-up-time 1 --measurement-time 2 --noplot >/dev/null 2>&1
    cp -r target/criterion "$out/ours-$round"
    "$out/go.test" -test.bench . -test.benchtime 2s >"$out/go-$round"
    round=$((round + 1))
done

python3 - "$out" "$rounds" <<'PY'
import json, pathlib, re, statistics, sys

out, rounds = pathlib.Path(sys.argv[1]), int(sys.argv[2])
inputs = {
    "DotenvOf20Lines": "dotenv of 20 lines",
    "TemplateOf1000Lines": "template of 1,000 lines",
    "RangeOver10000Keys": "range over 10,000 keys",
}


def ours(round, name, step):
    folder = name.replace(",", "_")
    for candidate in (name, folder):
        file = out / f"ours-{round}" / candidate / step / "new/estimates.json"
        if file.exists():
            return json.loads(file.read_text())["median"]["point_estimate"] / 1000
    raise SystemExit(f"no estimate for {name}/{step}")


def go(round, name, step):
    text = (out / f"go-{round}").read_text()
    return float(re.search(rf"Benchmark{name}/{step}\S*\s+\d+\s+([\d.]+) ns/op", text)[1]) / 1000


print(f"{'input':26}{'step':8}{'ours':>10}{'Go':>10}{'ratio':>8}")
for key, name in inputs.items():
    for step in ("parse", "render"):
        a = statistics.median(ours(n, name, step) for n in range(1, rounds + 1))
        b = statistics.median(go(n, key, step) for n in range(1, rounds + 1))
        print(f"{name:26}{step:8}{a:10.1f}{b:10.1f}{b / a:8.1f}")
PY
