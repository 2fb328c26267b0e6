"""What a scenario sees of the operator: objects, events and requests to Vault."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

from conditions import readable
from kube import KINDS, Kube
from proxy import LoggingProxy

Json = Any

# Kinds of a snapshot and where they stand in it.
SHOWN_KINDS = {
    "ExternalSecret": "externalSecrets",
    "PushSecret": "pushSecrets",
    "SecretStore": "secretStores",
    "ClusterSecretStore": "clusterSecretStores",
    "ClusterExternalSecret": "clusterExternalSecrets",
    "ClusterPushSecret": "clusterPushSecrets",
    "GeneratorState": "generatorStates",
}
EVENT_KINDS = {kind for kind in SHOWN_KINDS if kind != "GeneratorState"}
REFRESHED_KINDS = ("ExternalSecret", "PushSecret")
# Read in every scenario; the others only if it names them.
ALWAYS_READ = ("ExternalSecret", "SecretStore", "Secret")
WATCHED_KINDS = (*ALWAYS_READ, "PushSecret", "ClusterSecretStore", "ClusterExternalSecret")

# The scenarios whose recording shows who owns which field.
FIELDS_RECORDED = re.compile(
    r"policy_|two_|target_|meta_|seed_|adopt|immutable|drift_|templatefrom_all|template_metadata"
)


class Observer:
    """Looks at the objects of one scenario and knows what the last snapshot showed."""

    def __init__(self, kube: Kube, scenario: Json, namespace: str, proxies: list[LoggingProxy]) -> None:
        self.kube = kube
        self.namespace = namespace
        self.proxies = proxies
        self.namespaces = [namespace] + [name.replace("${NS}", namespace) for name in scenario.get("namespaces", [])]
        text = json.dumps(scenario)
        self.kinds = {kind for kind in KINDS if f'"{kind}"' in text or f"{kind}/" in text}
        self.shows_fields = FIELDS_RECORDED.match(scenario["name"]) is not None
        self.refresh_times: dict[tuple[str, str], str | None] = {}
        # What later snapshots show under `vault`.
        self.vault_reads: dict[str, Json] = {}
        # The resource versions of what the scenario wrote by itself.
        self._inputs: dict[tuple[str, str | None, str], str] = {}
        self._event_counts: dict[str, int] = {}
        self._secret_versions: dict[tuple[str, str], str] = {}
        self._shown_stores: dict[tuple[str, str], Json] = {}

    def written(self, kind: str, written: Json) -> None:
        """Remembers an object that the scenario wrote by itself: unchanged, it is not the operator's work."""
        metadata = written["metadata"]
        self._inputs[kind, metadata.get("namespace"), metadata["name"]] = metadata["resourceVersion"]

    def objects(self, kind: str) -> list[Json]:
        """The scenario's objects of the kind."""
        if KINDS[kind].namespaced:
            return [found for namespace in self.namespaces for found in self.kube.list(kind, namespace)]
        return [found for found in self.kube.list(kind, None) if self.namespace in found["metadata"]["name"]]

    def fingerprint(self) -> Json:
        """Differs if anything happened between two calls."""
        versions = [
            (kind, found["metadata"]["name"], found["metadata"]["resourceVersion"])
            for kind in WATCHED_KINDS
            if kind in ALWAYS_READ or kind in self.kinds
            for found in self.objects(kind)
        ]
        return versions, sum(proxy.requests_seen() for proxy in self.proxies)

    def snapshot(self) -> Json:
        """What is there now, and what happened since the last snapshot."""
        snapshot: Json = {"secrets": dict(self._secrets())}
        for kind, field in SHOWN_KINDS.items():
            if kind in self.kinds or kind in ALWAYS_READ:
                shown = dict(self._shown(kind))
                if shown:
                    snapshot[field] = shown
        finalizers = dict(self._namespace_finalizers())
        if finalizers:
            snapshot["namespaceFinalizers"] = finalizers
        snapshot["events"] = self._events()
        snapshot["vaultRequests"] = self._requests()
        if self.vault_reads:
            snapshot["vault"] = self.vault_reads
            self.vault_reads = {}
        return snapshot

    def _qualified(self, metadata: Json) -> str:
        """The object's name, with its namespace if that is not the scenario's own."""
        if metadata.get("namespace") in (None, self.namespace):
            return metadata["name"]
        return f"{metadata['namespace']}/{metadata['name']}"

    def _secrets(self) -> Iterator[tuple[str, Json]]:
        for secret in self.objects("Secret"):
            metadata = secret["metadata"]
            namespace, name, version = metadata["namespace"], metadata["name"], metadata["resourceVersion"]
            untouched = self._inputs.get(("Secret", namespace, name)) == version
            if untouched or secret.get("type") == "kubernetes.io/service-account-token":
                continue
            shown = {
                "type": secret["type"],
                "data": {key: readable(value) for key, value in sorted(secret.get("data", {}).items())},
                **present(metadata, "labels", "annotations", "finalizers"),
                **owners(metadata),
                **{key: secret[key] for key in ("immutable",) if key in secret},
                **deleting(metadata),
            }
            if self.shows_fields:
                shown["managedFields"] = managed_fields(metadata)
            shown["writtenSinceLastSnapshot"] = self._secret_versions.get((namespace, name)) != version
            self._secret_versions[namespace, name] = version
            yield self._qualified(metadata), shown

    def _shown(self, kind: str) -> Iterator[tuple[str, Json]]:
        for found in self.objects(kind):
            metadata = found["metadata"]
            name = self._qualified(metadata)
            shown: Json = {"status": status(found)}
            if kind in REFRESHED_KINDS:
                refreshed = found.get("status", {}).get("refreshTime")
                if (kind, name) in self.refresh_times:
                    shown["refreshedSinceLastSnapshot"] = self.refresh_times[kind, name] != refreshed
                self.refresh_times[kind, name] = refreshed
            else:
                del shown["status"]["refreshTime"]
            shown |= present(metadata, "finalizers") | deleting(metadata)
            if metadata.get("ownerReferences"):
                # The operator has written this one.
                shown |= owners(metadata) | {"spec": found["spec"]} | present(metadata, "labels", "annotations")
            if "Store" in kind:
                # Shown only if something changed.
                if self._shown_stores.get((kind, name)) == shown:
                    continue
                self._shown_stores[kind, name] = shown
            yield name, shown

    def _namespace_finalizers(self) -> Iterator[tuple[str, list[str]]]:
        for name in self.namespaces:
            namespace = self.kube.get("Namespace", None, name)
            if namespace and namespace["metadata"].get("finalizers"):
                yield name, namespace["metadata"]["finalizers"]

    def _events(self) -> list[Json]:
        """The events that came or were repeated since the last snapshot."""
        # Those of objects without a namespace land in `default`.
        cluster_wide = self.kube.list("Event", "default")
        events = [event for event in cluster_wide if self.namespace in event["involvedObject"]["name"]]
        for namespace in self.namespaces:
            events += self.kube.list("Event", namespace)
        shown: list[Json] = []
        for event in events:
            metadata, about = event["metadata"], event["involvedObject"]
            key, count = f"{metadata['namespace']}/{metadata['name']}", event.get("count", 1)
            if about["kind"] not in EVENT_KINDS or self._event_counts.get(key) == count:
                continue
            self._event_counts[key] = count
            entry = {
                "object": f"{about['kind']}/{about['name']}",
                "type": event["type"],
                "reason": event["reason"],
                "message": event["message"],
                "component": event.get("source", {}).get("component") or event.get("reportingComponent"),
            }
            if entry not in shown:
                shown.append(entry)
        return shown

    def _requests(self) -> list[Json]:
        """The requests to Vault since the last snapshot, equal ones once with their number."""
        requests: list[Json] = []
        times: list[int] = []
        for proxy in self.proxies:
            for request in proxy.take_log():
                if request in requests:
                    times[requests.index(request)] += 1
                else:
                    requests.append(request)
                    times.append(1)
        return [{**request, "times": number} for request, number in zip(requests, times)]


