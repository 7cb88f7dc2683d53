"""Read a record before its turn: its number, and the fact, clock or fault that it is. Pure.

Nothing here depends on a state, so a turn that is thrown away need not read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Final, TypeVar

from kinbridge.runtime.clock import TICKER, Source, is_clock, read_clock
from kinbridge.runtime.partitioner import partition_of
from kinbridge.runtime.plan import Plan
from kinbridge.runtime.records import Record
from kinbridge.runtime.sequence import Numbered, numbered
from kinbridge.stage import Message
from kinbridge_schemas.base import Value
from kinbridge_schemas.envelope import Envelope, from_headers
from kinbridge_schemas.problems import UnreadableError

S = TypeVar("S", bound=Value)

KEY_BYTES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Fact:
    """A record for the stage, and the key of the state it is for."""

    message: Message
    key: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A clock record of one source."""

    source: Source
    now: datetime


@dataclass(frozen=True, slots=True)
class Unread:
    """A record that nobody can ever read. Its envelope is given if that much was readable."""

    reason: str
    path: str
    envelope: Envelope | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A record whose reading failed by a fault of ours, at the place that `code` names."""

    code: str


@dataclass(frozen=True, slots=True)
class Prepared:
    record: Record
    numbered: Numbered | None
    item: Fact | Tick | Unread | Broken


def prepare(plan: Plan[S], record: Record) -> Prepared:
    """Read one record. Never raises: a fault is one of the answers."""
    number: Numbered | None = None
    envelope: Envelope | None = None
    try:
        number = numbered(record.headers)
        if is_clock(record.headers):
            writer = number.writer if number else TICKER
            return Prepared(record, number, Tick((record.topic, writer), read_clock(record.value)))
        envelope = from_headers(record.headers)
        return Prepared(record, number, _fact(plan, record, envelope))
    except UnreadableError as fault:
        return Prepared(record, number, Unread(fault.reason, fault.path, envelope))
    except Exception as bug:  # noqa: BLE001 - whatever it is, the record is told and not lost
        return Prepared(record, number, Broken(place_of(bug)))


def _fact(plan: Plan[S], record: Record, envelope: Envelope) -> Fact:
    key, topic = _key(record), plan.topics[record.topic]
    if partition_of(record.key or b"", topic.partitions) != record.partition:
        raise UnreadableError("misrouted", "key")
    if record.value is None:
        raise UnreadableError("value-missing", "value")
    body = plan.codec.decode(topic.schema_, envelope, record.value)
    message = Message(record.topic, key, envelope, body)
    return Fact(message, plan.stage.key(message))


def _key(record: Record) -> str:
    if not record.key:
        raise UnreadableError("key-missing", "key")
    try:
        key = record.key.decode()
    except UnicodeDecodeError:
        raise UnreadableError("key-invalid", "key") from None
    # No database keeps a NUL in a text, and a key is a pseudonym of a few dozen letters.
    if "\0" in key or len(record.key) > KEY_BYTES:
        raise UnreadableError("key-invalid", "key")
    return key


def place_of(bug: BaseException) -> str:
    """Name an exception by its type and place, and never by its text, which may hold values."""
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(bug).__name__
    file = PurePath(trace.tb_frame.f_code.co_filename).name
    return f"{type(bug).__name__} at {file}:{trace.tb_lineno}"
