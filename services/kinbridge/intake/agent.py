"""The outside of intake: writing records so that they cannot be lost, and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from kinbridge.intake.entries import Entry
from kinbridge.runtime.durable import KafkaDurable, NotDurableError
from kinbridge.runtime.exits import Exit
from kinbridge_schemas.envelope import to_headers

Clock = Callable[[], datetime]
__all__ = [
    "BROKER_LOST",
    "Clock",
    "Durable",
    "NotDurableError",
    "NotWritten",
    "Written",
    "open_durable",
    "wall_clock",
    "write",
]

BROKER_LOST: Final = int(Exit.BROKER)
"""The exit code of a source's process whose Kafka client needs a new start."""


class Durable(Protocol):
    """Where records become durable. `send` returns once they are, or raises NotDurableError."""

    @property
    def ready(self) -> bool: ...

    async def send(
        self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Written:
    """Every record is durable."""


@dataclass(frozen=True, slots=True)
class NotWritten:
    """At least one record may not be. The sender must send all of them again."""

    reason: str


async def write(durable: Durable, entries: Sequence[Entry]) -> Written | NotWritten:
    """Write all records of one request, and wait for every one of them."""
    sent = await asyncio.gather(*(_one(durable, entry) for entry in entries))
    failed = next((reason for reason in sent if reason), "")
    return NotWritten(failed) if failed else Written()


async def _one(durable: Durable, entry: Entry) -> str:
    try:
        await durable.send(entry.topic, entry.key, entry.value, to_headers(entry.envelope))
    except NotDurableError as problem:
        return problem.reason
    return ""


def open_durable(kafka: Mapping[str, str], within: float) -> KafkaDurable:
    """Give the real one: Kafka's idempotent producer. `within` is in seconds."""
    return KafkaDurable(kafka, within=within)


def wall_clock() -> datetime:
    """The time by which what is received is recorded. Nothing behind the door reads it."""
    return datetime.now(UTC)
