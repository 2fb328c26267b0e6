"""The placeholders of recordings: `${VAULT}` and the like, filled in before a step and put back in what is seen."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Json = Any

# Shorter values stand in texts by chance.
SHORTEST_KNOWN_VALUE = 9
LOCAL_PORT = re.compile(r"read tcp 127\.0\.0\.1:\d+->")
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class ClusterValues:
    """The values that are the same for all scenarios of a run."""

    def __init__(self, pki: Path, api: str, token: str) -> None:
        ca = (pki / "ca.crt").read_text()
        self.values = {
            "${TOKEN}": token,
            "${CA_PEM}": ca,
            "${CA_BASE64}": base64.b64encode(ca.encode()).decode(),
            "${CLIENT_CERT}": (pki / "client.crt").read_text(),
            "${CLIENT_KEY}": (pki / "client.key").read_text(),
            "${SA_PUBLIC_KEY}": (pki / "service-account.pub").read_text(),
            "${KUBERNETES}": api,
        }


class Placeholders:
    """The values of one scenario. `answers` are those that it took from Vault's answers."""

    def __init__(self, cluster: ClusterValues, namespace: str, port: int, tls_port: int) -> None:
        self.namespace = namespace
        self.answers: dict[str, str] = {}
        self._addresses = {
            "${VAULT}": f"http://127.0.0.1:{port}",
            "${VAULT_TLS}": f"https://127.0.0.1:{tls_port}",
            "${VAULT_HOST}": f"127.0.0.1:{port}",
            "${VAULT_TLS_HOST}": f"127.0.0.1:{tls_port}",
        }
        self._fixed = {**self._addresses, "${NS}": namespace, **cluster.values}

    def fill(self, value: Json) -> Json:
        """The value with every placeholder filled in."""
        text = json.dumps(value)
        for name, known in {**self._fixed, **self.answers}.items():
            text = text.replace(name, json.dumps(known)[1:-1])
        return json.loads(text)

    def hide(self, value: Json, namespaces: Iterable[str], hashed_names: Iterable[str]) -> Json:
        """The value with placeholders for everything that differs between runs.

        The operator hashes `namespace/name`: `hashed_names` are the names in it.
        """
        text = json.dumps(value, ensure_ascii=False)
        namespaces = list(namespaces)
        for name in hashed_names:
            for namespace in namespaces:
                hashed = f"{namespace}/{name}"
                digest = hashlib.sha3_224(hashed.encode()).hexdigest()
                text = text.replace(digest, "${SHA3_224(" + hashed + ")}")
        for name, address in self._addresses.items():
            text = text.replace(address, name)
        text = text.replace(self.namespace, "${NS}")
        for name, known in sorted(self.answers.items(), key=lambda answer: -len(answer[1])):
            if len(known) >= SHORTEST_KNOWN_VALUE:
                text = text.replace(known, name)
        text = LOCAL_PORT.sub("read tcp 127.0.0.1:PORT->", text)
        text = TIME.sub("${TIME}", text)
        text = JWT.sub("${JWT}", text)
        return json.loads(text)
