"""Runs one scenario: fills Vault, takes its steps, and returns what was seen."""

import dataclasses
import json
import re
import time
from pathlib import Path
from typing import Any

from conditions import Condition
from kube import Answer, Kube
from observer import Observer
from placeholders import ClusterValues, Placeholders
from proxy import LoggingProxy, server_tls
from vault import Vault

Json = Any

WAIT_SECONDS = 25.0
# Nothing may happen for so long before a state counts as reached.
QUIET_SECONDS = 1.3
POLL_SECONDS = 0.25

# The order in which a scenario's objects are deleted: a store is needed until its users are gone.
USERS = ("ClusterExternalSecret", "ClusterPushSecret", "PushSecret", "ExternalSecret")
SHARED = ("ClusterSecretStore", "ClusterGenerator")

KV_TIMES = re.compile(r'"(created_time|updated_time|deletion_time)": "[^"]*",? ?')
EXTERNAL_SECRET_NAME = re.compile(r'"kind": "ExternalSecret", "metadata": \{"name": "([^"]+)"')
# Names that other kinds give to their ExternalSecrets.
DERIVED_NAMES = {"es", "ces", "web"}


@dataclasses.dataclass(frozen=True)
class Servers:
    """What all scenarios of a run share."""

    kube: Kube
    vault: Vault
    values: ClusterValues
    pki: Path
    first_proxy_port: int