def present(metadata: Json, *fields: str) -> Json:
    """Those of the fields that are not empty."""
    return {field: metadata[field] for field in fields if metadata.get(field)}


def deleting(metadata: Json) -> Json:
    """A mark for what is about to go."""
    return {"deleting": True} if metadata.get("deletionTimestamp") else {}


def owners(metadata: Json) -> Json:
    """The owner references without their UIDs."""
    references = metadata.get("ownerReferences")
    if not references:
        return {}
    return {"ownerReferences": [{key: reference[key] for key in reference if key != "uid"} for reference in references]}


def status(found: Json) -> Json:
    """The status without its times."""
    shown = copy.deepcopy(found.get("status", {}))
    shown["refreshTime"] = "present" if shown.get("refreshTime") else "absent"
    if not shown.get("conditions", True):
        del shown["conditions"]
    for condition in shown.get("conditions", []):
        condition.pop("lastTransitionTime", None)
    return shown


def managed_fields(metadata: Json) -> list[Json]:
    """Who owns which fields, by manager."""
    entries = [
        {"manager": entry["manager"], "operation": entry["operation"], "fields": field_paths(entry["fieldsV1"])}
        for entry in metadata.get("managedFields", [])
    ]
    return sorted(entries, key=lambda entry: entry["manager"])


def field_paths(fields: Json, prefix: str = "") -> list[str]:
    """The paths of the leaves of a FieldsV1."""
    paths: list[str] = []
    for key, inner in fields.items():
        if key == ".":
            continue
        name = key[2:] if key[1:2] == ":" else key
        path = f"{prefix}.{name}" if prefix else name
        # An owner's key holds its UID.
        below = field_paths(inner, path) if isinstance(inner, dict) and name != "ownerReferences" else []
        paths += below or [path]
    return sorted(paths)
