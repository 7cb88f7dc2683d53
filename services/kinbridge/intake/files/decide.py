"""Decide about loads of files: which are complete, how one ended, and what is said of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kinbridge_casesystem.quality import Report

MARKER: Final = ".done"
TAKEN: Final = "taken"
REFUSED: Final = "refused"

_UNFINISHED: Final = (".part", ".partial", ".filepart", ".tmp", ".crdownload", MARKER)
_OURS: Final = frozenset({TAKEN, REFUSED})

Shape = tuple[tuple[str, int, int], ...]
"""What is seen of a load without reading it: each file, its bytes, when it last changed."""

Seen = Mapping[str, Shape]
"""What one look at a folder finds, by name; markers are among the names."""


def complete(before: Seen, now: Seen, by: Literal["rename", "marker"]) -> tuple[str, ...]:
    """Give the loads that nobody writes any more: the same in two looks, and said to be done."""
    return tuple(
        name
        for name, shape in sorted(now.items())
        if shape and is_load(name) and before.get(name) == shape
        if by == "rename" or f"{name}{MARKER}" in now
    )


def is_load(name: str) -> bool:
    """Whether a name in the folder may be a load at all."""
    low = name.lower()
    return not name.startswith(".") and low not in _OURS and not low.endswith(_UNFINISHED)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load of which every record is durable. `digest` names it, by its content."""

    digest: str
    records: int
    report: Report


@dataclass(frozen=True, slots=True)
class LoadRefused:
    """A load of which nothing was taken in: a reason code, and the place without a value."""

    digest: str
    reason: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class LoadWaits:
    """Not all of a load could be written: all of it is to be taken again."""

    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoadRepeated:
    """A load that was taken before, byte for byte."""

    digest: str


End = Loaded | LoadRefused | LoadRepeated | LoadWaits


def report_of(end: Loaded | LoadRefused, source: str, kind: str, now: datetime) -> str:
    """Give what lies beside a load that was taken or refused. It holds no value of it."""
    head = [f"source {source}", f"kind {kind}", f"at {now.isoformat()}"]
    if isinstance(end, Loaded):
        said = [f"taken: {end.records} records", *end.report.lines()]
    else:
        where = f" at {end.path}" if end.path else ""
        said = [f"refused: {end.reason}{where}", "Nothing of it was taken in."]
    return "\n".join((*head, *said, ""))
