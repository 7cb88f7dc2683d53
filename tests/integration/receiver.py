"""A case system's end of a webhook: it takes what comes over HTTP and judges the signature."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, cast

import yaml
from standardwebhooks import Webhook, WebhookVerificationError

SECRET: Final = "whsec_" + b64encode(b"a made-up secret, for the tests").decode()
ACCEPTED: Final = 204
FORGED: Final = 401


@dataclass(frozen=True, slots=True)
class Got:
    """One webhook that came with a valid signature, as it was read."""

    id: str
    body: dict[str, Any]
    text: str

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.body["data"]
        return data


class Receiver:
    """Holds what came. `answers` gives the status of each attempt; all are accepted without."""

    def __init__(self, address: str, answers: Callable[[int], int]) -> None:
        self.address: Final = address
        self.got: Final[list[Got]] = []
        self.attempts = 0
        self.forged = 0
        self._answers: Final = answers
        self._news: Final = threading.Condition()

    def environment(self, partnerships: Path) -> dict[str, str]:
        """Give the settings that the subscriptions of the partnership files name."""
        settings = {}
        for path in partnerships.glob("*.yaml"):
            for said in yaml.safe_load(path.read_text(encoding="utf-8"))["subscriptions"]:
                settings[said["url_setting"]] = f"{self.address}/{said['name']}"
                settings[said["secret_setting"]] = SECRET
        return settings

    def wait_for(self, what: Callable[[list[Got]], bool], within: float = 60.0) -> bool:
        """Wait until what came is enough."""
        with self._news:
            return self._news.wait_for(lambda: what(self.got), within)

    def take(self, headers: dict[str, str], content: bytes) -> int:
        """Judge one request and give the status to answer with."""
        body = Webhook(SECRET).verify(content, headers)
        with self._news:
            self.attempts += 1
            status = self._answers(self.attempts)
            if status == ACCEPTED:
                self.got.append(Got(headers["webhook-id"], body, content.decode()))
            self._news.notify_all()
        return status


def accepting(_attempt: int) -> int:
    return ACCEPTED


@contextmanager
def receiving(answers: Callable[[int], int] = accepting) -> Iterator[Receiver]:
    """Serve a receiver on a free port of loopback."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        receiver = server.receiver = Receiver(
            f"http://127.0.0.1:{server.server_address[1]}", answers
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        receiver = cast("_Server", self.server).receiver
        content = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            status = receiver.take(headers, content)
        except WebhookVerificationError:
            receiver.forged += 1
            status = FORGED
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: what came is in `got`."""
