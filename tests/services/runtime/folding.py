"""Build records and fold them, with nothing read from a store but what is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kinbridge.runtime.clock import clock_headers, clock_value
from kinbridge.runtime.fold import Fold
from kinbridge.runtime.folded import Folded
from kinbridge.runtime.limit import Limit
from kinbridge.runtime.partitioner import partition_of
from kinbridge.runtime.plan import Plan, make_plan
from kinbridge.runtime.prepare import prepare
from kinbridge.runtime.progress import Progress, World
from kinbridge.runtime.records import Record
from kinbridge.runtime.seen import Kept, MissingError, Seen, Shelf
from kinbridge.stage import Stage
from kinbridge_schemas.envelope import to_headers
from tests.services.runtime.counting import Thing, codec, envelope_of, minutes, topics

WORLD = World("a")


def plan_of(stage: Stage[Any], *, due_chunk: int = 200, limit: Limit | None = None) -> Plan[Any]:
    """Make a stage's plan over one partition, so that every key is at home."""
    return make_plan(stage, topics(1), codec(), due_chunk=due_chunk, limit=limit)


def fact(offset: int, thing: Thing, *, topic: str = "heads", source: str = "") -> Record:
    """Make a record of a thing; with a source, it carries the number of its offset."""
    headers = dict(to_headers(envelope_of(thing)))
    return _record(topic, offset, thing.key.encode(), codec().encode(thing), headers, source)


def tick(offset: int, minute: float, *, topic: str = "heads", source: str = "") -> Record:
    """Make a clock record of a minute after the start."""
    headers = dict(clock_headers(minutes(minute), "ticker"))
    return _record(topic, offset, None, clock_value(minutes(minute)), headers, source)


def _record(
    topic: str,
    offset: int,
    key: bytes | None,
    value: bytes,
    headers: dict[str, bytes],
    source: str,
) -> Record:
    if source:
        headers |= {"src": source.encode(), "seq": str(offset).encode()}
    partition = partition_of(key or b"", 1)
    return Record(topic, partition, offset, 0, key, value, headers)


class Partition:
    """One partition of a stage: what its folds leave behind."""

    def __init__(self, plan: Plan[Any], progress: Progress | None = None) -> None:
        self.plan = plan
        self.progress = progress or Progress(0, WORLD)
        self.states: dict[str, Kept[Any]] = {}
        self.said: list[tuple[Any, ...]] = []
        self.folds: list[Folded[Any]] = []

    def fold(self, records: Sequence[Record]) -> Folded[Any]:
        """Fold one batch and keep what it came to."""
        keys, prepared = set(self.states), [prepare(self.plan, record) for record in records]
        due = [(kept.due, key) for key, kept in self.states.items() if kept.due]
        seen = Seen(dict(self.states), keys, sorted(due))
        fold = Fold(self.plan, self.progress, seen, Shelf(), {}, {})
        while True:
            try:
                folded = fold.run(prepared)
            except MissingError as missing:
                keys |= missing.keys
                continue
            break
        self.progress = folded.after
        self.states |= folded.states
        self.said += [
            (o.place, o.topic, o.destination, o.key, o.value, o.headers) for o in folded.outbox
        ]
        self.folds.append(folded)
        return folded

    def fold_all(self, batches: Sequence[Sequence[Record]]) -> None:
        """Fold batches as the loop does: what a fold did not take comes first in the next."""
        rest: list[Record] = []
        for batch in batches:
            rest += batch
            rest = rest[self.fold(rest).taken :]
        while rest or self.folds[-1].more:
            rest = rest[self.fold(rest).taken :]

    @property
    def whole(self) -> tuple[Any, ...]:
        """Everything that must not depend on how the records came in batches."""
        after = self.progress
        return (
            self.states,
            self.said,
            after.positions,
            after.expected,
            after.numbers,
            after.clocks,
            after.judged,
        )
