"""What every door does, in this order: who, may they, how large, what is it, is it durable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

import structlog
from fastapi import Request, Response
from pydantic import Field

from kinbridge.intake.agent import Clock, Durable, NotWritten, write
from kinbridge.intake.body import read_body
from kinbridge.intake.decide import Accepted, Decided, Entrance, Refused
from kinbridge.intake.keys import Door, Keys, SourceKey
from kinbridge.intake.meters import Meters
from kinbridge.intake.replies import RETRY_AFTER, accepted, refused
from kinbridge_schemas.base import Value
from kinbridge_schemas.identifiers import Pseudonymiser

KEY_HEADER: Final = "X-API-Key"
_MOST_KEY: Final = 200
_NOT_NOW: Final = 503

_log = structlog.get_logger("kinbridge.intake")

_NO_KEY: Final = Refused(401, "key-missing", f"Send your key in the header {KEY_HEADER}.")
_BAD_KEY: Final = Refused(401, "key-unknown", "The key is not known.")
_NOT_YOURS: Final = Refused(403, "door-not-of-key", "The key does not open this door.")
_NOT_SYSTEM: Final = Refused(403, "system-not-of-key", "The key is another system's.", "system")
_NOT_JSON: Final = Refused(415, "media-type-not-accepted", "Send application/json.")
_BUSY: Final = Refused(429, "too-busy", "Too much is being received. Send it again shortly.")

Decide = Callable[[bytes, Entrance], Decided | Awaitable[Decided]]
"""Decides about a body; with somebody else's word for it, that takes a while."""


class Limits(Value):
    """What one process takes on: bytes of a body, and requests at one time; the same of files."""

    max_bytes: Annotated[int, Field(ge=1_000, le=6_000_000)] = 5_000_000
    max_in_flight: Annotated[int, Field(ge=1)] = 256
    max_file_bytes: Annotated[int, Field(ge=1_000, le=16_000_000_000)] = 500_000_000
    max_files: Annotated[int, Field(ge=1)] = 2


@dataclass(slots=True)
class Doorway:
    """The parts that all doors share."""

    keys: Keys
    durable: Durable
    pseudonymiser: Pseudonymiser
    clock: Clock
    limits: Limits
    meters: Meters = field(default_factory=Meters)
    _inside: int = 0

    async def enter(
        self, request: Request, door: Door, decide: Decide | Refused, system: str | None = None
    ) -> Response:
        """Take one request in, or say why not. Answers 202 only when all of it is durable."""
        return await self.admit(request, door, decide, self.sender(request, door, system))

    async def admit(
        self, request: Request, door: Door, decide: Decide | Refused, sender: SourceKey | Refused
    ) -> Response:
        """Take in what a sender brings who is known already, or is refused already."""
        if isinstance(sender, Refused):
            return self.refuse(door, sender)
        if isinstance(decide, Refused):
            return self.refuse(door, decide)
        if self._inside >= self.limits.max_in_flight:
            return self.refuse(door, _BUSY, retry=True)
        self._inside += 1
        self.meters.waiting.set(self._inside)
        try:
            return await self._take(request, door, decide, sender)
        finally:
            self._inside -= 1
            self.meters.waiting.set(self._inside)

    async def _take(
        self, request: Request, door: Door, decide: Decide, sender: SourceKey
    ) -> Response:
        body = await read_body(request, self.limits.max_bytes)
        if isinstance(body, Refused):
            return self.refuse(door, body)
        said = decide(body, Entrance(sender, self.pseudonymiser, self.clock()))
        decided = await said if isinstance(said, Awaitable) else said
        if isinstance(decided, Refused):
            return self.refuse(door, decided, retry=decided.status == _NOT_NOW)
        with self.meters.durable_seconds.time():
            written = await write(self.durable, decided.entries)
        if isinstance(written, NotWritten):
            problem = Refused(503, written.reason, "It could not be stored. Send it again.")
            return self.refuse(door, problem, retry=True)
        return self._accept(door, sender, decided)

    def sender(self, request: Request, door: Door, system: str | None) -> SourceKey | Refused:
        """Give whose key a request shows, or why it may not come in."""
        presented = request.headers.get(KEY_HEADER)
        if not presented:
            return _NO_KEY
        sender = self.keys.find(presented[:_MOST_KEY])
        if sender is None:
            return _BAD_KEY
        if door not in sender.doors:
            return _NOT_YOURS
        if system is not None and system != sender.source:
            return _NOT_SYSTEM
        return sender

    def _accept(self, door: Door, sender: SourceKey, found: Accepted) -> Response:
        response = accepted(found, door)
        self.meters.requests.labels(door, str(response.status_code), "accepted").inc()
        self.meters.records.labels(door).inc(len(found.entries))
        _log.info(
            "intake.accepted", door=door, key=sender.name, records=len(found.entries), id=found.id
        )
        return response

    def refuse(self, door: Door, found: Refused, *, retry: bool = False) -> Response:
        """Say no, and count it."""
        self.meters.requests.labels(door, str(found.status), found.reason).inc()
        _log.info("intake.refused", door=door, status=found.status, reason=found.reason)
        return refused(found, door, RETRY_AFTER if retry else None)


def json_only(request: Request, decide: Decide) -> Decide | Refused:
    """Let JSON through, in UTF-8, and nothing else."""
    essence, *parameters = (
        part.strip() for part in request.headers.get("content-type", "").lower().split(";")
    )
    charsets = [p.partition("=")[2].strip('" ') for p in parameters if p.startswith("charset")]
    if essence != "application/json" or any(c not in ("utf-8", "utf8") for c in charsets):
        return _NOT_JSON
    return decide
