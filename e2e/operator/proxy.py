"""A proxy in front of Vault that logs requests and can answer them by itself."""

import base64
import http.server
import json
import re
import ssl
import threading
import urllib.parse
from pathlib import Path
from typing import Any

from vault import Vault

Json = Any

LOGGED_HEADERS = ("x-vault-inconsistent", "x-vault-index", "x-custom")
# What the proxy sets by itself, or what belongs to one connection.
DROPPED_HEADERS = ("host", "connection", "content-length", "x-vault-namespace", "accept-encoding")
RETURNED_HEADERS = ("content-type", "x-vault-index")
JWT = re.compile(r"^[\w-]+\.([\w-]+)\.[\w-]+$")


class LoggingProxy:
    """Forwards to one namespace of Vault, so that a scenario has a server of its own.

    `faults` are answers of the proxy's own: `match` is searched in "METHOD path", `status` and `body` are answered.
    """

    def __init__(self, port: int, vault: Vault, namespace: str, tls: ssl.SSLContext | None = None) -> None:
        self.vault = vault
        self.namespace = namespace
        self.faults: list[Json] = []
        self._log: list[Json] = []
        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", port), handler_of(self))
        if tls:
            # A client that breaks off its handshake must not hold up the others.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    def requests_seen(self) -> int:
        """How many requests came since the log was taken."""
        return len(self._log)

    def take_log(self) -> list[Json]:
        """The requests since the last call."""
        with self._lock:
            log = [dict(record) for record in self._log]
            self._log.clear()
        return log

    def record(self, record: Json) -> Json | None:
        """Logs a request; the fault that answers it, if there is one."""
        with self._lock:
            self._log.append(record)
            return next((fault for fault in self.faults if re.search(fault["match"], record["request"])), None)


class Server(http.server.ThreadingHTTPServer):
    """A server that says nothing about clients that go away."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


def server_tls(pki: Path) -> ssl.SSLContext:
    """TLS that asks for a client certificate and does not require it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "server.crt", pki / "server.key")
    context.load_verify_locations(pki / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def handler_of(proxy: LoggingProxy) -> type[http.server.BaseHTTPRequestHandler]:
    """The handler class for one proxy's server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            record = self.describe(body)
            fault = proxy.record(record)
            if fault:
                text = json.dumps(fault.get("body", {"errors": []})).replace("${TOKEN}", proxy.vault.token)
                status, content, headers = fault["status"], text.encode(), {"Content-Type": "application/json"}
            else:
                status, content, headers = self.ask_vault(body)
            record["status"] = status
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = do_LIST = do_PATCH = forward

        def describe(self, body: bytes) -> Json:
            """The request as snapshots show it."""
            record: Json = {"request": f"{self.command} {self.path.removeprefix('/v1/')}"}
            if self.headers.get("X-Vault-Namespace"):
                record["namespace"] = self.headers["X-Vault-Namespace"]
            for name in self.headers:
                if name.lower() in LOGGED_HEADERS:
                    record.setdefault("headers", {})[name] = self.headers[name]
            token = self.headers.get("X-Vault-Token")
            record["token"] = "none" if not token else "store" if token == proxy.vault.token else "other"
            if isinstance(self.connection, ssl.SSLSocket) and (certificate := self.connection.getpeercert()):
                subject = dict(part[0] for part in certificate["subject"])
                record["clientCertificate"] = subject.get("commonName")
            if body:
                record.update(describe_body(body))
            return record

        def ask_vault(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
            """Status, body and headers of Vault's answer."""
            headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED_HEADERS}
            inner = self.headers.get("X-Vault-Namespace")
            headers["X-Vault-Namespace"] = proxy.namespace + ("/" + inner.strip("/") if inner else "")
            connection = proxy.vault.connect()
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            content = response.read()
            returned = {name: value for name, value in response.getheaders() if name.lower() in RETURNED_HEADERS}
            connection.close()
            return response.status, content, returned

    return Handler


def describe_body(body: bytes) -> Json:
    """The body as JSON if it is JSON, with what a service account's token in it asks for beside it."""
    try:
        parsed = json.loads(body)
        token = JWT.match(str(parsed.get("jwt", "")))
        if not token:
            return {"body": parsed}
        claims = json.loads(base64.urlsafe_b64decode(token.group(1) + "==="))
        lifetime = claims.get("exp", 0) - claims.get("iat", 0)
        shown = {"aud": claims.get("aud"), "sub": claims.get("sub"), "lifetime": lifetime}
        return {"body": {**parsed, "jwt": "${JWT}"}, "jwtClaims": shown}
    except (ValueError, AttributeError):
        return {"body": body.decode(errors="replace")}
