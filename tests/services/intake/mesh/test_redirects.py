"""A mailbox's address is where MESH is: nobody sends us elsewhere with its certificate."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread

import pytest
from pydantic import SecretStr

from kinbridge.intake.mesh.agent import Connection, MeshBox
from kinbridge.intake.mesh.box import TryLater
from tests.services.intake.mesh.mailbox import a_mailbox


class Elsewhere(HTTPServer):
    """Sends everybody on to a page of its own, and keeps what was asked for."""

    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: Elsewhere

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append(self.path)
        here = self.path == "/here"
        self.send_response(200 if here else 302)
        self.send_header("location", "/here")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_PUT = do_POST = _answer  # noqa: N815 - names of the standard library

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    server = Elsewhere(("127.0.0.1", 0), _Handler)
    server.asked = []
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_redirect_is_followed(elsewhere: Elsewhere) -> None:
    address = SecretStr(f"http://127.0.0.1:{elsewhere.server_port}")
    box = MeshBox(
        a_mailbox(), Connection(address, SecretStr("password"), SecretStr("key")), Event()
    )
    try:
        found = [box.greet(), box.listed(), box.fetch("M1"), box.acknowledge("M1")]
    finally:
        box.close()

    assert found == [TryLater("redirected")] * 4
    assert len(elsewhere.asked) == 4
    assert "/here" not in elsewhere.asked
