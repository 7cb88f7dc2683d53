"""A destination: a real HTTP server on this machine, that answers as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """`status` and `headers` are answered; `silent` never answers, `drips` never ends."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    silent: bool = False
    drips: bool = False
    rubbish: bool = False
    received: list[Received] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, receiver: Receiver, *given: Any) -> None:
        self.receiver = receiver
        super().__init__(*given)

    def do_POST(self) -> None:
        receiver = self.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.received.append(Received(self.path, headers, body))
        if receiver.silent:
            receiver.stopped.wait()
        elif receiver.rubbish:
            self.wfile.write(b"this is not HTTP\r\n\r\n")
            self.close_connection = True
        else:
            self._answer()

    def _answer(self) -> None:
        receiver = self.receiver
        self.send_response(receiver.status)
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        length = 10_000_000 if receiver.drips else len(receiver.body)
        self.send_header("content-length", str(length))
        self.end_headers()
        if receiver.drips:
            self.wfile.write(b"x")
            self.wfile.flush()
            receiver.stopped.wait()
        else:
            self.wfile.write(receiver.body)

    def log_message(self, *_given: Any) -> None:
        """Say nothing: the tests read what was received."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_given: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def a_receiver(**answers: Any) -> Iterator[Receiver]:
    """Serve until the block ends."""
    receiver = Receiver(**answers)

    def handler(*given: Any) -> _Handler:
        return _Handler(receiver, *given)

    server = _Server(("127.0.0.1", 0), handler)
    receiver.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield receiver
    finally:
        receiver.stopped.set()
        server.shutdown()
        serving.join()
        server.server_close()
