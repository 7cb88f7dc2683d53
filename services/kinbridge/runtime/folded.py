"""What the fold of a partition came to, and why it stopped where it did. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from kinbridge.runtime.limit import Tally
from kinbridge.runtime.progress import Progress
from kinbridge.runtime.records import Outgoing
from kinbridge.runtime.seen import Kept, Waiting
from kinbridge_schemas.base import Value

S = TypeVar("S", bound=Value)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A fault of ours: the partition waits before this record. `topic` is empty for a due time."""

    topic: str
    offset: int
    code: str


@dataclass(frozen=True, slots=True)
class Suspended:
    """A source sends mostly what cannot be read: the partition waits for a person."""

    topic: str
    source: str


@dataclass(frozen=True, slots=True)
class Hole:
    """A record beyond the one that must come next."""

    topic: str
    offset: int
    expected: int


Stop = Stuck | Suspended | Hole


@dataclass(frozen=True, slots=True)
class Folded(Generic[S]):
    """What a partition's records came to.

    `taken` of them were dealt with. `more` says that due times remain which must be evaluated
    before the next record, `stop` why the fold ended early. `gaps` are the (source, topic)
    whose record came before its turn and was dropped.
    """

    before: Progress
    after: Progress
    states: Mapping[str, Kept[S]]
    tasks: Mapping[str, Waiting | None]
    outbox: tuple[Outgoing, ...]
    taken: int
    more: bool
    stop: Stop | None
    reasons: Mapping[str, int]
    dead: Mapping[str, int]
    repeats: int
    gaps: frozenset[tuple[str, str]]
    tallies: Mapping[str, Tally]
