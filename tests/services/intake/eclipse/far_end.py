"""An Eclipse that can be asked: it gives tokens, and knows its own signatures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import parse_qs

from pydantic import SecretStr

from kinbridge.intake.eclipse.agent import EclipseApi
from kinbridge.sources.eclipse import EclipseSystem
from tests.services.intake.door import NOW

SIGNED: Final = "bWFkZSB1cA=="
HEADERS: Final = {
    "olm.notification.deliveryId": "d-0001",
    "olm.notification.deliveryTime": "2026-03-02T10:15:03Z",
    "olm.notification.eventTime": "2026-03-02T10:15:00Z",
    "olm.notification.groupId": "3",
    "olm.notification.signature": SIGNED,
    "olm.notification.signatureVersion": "1",
    "olm.notification.subscriptionId": "12",
}


def _set() -> Event:
    found = Event()
    found.set()
    return found


@dataclass(slots=True)
class Eclipse:
    """What it answers with, and what it was asked."""

    status: int = 200
    answer: str = ""
    token_status: int = 200
    tokens: int = 0
    goes_on: Event = field(default_factory=_set)
    """Until it is set, nothing is answered about a signature."""
    taken: int = 1
    """The number of the only token that is taken."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    base: str = ""

    def token(self, form: str) -> tuple[int, str]:
        self.forms.append(parse_qs(form))
        self.tokens += 1
        return self.token_status, f'{{"access_token":"t{self.tokens}","expires_in":600}}'

    def verify(self, shown: str, body: str) -> tuple[int, str]:
        if shown not in {f"Bearer t{self.taken}", "Bearer given"}:
            return 401, "{}"
        assert self.goes_on.wait(20.0)
        question = json.loads(body)
        given = question["variables"]["input"]
        self.asked.append(question)
        status = {"deliveryId": given["deliveryId"], "verified": given["signature"] == SIGNED}
        told = json.dumps({"data": {"verifyNotificationSignature": status}})
        return self.status, self.answer or told


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True


@contextmanager
def an_eclipse(eclipse: Eclipse) -> Iterator[Eclipse]:
    """Listen on this machine until it is over."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            shown = self.headers.get("authorization", "")
            found = eclipse.token(text) if self.path == "/token" else eclipse.verify(shown, text)
            content = found[1].encode()
            self.send_response(found[0])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_said: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    eclipse.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield eclipse
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


CLIENT: Final = {
    "kind": "client",
    "token_address_setting": "KINBRIDGE_ECLIPSE_TOKENS",
    "client_setting": "KINBRIDGE_ECLIPSE_CLIENT",
    "secret_setting": "KINBRIDGE_ECLIPSE_SECRET",
    "scope": "api://eclipse/.default",
}


def a_system(**changes: Any) -> EclipseSystem:
    return EclipseSystem.model_validate(
        {
            "name": "eclipse",
            "source": "209.eclipse",
            "address_setting": "KINBRIDGE_ECLIPSE_ADDRESS",
            "auth": CLIENT,
            "groups": ["3"],
            **changes,
        }
    )


def api(eclipse: Eclipse, config: EclipseSystem | None = None, now: datetime = NOW) -> EclipseApi:
    held = {
        "KINBRIDGE_ECLIPSE_ADDRESS": f"{eclipse.base}/graphql",
        "KINBRIDGE_ECLIPSE_TOKENS": f"{eclipse.base}/token",
        "KINBRIDGE_ECLIPSE_CLIENT": "kinbridge",
        "KINBRIDGE_ECLIPSE_SECRET": "made up",
        "KINBRIDGE_ECLIPSE_TOKEN": "given",
    }
    return EclipseApi(config or a_system(), lambda name: SecretStr(held[name]), lambda: now)
