"""What comes from a topic and what goes to one, as the engine holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was fetched. Of a header that comes twice the last one counts.

    `timestamp` is Kafka's, in milliseconds since 1970: it stands with the record, so that a
    replay sees the same.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that a stage decided to write: where to, and all but its number."""

    topic: str
    destination: int
    key: bytes | None
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row of the outbox: exactly the bytes that go out, however often they are sent.

    `partition` is the stage's own, `place` the order in which that partition said it, and
    `destination` the partition written to.
    """

    partition: int
    place: int
    topic: str
    destination: int
    key: bytes | None
    value: bytes
    headers: Headers
