"""Progress and outbox rows as the tables hold them, and back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kinbridge.runtime.progress import Progress, World
from kinbridge.runtime.records import Headers, Outgoing

_ZERO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_micros(when: datetime) -> int:
    """Microseconds since 1970 in UTC, negative before: exact and in order in every database."""
    return (when - _ZERO) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _ZERO + micros * _MICROSECOND


def progress_row(progress: Progress) -> dict[str, Any]:
    clocks = {at: to_micros(now) for at, now in progress.clocks.items()}
    numbers = {(str(p), topic): n for (topic, p), n in progress.numbers.items()}
    return {
        "partition": progress.partition,
        "version": progress.version,
        "epoch": progress.epoch,
        "cluster": progress.world.cluster,
        "topic_ids": json.dumps(dict(progress.world.topics)),
        "positions": json.dumps(dict(progress.positions)),
        "truncated": json.dumps(sorted(progress.truncated)),
        "expected": _nested(progress.expected),
        "numbers": _nested(numbers),
        "clocks": _nested({(writer, topic): n for (topic, writer), n in clocks.items()}),
        "judged": to_micros(progress.judged),
        "place": progress.place,
    }


def progress_of(row: Mapping[str, Any]) -> Progress:
    clocks = _flat(row["clocks"])
    return Progress(
        partition=row["partition"],
        world=World(row["cluster"], json.loads(row["topic_ids"])),
        version=row["version"],
        epoch=row["epoch"],
        positions=json.loads(row["positions"]),
        truncated=frozenset(json.loads(row["truncated"])),
        expected=_flat(row["expected"]),
        numbers={(topic, int(p)): n for (p, topic), n in _flat(row["numbers"]).items()},
        place=row["place"],
        clocks={(topic, writer): from_micros(n) for (writer, topic), n in clocks.items()},
        judged=from_micros(row["judged"]),
    )


def outbox_row(outgoing: Outgoing) -> dict[str, Any]:
    return {
        "partition": outgoing.partition,
        "place": outgoing.place,
        "topic": outgoing.topic,
        "destination": outgoing.destination,
        "key": outgoing.key,
        "value": outgoing.value,
        "headers": _joined(outgoing.headers),
    }


def outgoing_of(row: Mapping[str, Any]) -> Outgoing:
    parts = bytes(row["headers"]).split(b"\0")
    return Outgoing(
        partition=row["partition"],
        place=row["place"],
        topic=row["topic"],
        destination=row["destination"],
        key=row["key"],
        value=row["value"],
        headers=tuple(
            (name.decode(), value) for name, value in zip(parts[::2], parts[1::2], strict=True)
        ),
    )


def _joined(headers: Headers) -> bytes:
    parts = [part for name, value in headers for part in (name.encode(), value)]
    joined = b"\0".join(parts)
    if joined.count(b"\0") != len(parts) - 1:
        raise ValueError("A header holds a NUL.")
    return joined


def _nested(flat: Mapping[tuple[str, str], int]) -> str:
    """Write {(inner, outer): n} with each outer name once."""
    nested: dict[str, dict[str, int]] = defaultdict(dict)
    for (inner, outer), number in flat.items():
        nested[outer][inner] = number
    return json.dumps(nested)


def _flat(text: str) -> dict[tuple[str, str], int]:
    nested = json.loads(text)
    return {(inner, outer): n for outer, found in nested.items() for inner, n in found.items()}
