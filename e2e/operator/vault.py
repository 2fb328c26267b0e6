"""A client of the Vault server behind the proxies."""

import http.client
import json
import time
from typing import Any

Json = Any

# A fresh KV v2 mount answers this until its upgrade is done.
UPGRADING = b"pgrading"
UPGRADE_ATTEMPTS = 20


class Vault:
    """Talks to Vault with the root token."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    def connect(self) -> http.client.HTTPConnection:
        """A new connection to the server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def call(self, namespace: str, method: str, path: str, body: Json = None) -> tuple[int, Json]:
        """One request below `/v1/`: status and body of the answer."""
        headers = {"X-Vault-Token": self.token}
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        for _ in range(UPGRADE_ATTEMPTS):
            connection = self.connect()
            connection.request(method, "/v1/" + path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            if response.status != 400 or UPGRADING not in content:
                return response.status, json.loads(content) if content else {}
            time.sleep(0.2)
        return response.status, {}