class Scenario:
    """A Kubernetes namespace, a Vault namespace and a proxy between operator and Vault, for one scenario."""

    def __init__(self, servers: Servers, index: int, scenario: Json) -> None:
        self.kube, self.vault = servers.kube, servers.vault
        self.scenario = scenario
        self.namespace = f"op-{index:03d}"
        self.expect: list[Json] = []
        self.problems: list[str] = []

        text = json.dumps(scenario)
        self.hashed_names = sorted(set(EXTERNAL_SECRET_NAME.findall(text)) | DERIVED_NAMES)
        port = servers.first_proxy_port + 2 * index
        self.placeholders = Placeholders(servers.values, self.namespace, port, port + 1)
        self.proxies = [LoggingProxy(port, self.vault, self.namespace)]
        if "${VAULT_TLS}" in text:
            self.proxies.append(LoggingProxy(port + 1, self.vault, self.namespace, server_tls(servers.pki)))
        self.observer = Observer(self.kube, scenario, self.namespace, self.proxies)

    def run(self) -> Json:
        """The scenario's snapshots, and what did not go as it should."""
        try:
            self._prepare()
            for request in self.scenario.get("vault", []):
                self._ask_vault(request)
            for step in self.scenario["steps"]:
                self._take(step)
        finally:
            self._clean_up()
        return {"name": self.scenario["name"], "expect": self.expect, "problems": self.problems}

    # --- the empty namespaces that a scenario starts with -----------------------------------------

    def _prepare(self) -> None:
        self.vault.call("", "PUT", "sys/namespaces/" + self.namespace, {})
        mount = {"type": "kv", "options": {"version": "2"}}
        self.vault.call(self.namespace, "PUT", "sys/mounts/secret", mount)
        labels = self.placeholders.fill(self.scenario.get("namespaceLabels", {}))
        metadata = {"name": self.namespace, "labels": labels}
        self.kube.apply(None, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def _clean_up(self) -> None:
        for kind in USERS:
            self._delete_all(kind)
        # The operator takes its finalizers off by what the stores say.
        time.sleep(0.5)
        for kind in SHARED:
            self._delete_all(kind)
        for namespace in self.observer.namespaces:
            self.kube.delete("Namespace", None, namespace)
        for proxy in self.proxies:
            proxy.close()

    def _delete_all(self, kind: str) -> None:
        for found in self.observer.objects(kind):
            metadata = found["metadata"]
            self.kube.delete(kind, metadata.get("namespace"), metadata["name"])

    # --- steps --------------------------------------------------------------------------------------

    def _take(self, step: Json) -> None:
        match step["do"]:
            case "apply":
                for manifest in self.placeholders.fill(step["manifests"]):
                    self._apply(manifest)
            case "reject":
                for manifest in self.placeholders.fill(step["manifests"]):
                    self._reject(step, manifest)
            case "wait":
                conditions = step.get("for", [])
                if not self._wait(conditions, step.get("timeout", WAIT_SECONDS), step.get("quiet", QUIET_SECONDS)):
                    self.problems.append(f"wait {conditions} not reached")
            case "snapshot":
                self.expect.append({"at": step["as"], **self._hide(self.observer.snapshot())})
            case "forget":
                self.observer.snapshot()
            case "sleep":
                time.sleep(step["seconds"])
            case "vault":
                self._ask_vault(step["request"])
            case "vault_read":
                self._read_vault(step["path"])
            case "fault":
                for proxy in self.proxies:
                    proxy.faults = self.placeholders.fill(step["faults"])
            case "patch":
                self._patch(step)
            case "delete":
                kind, namespace, name = self._object(step["object"])
                self._must(f"delete {step['object']}", self.kube.delete(kind, namespace, name))
            case other:
                raise ValueError(f"unknown step {other!r}")

    def _apply(self, manifest: Json) -> None:
        kind = manifest["kind"]
        answer = self.kube.apply(self.namespace, manifest)
        if not self._must(f"apply {kind}/{manifest['metadata']['name']}", answer):
            return
        self.observer.written(kind, answer.body)
        if answer.warnings:
            self.expect.append({"at": "apply " + kind, "warnings": answer.warnings})

    def _reject(self, step: Json, manifest: Json) -> None:
        """Applies the manifest and writes down the API server's answer."""
        answer = self.kube.apply(self.namespace, manifest)
        seen: Json = {"at": step.get("as", "reject"), "httpStatus": answer.status, "accepted": not answer.refused}
        if answer.refused:
            seen |= {"reason": answer.body.get("reason"), "message": answer.body.get("message")}
        elif step.get("read"):
            stored = self.kube.get(manifest["kind"], self.namespace, manifest["metadata"]["name"])
            seen["spec"] = stored["spec"] if stored else None
        if answer.warnings:
            seen["warnings"] = answer.warnings
        self.expect.append(self._hide(seen))

    def _patch(self, step: Json) -> None:
        kind, namespace, name = self._object(step["object"])
        patch = self.placeholders.fill(step["patch"])
        answer = self.kube.patch(kind, namespace, name, patch)
        if self._must(f"patch {step['object']}", answer) and step.get("input"):
            self.observer.written(kind, answer.body)

    def _must(self, action: str, answer: Answer) -> bool:
        if answer.refused:
            self.problems.append(f"{action}: {answer.status} {answer.body.get('message')}")
        return not answer.refused

    def _ask_vault(self, request: Json) -> None:
        """Sends `[method, path, body, placeholders]`; the last names values to take from the answer."""
        method, path, *rest = self.placeholders.fill(request)
        status, answer = self.vault.call(self.namespace, method, path, rest[0] if rest else None)
        if status >= 300:
            self.problems.append(f"vault {method} {path}: {status} {answer}")
        for name, keys in (rest[1] if len(rest) > 1 else {}).items():
            value = answer
            for key in keys.split("."):
                value = value[key]
            self.placeholders.answers["${" + name + "}"] = value

    def _read_vault(self, path: str) -> None:
        """Shows what the path holds in the next snapshot, without its times."""
        status, answer = self.vault.call(self.namespace, "GET", path)
        data = KV_TIMES.sub("", json.dumps(answer.get("data"))).replace(", }", "}")
        self.observer.vault_reads[path] = {"status": status, "data": json.loads(data)}

    # --- helpers ------------------------------------------------------------------------------------

    def _object(self, text: str) -> tuple[str, str, str]:
        """Kind, namespace and name of `Kind/name` or `Kind/namespace/name`."""
        kind, name = self.placeholders.fill(text).split("/", 1)
        return kind, *self._split(name)

    def _split(self, name: str) -> tuple[str, str]:
        namespace, slash, inner = name.partition("/")
        return (namespace, inner) if slash else (self.namespace, name)

    def _wait(self, texts: list[str], timeout: float, quiet: float) -> bool:
        """Waits until all conditions hold and nothing happened for a while."""
        conditions = [Condition.parse(self.placeholders.fill(text)) for text in texts]
        now = time.monotonic()
        deadline, last, last_change = now + timeout, None, now
        while now < deadline:
            fingerprint = self.observer.fingerprint()
            now = time.monotonic()
            if fingerprint != last:
                last, last_change = fingerprint, now
            if now - last_change >= quiet and self._hold(conditions):
                return True
            time.sleep(POLL_SECONDS)
            now = time.monotonic()
        return self._hold(conditions)

    def _hold(self, conditions: list[Condition]) -> bool:
        return all(
            condition.holds(
                self.kube.get(condition.kind, *self._split(condition.name)),
                self.observer.refresh_times.get((condition.kind, condition.name)),
            )
            for condition in conditions
        )

    def _hide(self, seen: Json) -> Json:
        return self.placeholders.hide(seen, self.observer.namespaces, self.hashed_names)
