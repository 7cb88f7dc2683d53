"""Work out a turn: read in bulk what its records need, then fold partition by partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kinbridge.runtime.clock import BEFORE_TIME, heard, least
from kinbridge.runtime.fold import Fold
from kinbridge.runtime.folded import Folded
from kinbridge.runtime.limit import Tally
from kinbridge.runtime.plan import Plan
from kinbridge.runtime.prepare import Fact, Prepared, Tick
from kinbridge.runtime.progress import Progress
from kinbridge.runtime.seen import MissingError, Seen, Shelf
from kinbridge.runtime.transaction import Rows
from kinbridge_schemas.base import Value

S = TypeVar("S", bound=Value)

Batch = Mapping[int, Sequence[Prepared]]


@dataclass(slots=True)
class Standing:
    """Where a partition stands between turns, besides its stored progress."""

    progress: Progress
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    skips: Mapping[tuple[str, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Worked(Generic[S]):
    """What a turn came to: each partition's fold, and the documents they write together."""

    folded: tuple[Folded[S], ...]
    documents: Mapping[str, Value | None]


def work_out(
    plan: Plan[S], rows: Rows[S], batch: Batch, standing: Mapping[int, Standing]
) -> Worked[S]:
    """Read and fold. What a fold finds missing is read, and it goes on where it was."""
    seen = {p: _seen(plan, rows, standing[p].progress, of) for p, of in batch.items()}
    documents = _documents(plan, rows, batch)
    shelf, folded = Shelf(documents), []
    for partition, of in batch.items():
        at = standing[partition]
        fold = Fold(plan, at.progress, seen[partition], shelf, at.tallies, at.skips)
        while True:
            try:
                folded.append(fold.run(of))
            except MissingError as missing:
                rows.add_states(seen[partition], partition, missing.keys)
                documents |= rows.documents(missing.documents)
            else:
                break
    return Worked(tuple(folded), shelf.written)


def _seen(plan: Plan[S], rows: Rows[S], progress: Progress, of: Sequence[Prepared]) -> Seen[S]:
    seen: Seen[S] = Seen(horizon=(BEFORE_TIME, ""))
    clocks = progress.clocks
    for prepared in of:
        if isinstance(prepared.item, Tick):
            clocks = heard(clocks, prepared.item.source, prepared.item.now)
    if (until := least(clocks, plan.sources)) > progress.judged:
        rows.add_due(seen, progress.partition, until, plan.due_chunk + 1)
    keys = [prepared.item.key for prepared in of if isinstance(prepared.item, Fact)]
    rows.add_states(seen, progress.partition, keys)
    return seen


def _documents(plan: Plan[S], rows: Rows[S], batch: Batch) -> dict[str, Value | None]:
    """Answer what the facts want, in rounds: each round reads for all of them at once."""
    known: dict[str, Value | None] = {}
    if not plan.stage.documents:
        return known
    facts = [p.item for of in batch.values() for p in of if isinstance(p.item, Fact)]
    asked: list[frozenset[str]] = [frozenset()] * len(facts)
    while True:
        for index, fact in enumerate(facts):
            found = {n: value for n in asked[index] if (value := known[n]) is not None}
            try:
                asked[index] |= plan.stage.wants(fact.message, found)
            except Exception:  # noqa: BLE001, S112 - the fold meets it again and stops there
                continue
        if not (names := frozenset().union(*asked) - known.keys()):
            return known
        known |= rows.documents(names)
