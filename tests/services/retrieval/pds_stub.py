"""A PDS on this machine, as far as an application meets one: tokens, records, refusals, limits.

What it answers is held to the published examples by tests/samples/test_pds_stub.py. It gives a
token for a JWT that is signed as NHS England asks, takes it until it has run out or is revoked,
and counts what comes too often.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT: Final = "an-application-of-tests"
KEY_ID: Final = "test-1"
LONGEST: Final = 300
"""Seconds that a signed JWT may last."""

_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PATH: Final = re.compile(r"/personal-demographics/FHIR/R4/Patient/([^/]+)(/RelatedPerson)?")
_ERRORS: Final = "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode"
_TEN: Final = 10

Resource = dict[str, Any]
Answer = tuple[int, dict[str, str], Resource]


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A pair of keys, as an application has them."""

    private: str
    public: str


def a_key() -> Key:
    made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(private.decode(), public.decode())


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """One request for a record: when it was made, and what was shown."""

    at: datetime
    path: str
    headers: dict[str, str]


@dataclass(slots=True, repr=False)
class PdsStub:
    """`records` by the number they are asked for; one under another's number supersedes it.

    `refuse` gives a status and headers that are answered instead, once for each entry.
    """

    key: Key
    clock: Callable[[], datetime]
    port: int = 0
    records: dict[str, Resource] = field(default_factory=dict)
    relatives: dict[str, list[Resource]] = field(default_factory=dict)
    invalidated: set[str] = field(default_factory=set)
    refuse: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    lasts: int = 599
    asked: list[Seen] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    until: float = 0.0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/personal-demographics/FHIR/R4"

    @property
    def token_address(self) -> str:
        return f"http://127.0.0.1:{self.port}/oauth2/token"

    def revoke(self) -> None:
        """Take no token that was given so far."""
        self.until = 0.0

    # -- tokens

    def token(self, form: dict[str, list[str]]) -> tuple[int, Resource]:
        problem = self._refusal(form)
        if problem is not None:
            return 400, {"error": "invalid_request", "error_description": problem}
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        self.until = self.clock().timestamp() + self.lasts
        # NHS England's answers have the seconds as text.
        return 200, {
            "access_token": self.tokens[-1],
            "expires_in": str(self.lasts),
            "token_type": "Bearer",
        }

    def _refusal(self, form: dict[str, list[str]]) -> str | None:
        if form.get("grant_type") != ["client_credentials"]:
            return "grant_type is invalid"
        if form.get("client_assertion_type") != [_BEARER]:
            return "client_assertion_type is invalid"
        try:
            said = form["client_assertion"][0]
            claims = jwt.decode(
                said,
                self.key.public,
                algorithms=["RS512"],
                audience=self.token_address,
                options={"verify_exp": False, "require": ["exp", "jti", "iss", "sub"]},
            )
            head = jwt.get_unverified_header(said)
        except (KeyError, jwt.PyJWTError):
            return "Malformed JWT in client_assertion"
        if head.get("kid") != KEY_ID:
            return "Invalid 'kid' header in client_assertion JWT"
        if not claims["iss"] == claims["sub"] == CLIENT:
            return "Invalid 'iss'/'sub' claims in client_assertion JWT"
        left = claims["exp"] - self.clock().timestamp()
        if not 0 < left <= LONGEST:
            return "Invalid 'exp' claim in client_assertion JWT"
        if claims["jti"] in self.used:
            return "Non-unique 'jti' claim in client_assertion JWT"
        self.used.add(claims["jti"])
        return None

    # -- records

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        self.asked.append(Seen(self.clock(), path, headers))
        if self.refuse:
            status, more = self.refuse.pop(0)
            return status, more, outcome("UNABLE_TO_CALL_SERVICE")
        if not self._permitted(headers.get("authorization", "")):
            return 401, {}, outcome("ACCESS_DENIED")
        if not _is_uuid(headers.get("x-request-id", "")):
            return 400, {}, outcome("INVALID_REQUEST")
        found = _PATH.fullmatch(path)
        if found is None:
            return 404, {}, outcome("RESOURCE_NOT_FOUND")
        return self._related(found[1]) if found[2] else self._patient(found[1])

    def _permitted(self, shown: str) -> bool:
        current = self.tokens and shown == f"Bearer {self.tokens[-1]}"
        return bool(current) and self.clock().timestamp() < self.until

    def _patient(self, number: str) -> Answer:
        if len(number) != _TEN:
            return 400, {}, outcome("INVALID_RESOURCE_ID")
        if number in self.invalidated:
            return 404, {}, outcome("INVALIDATED_RESOURCE")
        record = self.records.get(number)
        if record is None:
            return 404, {}, outcome("RESOURCE_NOT_FOUND")
        return 200, {"etag": f'W/"{record["meta"]["versionId"]}"'}, record

    def _related(self, number: str) -> Answer:
        if number not in self.records:
            return self._patient(number)
        found = self.relatives.get(number, [])
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if found:
            address = f"https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/{number}"
            bundle["entry"] = [
                {"fullUrl": f"{address}/RelatedPerson/{each['id']}", "resource": each}
                for each in found
            ]
        return 200, {}, bundle


def outcome(code: str) -> Resource:
    coding = {"system": _ERRORS, "version": "1", "code": code, "display": code}
    issue = {"severity": "error", "code": "processing", "details": {"coding": [coding]}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, stub: PdsStub, *given: Any) -> None:
        self.stub = stub
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        status, said = self.stub.token(parse_qs(body))
        self._answer(status, {"content-type": "application/json"}, said)

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, more, said = self.stub.answer(self.path, headers)
        self._answer(status, {"content-type": "application/fhir+json", **more}, said)

    def _answer(self, status: int, headers: dict[str, str], said: Resource) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given: Any) -> None:
        """Say nothing: addresses hold numbers, and the tests read what was asked."""


@contextmanager
def a_pds(key: Key, clock: Callable[[], datetime]) -> Iterator[PdsStub]:
    """Serve until the block ends."""
    stub = PdsStub(key, clock)

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
