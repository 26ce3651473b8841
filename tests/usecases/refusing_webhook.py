"""An admission webhook, as a team would run one: a real HTTPS server that a cluster asks."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from prodfirst.localcloud.certificates import Leaf, Root

NAME = "tiers.acme.test"


@dataclass
class Webhook:
    """Refuses every object whose label `tier` says `refused`."""

    url: str
    authority: bytes
    dry_runs: bool = True
    """Whether it judges dry runs too."""

    def manifest(self) -> dict[str, Any]:
        """What a cluster is told of it."""
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["services"]}
        hook = {
            "name": NAME,
            "clientConfig": {"url": self.url, "caBundle": base64.b64encode(self.authority).decode()},
            "rules": [rule],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "failurePolicy": "Fail",
        }
        kind = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "tiers"},
        }
        return {**kind, "webhooks": [hook]}

    def judge(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one question of the API server."""
        labels = ((request.get("object") or {}).get("metadata") or {}).get("labels") or {}
        asked = self.dry_runs or not request.get("dryRun")
        if asked and labels.get("tier") == "refused":
            return {"uid": request["uid"], "allowed": False, "status": {"message": "no such tier here"}}
        return {"uid": request["uid"], "allowed": True}


@contextmanager
def webhook(folder: Path) -> Iterator[Webhook]:
    """One that runs meanwhile."""
    folder.mkdir()
    root = Root(folder, "webhook", "webhook")
    (folder / "pair.pem").write_bytes(root.issue(Leaf("webhook", addresses=["127.0.0.1"], server=True)))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({**review, "response": made.judge(review["request"])}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made = Webhook(f"https://127.0.0.1:{server.server_port}/", root.path.read_bytes())
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield made
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
