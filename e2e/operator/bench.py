#!/usr/bin/env python3
"""What an operator costs with N ExternalSecrets of one path each: processor time, memory, requests.

Measures three phases and prints them as JSON: from the start until all Secrets are there; idle; and a restart over
Secrets that are there. Requests to Vault come from dev-vault's log, requests to the API server from its audit log.
bench.sh starts what this needs.
"""

import argparse
import collections
import contextlib
import dataclasses
import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from conditions import ready_condition
from kube import Kube
from vault import Vault

Json = Any

NAMESPACE = "bench"
KV_PATH = re.compile(r"^secret/data/.*")
READY_SECONDS = 30
SYNC_SECONDS = 1500
# Statuses are written after Secrets.
STATUS_SECONDS = 3


@dataclasses.dataclass
class Bench:
    """The servers, and the operator's program."""

    kube: Kube
    vault: Vault
    audit_log: Path
    operator: Path
    kubeconfig: Path
    metrics_port: int
    health_port: int
    log: Path
    # Where the part of the audit log begins that was not read yet.
    audited: int = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
        """The operator's process, and how many seconds it took to become ready."""
        command = [
            str(self.operator),
            f"--metrics-addr=127.0.0.1:{self.metrics_port}",
            f"--live-addr=127.0.0.1:{self.health_port}",
            "--allow-local-addresses",
        ]
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        start = time.monotonic()
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            if not wait_for(self._is_ready, READY_SECONDS, 0.01):
                raise SystemExit(f"the operator is not ready after {READY_SECONDS} s: {self.log}")
            yield process, round(time.monotonic() - start, 2)
        finally:
            process.terminate()
            process.wait(30)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/readyz", timeout=1):
                return True
        except OSError:
            return False

    def requests(self) -> Json:
        """The requests to Vault and to the API server since the last call, by kind."""
        log = json.loads(self._dev("GET"))
        self._dev("DELETE")
        vault = collections.Counter(f"{entry['method']} {KV_PATH.sub('secret/data/*', entry['path'])}" for entry in log)
        with self.audit_log.open("rb") as audit:
            audit.seek(self.audited)
            # The last line may not be written to its end.
            lines = [line for line in audit if line.endswith(b"\n")]
        self.audited += sum(map(len, lines))
        kube = collections.Counter(audited_request(json.loads(line)) for line in lines)
        return {"vault": dict(vault.most_common()), "api_server": dict(kube.most_common())}

    def _dev(self, method: str) -> bytes:
        address = f"http://127.0.0.1:{self.vault.port}/dev/requests"
        with urllib.request.urlopen(urllib.request.Request(address, method=method)) as answer:
            return answer.read()

    def create(self, count: int, interval: str, auth: str) -> None:
        """Values in Vault, a store, and an ExternalSecret for each value."""
        self.kube.apply(None, manifest("v1", "Namespace", NAMESPACE))
        for number in range(count):
            self._vault("POST", f"secret/data/bench/{number}", {"data": {"password": f"value-{number}"}})
        credential, store_auth = self._approle() if auth == "approle" else self._token()
        self._apply(manifest("v1", "Secret", "credential", stringData={"value": credential}))
        server = f"http://127.0.0.1:{self.vault.port}"
        provider = {"vault": {"server": server, "path": "secret", "auth": store_auth}}
        version = "external-secrets.io/v1"
        self._apply(manifest(version, "SecretStore", "vault", spec={"provider": provider}))
        for number in range(count):
            remote = {"key": f"bench/{number}", "property": "password"}
            spec = {
                "refreshInterval": interval,
                "secretStoreRef": {"name": "vault"},
                "target": {"name": f"out-{number}"},
                "data": [{"secretKey": "password", "remoteRef": remote}],
            }
            self._apply(manifest(version, "ExternalSecret", f"es-{number}", spec=spec))

    def secrets(self) -> int:
        """How many Secrets there are."""
        listed = self.kube.call("GET", f"api/v1/namespaces/{NAMESPACE}/secrets?limit=1").body
        return len(listed["items"]) + listed["metadata"].get("remainingItemCount", 0)

    def ready(self) -> int:
        """How many ExternalSecrets are ready."""
        found = self.kube.list("ExternalSecret", NAMESPACE)
        return sum(ready_condition(external).get("status") == "True" for external in found)

    def _token(self) -> tuple[str, Json]:
        return self.vault.token, {"tokenSecretRef": {"name": "credential", "key": "value"}}

    def _approle(self) -> tuple[str, Json]:
        policy = 'path "secret/*" { capabilities = ["read"] }'
        self._vault("POST", "sys/policies/acl/bench", {"policy": policy})
        self._vault("POST", "sys/auth/approle", {"type": "approle"})
        role = "auth/approle/role/bench"
        self._vault("POST", role, {"token_policies": "bench", "token_ttl": "1h"})
        role_id = self._vault("GET", f"{role}/role-id")["data"]["role_id"]
        secret_id = self._vault("POST", f"{role}/secret-id", {})["data"]["secret_id"]
        reference = {"name": "credential", "key": "value"}
        return secret_id, {"appRole": {"path": "approle", "roleId": role_id, "secretRef": reference}}

    def _vault(self, method: str, path: str, body: Json = None) -> Json:
        status, answer = self.vault.call("", method, path, body)
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {answer}")
        return answer

    def _apply(self, wanted: Json) -> None:
        answer = self.kube.apply(NAMESPACE, wanted)
        if answer.refused:
            raise SystemExit(f"{wanted['kind']} {wanted['metadata']['name']}: {answer.body.get('message')}")


