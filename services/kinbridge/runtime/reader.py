"""What the loop is given from outside: runs, a consumer to steer, a pace, and a way to end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from kinbridge.runtime.exits import Exit
from kinbridge.runtime.records import Record
from kinbridge.runtime.world import Bounds

Place = tuple[str, int]
"""A topic and a partition."""

Fail = Callable[[Exit, str], NoReturn]
"""Ends the worker with a code and a text without values."""


class BrokerAwayError(Exception):
    """Kafka did not answer. The text is a code."""


class Reader(Protocol):
    """The consumer, as the loop needs it."""

    def assigned(self) -> frozenset[Place]:
        """Give the partitions that this worker has now."""

    def flows(self) -> bool:
        """Say whether records flow: not before the first assignment, nor during another."""

    def positions(self) -> Mapping[Place, int]:
        """Give how far each assigned partition has been fetched, where that is known."""

    async def bounds(self, places: frozenset[Place]) -> Mapping[Place, Bounds]:
        """Ask where partitions start and end, and what the group has committed.

        Raises BrokerAwayError.
        """

    async def seek(self, positions: Mapping[Place, int]) -> None:
        """Fetch from these offsets on."""

    def pause(self, places: frozenset[Place]) -> None:
        """Stop fetching from partitions."""

    def resume(self, places: frozenset[Place]) -> None:
        """Fetch from them again."""


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one partition in the order of their offsets, and how to say they are done."""

    partition: int
    records: Sequence[Record]
    done: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How a worker goes: seconds, and counts of records or of attempts in a row.

    A turn takes about `turn_records` at the most. `look_again` is how long a stuck partition
    waits before it is tried again; `store_away` and `broker_away` how long a database or
    Kafka may be away while partitions are taken up.
    """

    turn_records: int = 500
    housekeeping: float = 0.5
    look_again: float = 60.0
    races: int = 20
    holes: int = 20
    store_away: float = 300.0
    broker_away: float = 300.0
