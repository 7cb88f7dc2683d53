"""A FHIR server on this machine, as far as a sender meets one: it creates what it does not hold.

It validates by fhir.resources, knows If-None-Exist by identifier (FHIR R4 section 3.1.0.8.1)
and a bearer token, and answers with an OperationOutcome what it refuses.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from fhir.resources.R4B.communication import Communication
from fhir.resources.R4B.task import Task
from pydantic import ValidationError

TOKEN: Final = "a.token-of-tests"  # noqa: S105 - of these tests only
_KINDS: Final[dict[str, Any]] = {"Communication": Communication, "Task": Task}

Resource = dict[str, Any]


@dataclass(slots=True)
class FhirServerStub:
    """`held` are the resources in the order they were created; `refuse` answers instead.

    `refuse` gives a status and the code of an issue, once for each entry.
    """

    port: int = 0
    held: list[Resource] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refuse: list[tuple[int, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir/R4"

    def of_kind(self, kind: str) -> list[Resource]:
        return [held for held in self.held if held["resourceType"] == kind]

    def create(self, kind: str, body: bytes, condition: str) -> tuple[int, Resource]:
        with self.lock:
            if self.refuse:
                status, code = self.refuse.pop(0)
                return status, outcome(code)
            found = [r for r in self.of_kind(kind) if _fits(r, condition)]
            if len(found) > 1:
                return 412, outcome("multiple-matches")
            if found:
                return 200, found[0]
            try:
                _KINDS[kind].model_validate_json(body)
            except ValidationError:
                return 422, outcome("invalid")
            created = {**json.loads(body), "id": str(len(self.held) + 1)}
            self.held.append(created)
            return 201, created


def outcome(code: str) -> Resource:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


def _fits(resource: Resource, condition: str) -> bool:
    wanted = parse_qs(condition, strict_parsing=True)
    assert set(wanted) == {"identifier"}
    system, _, value = wanted["identifier"][0].partition("|")
    return {"system": system, "value": value} in resource["identifier"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, stub: FhirServerStub, *given: Any) -> None:
        self.stub = stub
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        condition = self.headers["if-none-exist"]
        kind = self.path.removeprefix("/fhir/R4/")
        self.stub.asked.append((self.path, unquote(condition)))
        if self.headers["authorization"] != f"Bearer {TOKEN}":
            self._answer(401, outcome("login"))
        elif kind not in _KINDS or "fhir+json" not in self.headers["content-type"]:
            self._answer(404, outcome("not-supported"))
        else:
            self._answer(*self.stub.create(kind, body, condition))

    def _answer(self, status: int, said: Resource) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/fhir+json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given: Any) -> None:
        """Say nothing: the tests read what is held."""


@contextmanager
def a_fhir_server() -> Iterator[FhirServerStub]:
    """Serve until the block ends."""
    stub = FhirServerStub()

    def handler(*given: Any) -> _Handler:
        return _Handler(stub, *given)

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    stub.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield stub
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
