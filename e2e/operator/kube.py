"""A client of the API server, for the kinds that scenarios use."""

import http.client
import json
import ssl
import threading
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple

CORE = "v1"
SECRETS = "external-secrets.io/v1"
ALPHA = "external-secrets.io/v1alpha1"
GENERATORS = "generators.external-secrets.io/v1alpha1"

MERGE_PATCH = "application/merge-patch+json"
ATTEMPTS = 3

Json = Any


class Kind(NamedTuple):
    """How the API server names a kind in a path."""

    api_version: str
    plural: str
    namespaced: bool = True


KINDS = {
    "Namespace": Kind(CORE, "namespaces", namespaced=False),
    "Secret": Kind(CORE, "secrets"),
    "ConfigMap": Kind(CORE, "configmaps"),
    "ServiceAccount": Kind(CORE, "serviceaccounts"),
    "Event": Kind(CORE, "events"),
    "ExternalSecret": Kind(SECRETS, "externalsecrets"),
    "SecretStore": Kind(SECRETS, "secretstores"),
    "ClusterSecretStore": Kind(SECRETS, "clustersecretstores", namespaced=False),
    "ClusterExternalSecret": Kind(SECRETS, "clusterexternalsecrets", namespaced=False),
    "PushSecret": Kind(ALPHA, "pushsecrets"),
    "ClusterPushSecret": Kind(ALPHA, "clusterpushsecrets", namespaced=False),
    "VaultDynamicSecret": Kind(GENERATORS, "vaultdynamicsecrets"),
    "Password": Kind(GENERATORS, "passwords"),
    "UUID": Kind(GENERATORS, "uuids"),
    "Fake": Kind(GENERATORS, "fakes"),
    "ClusterGenerator": Kind(GENERATORS, "clustergenerators", namespaced=False),
    "GeneratorState": Kind(GENERATORS, "generatorstates"),
}


class Answer(NamedTuple):
    """What the API server answered, with the texts of its warnings."""

    status: int
    body: Json
    warnings: list[str]

    @property
    def refused(self) -> bool:
        return self.status >= 300


def path_of(kind: str, namespace: str | None, name: str | None = None, api_version: str | None = None) -> str:
    """The path of an object, or of the list of its kind."""
    default_version, plural, namespaced = KINDS[kind]
    version = api_version or default_version
    prefix = "apis" if "/" in version else "api"
    parts = [prefix, version]
    if namespaced:
        parts += ["namespaces", str(namespace)]
    parts.append(plural)
    if name:
        parts.append(name)
    return "/".join(parts)


class Kube:
    """Talks to the API server as admin. Each thread has a connection of its own."""

    def __init__(self, url: str, pki: Path) -> None:
        self.url = url
        address = urllib.parse.urlsplit(url)
        self.host, self.port = address.hostname or "127.0.0.1", address.port
        self.tls: ssl.SSLContext | None = None
        # The stand-in of an API server has no TLS, and asks for no credentials.
        if address.scheme == "https":
            self.tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))
            self.tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self.local = threading.local()

    def call(self, method: str, path: str, body: Json = None, content_type: str = "application/json") -> Answer:
        """One request, repeated if the connection fails."""
        # The API server takes the name of the field manager from the user agent.
        headers = {"Content-Type": content_type, "Accept": "application/json", "User-Agent": "recorder"}
        payload = None if body is None else json.dumps(body)
        for remaining in reversed(range(ATTEMPTS)):
            connection = self._connection()
            try:
                connection.request(method, "/" + path, payload, headers)
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException):
                self.local.connection = None
                if not remaining:
                    raise
                continue
            warnings = [warning_text(header) for header in response.headers.get_all("Warning") or []]
            return Answer(response.status, json.loads(content or b"{}"), warnings)
        raise AssertionError("the last attempt returns or raises")

    def _connection(self) -> http.client.HTTPConnection:
        connection = getattr(self.local, "connection", None)
        if connection is None:
            if self.tls:
                connection = http.client.HTTPSConnection(self.host, self.port, context=self.tls, timeout=60)
            else:
                connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
            self.local.connection = connection
        return connection

    def get(self, kind: str, namespace: str | None, name: str) -> Json | None:
        """The object, or None if there is none."""
        answer = self.call("GET", path_of(kind, namespace, name))
        return answer.body if answer.status == 200 else None

    def list(self, kind: str, namespace: str | None) -> list[Json]:
        """The kind's objects in the namespace; none if the API server does not know the kind."""
        answer = self.call("GET", path_of(kind, namespace))
        return answer.body.get("items", []) if answer.status == 200 else []

    def apply(self, namespace: str | None, manifest: Json) -> Answer:
        """Creates the object, or merges the manifest into the one that exists."""
        kind, metadata, version = manifest["kind"], manifest["metadata"], manifest["apiVersion"]
        namespace = metadata.get("namespace", namespace)
        answer = self.call("POST", path_of(kind, namespace, api_version=version), manifest)
        if answer.status == 409:
            path = path_of(kind, namespace, metadata["name"], version)
            answer = self.call("PATCH", path, manifest, MERGE_PATCH)
        return answer

    def patch(self, kind: str, namespace: str | None, name: str, patch: Json) -> Answer:
        """Merges the patch into the object."""
        return self.call("PATCH", path_of(kind, namespace, name), patch, MERGE_PATCH)

    def delete(self, kind: str, namespace: str | None, name: str) -> Answer:
        """Deletes the object."""
        return self.call("DELETE", path_of(kind, namespace, name))


def warning_text(header: str) -> str:
    """The text of a Warning header, which stands in quotes behind a code and an agent."""
    return header.split('"', 1)[1].rstrip('"')
