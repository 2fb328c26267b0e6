#!/usr/bin/env python3
"""Runs the recorded scenarios against a running operator and writes down what it did.

Each scenario has a Kubernetes namespace, a Vault namespace and a proxy in front of Vault of its own, so that they run
side by side. compare.py compares the result with the recording.
"""

import argparse
import concurrent.futures
import json
import time
import traceback
from pathlib import Path
from typing import Any

from kube import Kube
from placeholders import ClusterValues
from scenario import Scenario, Servers
from vault import Vault

Json = Any


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="the file to write")
    parser.add_argument("prefixes", nargs="*", metavar="NAME_PREFIX", help="only scenarios whose name begins so")
    parser.add_argument("--cases", type=Path, required=True, help="the recorded scenarios, operator.json")
    parser.add_argument("--jobs", "-j", type=int, default=8, help="scenarios at a time")
    parser.add_argument("--time-limit", type=float, default=540, help="seconds after which no other scenario starts")
    parser.add_argument("--pki", type=Path, required=True, help="the folder of the cluster's certificates")
    api = parser.add_mutually_exclusive_group(required=True)
    api.add_argument("--api-port", type=int, help="the API server's port on loopback, with TLS by --pki")
    api.add_argument("--api", metavar="URL", help="the API server; without TLS if it begins with http://")
    parser.add_argument("--vault-port", type=int, required=True)
    parser.add_argument("--vault-token", required=True, help="Vault's root token")
    parser.add_argument("--proxy-port", type=int, required=True, help="the first of two ports for each scenario")
    return parser.parse_intermixed_args()


def selected(cases: list[Json], prefixes: list[str]) -> list[tuple[int, Json]]:
    """The chosen scenarios with their place in the file, which keeps them apart, and without their answers."""
    return [
        (index, {key: value for key, value in case.items() if key != "expect"})
        for index, case in enumerate(cases)
        if not prefixes or case["name"].startswith(tuple(prefixes))
    ]


def run(servers: Servers, index: int, case: Json, deadline: float) -> Json | None:
    """Runs one scenario; None if its time has not come before the deadline."""
    start = time.monotonic()
    if start > deadline:
        return None
    try:
        result = Scenario(servers, index, case).run()
    except Exception:  # One broken scenario must not end the others.
        result = {"name": case["name"], "expect": [], "problems": ["exception " + traceback.format_exc()]}
    seconds = time.monotonic() - start
    line = f"{case['name']:52} {seconds:6.1f} s  {'  '.join(result['problems'])}".rstrip()
    # In one piece: other threads print, too.
    print(line + "\n", end="", flush=True)
    return result


def main() -> None:
    options = arguments()
    api = options.api or f"https://127.0.0.1:{options.api_port}"
    servers = Servers(
        kube=Kube(api, options.pki),
        vault=Vault(options.vault_port, options.vault_token),
        values=ClusterValues(options.pki, api, options.vault_token),
        pki=options.pki,
        first_proxy_port=options.proxy_port,
    )
    cases = selected(json.loads(options.cases.read_text())["cases"], options.prefixes)
    deadline = time.monotonic() + options.time_limit
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run, servers, index, case, deadline) for index, case in cases]
        results = [result for future in running if (result := future.result()) is not None]
    options.results.write_text(json.dumps({"cases": results}, indent=1, ensure_ascii=False))
    problems = sum(bool(result["problems"]) for result in results)
    print(f"{len(results)} of {len(cases)} scenarios ran, {problems} with problems")


if __name__ == "__main__":
    main()