def manifest(api_version: str, kind: str, name: str, **fields: Json) -> Json:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def audited_request(entry: Json) -> str:
    """Verb and resource of an audited request."""
    reference = entry.get("objectRef") or {}
    resource = reference.get("resource", entry["requestURI"].split("?")[0])
    subresource = f"/{reference['subresource']}" if reference.get("subresource") else ""
    return f"{entry['verb']} {resource}{subresource}"


def wait_for(condition: Callable[[], bool], seconds: float, pause: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> dict[str, float]:
    """A process's memory in MiB: resident, its own part of it, and the most so far."""
    kilobytes: dict[str, int] = {}
    for file in ("smaps_rollup", "status"):
        found = re.findall(r"^(\w+):\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
        kilobytes |= {name: int(number) for name, number in found}
    shown = {"rss": "Rss", "anonymous": "Anonymous", "peak": "VmHWM"}
    return {name: round(kilobytes[field] / 1024, 1) for name, field in shown.items()}


def measure(bench: Bench, count: int, idle: float, settle: float) -> Json:
    """The three phases."""
    before = bench.secrets()
    bench.requests()
    result: Json = {}
    start = time.monotonic()
    with bench.running() as (process, ready):
        synced = wait_for(lambda: bench.secrets() >= before + count, SYNC_SECONDS, 0.05 if count < 200 else 0.3)
        wall, cpu, used = time.monotonic() - start, cpu_seconds(process.pid), memory(process.pid)
        time.sleep(STATUS_SECONDS)
        result["sync"] = {
            "synced": synced,
            "ready_seconds": ready,
            "wall_seconds": round(wall, 2),
            "cpu_seconds": cpu,
            "memory_mib": used,
            "requests": bench.requests(),
            "external_secrets_ready": bench.ready(),
        }
        cpu = cpu_seconds(process.pid)
        time.sleep(idle)
        result["idle"] = {
            "seconds": idle,
            "cpu_seconds": round(cpu_seconds(process.pid) - cpu, 2),
            "memory_mib": memory(process.pid),
            "requests": bench.requests(),
        }
    bench.requests()
    with bench.running() as (process, ready):
        time.sleep(settle)
        result["restart"] = {
            "ready_seconds": ready,
            "cpu_seconds": cpu_seconds(process.pid),
            "memory_mib": memory(process.pid),
            "requests": bench.requests(),
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="ExternalSecrets")
    parser.add_argument("--interval", default="1h", help="their refreshInterval")
    parser.add_argument("--auth", choices=("token", "approle"), default="approle")
    parser.add_argument("--idle", type=float, default=130, help="seconds of the idle phase")
    parser.add_argument("--operator", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True, help="the cluster's certificates and kubeconfigs")
    parser.add_argument("--log", type=Path, required=True, help="where the operator logs")
    parser.add_argument("--api-port", type=int, required=True)
    parser.add_argument("--vault-port", type=int, required=True)
    parser.add_argument("--vault-token", required=True)
    parser.add_argument("--metrics-port", type=int, required=True)
    parser.add_argument("--health-port", type=int, required=True)
    options = parser.parse_args()
    bench = Bench(
        kube=Kube(f"https://127.0.0.1:{options.api_port}", options.state / "pki"),
        vault=Vault(options.vault_port, options.vault_token),
        audit_log=options.state / "audit.log",
        operator=options.operator,
        kubeconfig=options.state / "operator.kubeconfig",
        metrics_port=options.metrics_port,
        health_port=options.health_port,
        log=options.log,
    )
    bench.create(options.count, options.interval, options.auth)
    settle = 15 if options.count <= 1000 else 40
    result = {
        "external_secrets": options.count,
        "interval": options.interval,
        "auth": options.auth,
        "binary_mb": round(options.operator.stat().st_size / 1e6, 1),
        **measure(bench, options.count, options.idle, settle),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
