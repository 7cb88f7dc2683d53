"""Time as data: clock records, and the time of a stage as the least of its sources. Pure.

A deadline is judged only when every source of a partition has said that it has gone past it,
so that nothing is concluded from the absence of a fact that still waits upstream.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.envelope import CLOCK_TYPE, to_text
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.topics import Topic, Topics

TICKER: Final = "ticker"
"""The one clock source of a topic that is written from outside the line."""

BEFORE_TIME: Final = datetime.min.replace(tzinfo=UTC)
"""The time of a stage that has not yet heard from all its sources."""

Source = tuple[str, str]
"""A topic, and who sends its clock: `ticker` or a stage and its partition, `mapping/3`."""

Clocks = Mapping[Source, datetime]

_WHEN: Final = TypeAdapter(AwareDatetime)


def clock_sources(stage: str, reads: tuple[str, ...], topics: Topics) -> frozenset[Source]:
    """Give every source whose clock a partition of the stage waits for."""
    return frozenset(
        (topic.name, writer)
        for topic in (topics[name] for name in reads)
        if topic.clocked and stage not in topic.from_
        for party in topic.from_
        for writer in _writers(party, topics)
    )


def _writers(party: str, topics: Topics) -> tuple[str, ...]:
    # A party that reads no topic stands at the edge of the line: the ticker speaks for it.
    if not topics.read_by(party):
        return (TICKER,)
    return tuple(f"{party}/{partition}" for partition in range(topics.line_partitions))


def clocks_go_to(stage: str, writes: tuple[str, ...], topics: Topics) -> tuple[Topic, ...]:
    """Give the topics that the stage forwards its clock to."""
    named = (topics[name] for name in writes)
    return tuple(t for t in named if t.clocked and stage not in t.to)


def least(clocks: Clocks, expected: frozenset[Source]) -> datetime:
    """Give the time that every source has reached."""
    return min((clocks.get(source, BEFORE_TIME) for source in expected), default=BEFORE_TIME)


def heard(clocks: Clocks, source: Source, now: datetime) -> Clocks:
    """Take in one clock. An earlier one than the last changes nothing."""
    if now <= clocks.get(source, BEFORE_TIME):
        return clocks
    return {**clocks, source: now}


def holding_back(
    clocks: Clocks, expected: frozenset[Source], *, now: datetime, limit: timedelta
) -> frozenset[Source]:
    """Give the sources whose last clock is older than `limit`: they hold time back."""
    if now - BEFORE_TIME <= limit:
        return frozenset()
    oldest = now - limit
    return frozenset(s for s in expected if clocks.get(s, BEFORE_TIME) < oldest)


def clock_value(now: datetime) -> bytes:
    """The value of a clock record."""
    return json.dumps({"now": to_text(now)}).encode()


def clock_headers(now: datetime, source: str) -> tuple[tuple[str, bytes], ...]:
    """The headers of a clock record. `source` is `ticker` or `stage:mapping`."""
    when = to_text(now)
    pairs = (
        ("ce_specversion", "1.0"),
        ("ce_id", derive_id("clock", source, when)),
        ("ce_type", CLOCK_TYPE),
        ("ce_source", source),
        ("ce_time", when),
        ("content-type", "application/json"),
    )
    return tuple((name, text.encode()) for name, text in pairs)


def is_clock(headers: Mapping[str, bytes]) -> bool:
    return headers.get("ce_type") == CLOCK_TYPE.encode()


def read_clock(value: bytes | None) -> datetime:
    """Read the value of a clock record, in UTC. Raises UnreadableError."""
    try:
        body = json.loads(value or b"")
        when = _WHEN.validate_python(body["now"])
        return when.astimezone(UTC)
    except (ValueError, TypeError, KeyError, OverflowError, ValidationError):
        raise UnreadableError("clock-invalid", "now") from None
