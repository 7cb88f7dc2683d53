"""One turn: read, fold, commit, send. In one thread, with no event loop.

Nothing is sent before the commit, so a turn can always be thrown away; and what is committed
stands in the outbox until Kafka has it, so nothing decided is left unsaid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Generic, Protocol, TypeVar

from kinbridge.runtime.database import MovedError, RaceError
from kinbridge.runtime.folded import Folded
from kinbridge.runtime.hooks import Hooks
from kinbridge.runtime.plan import Plan
from kinbridge.runtime.prepare import prepare
from kinbridge.runtime.progress import Progress, World
from kinbridge.runtime.records import Outgoing, Record
from kinbridge.runtime.store import Store
from kinbridge.runtime.transaction import Turn
from kinbridge.runtime.working import Batch, Standing, Worked, work_out
from kinbridge.runtime.world import Bounds, begun
from kinbridge_schemas.base import Value

S = TypeVar("S", bound=Value)

TRIES: Final = 12
"""How often a turn over shared documents runs again, each time with half as many records."""


class Sends(Protocol):
    """Sends rows in order, and returns when Kafka has acknowledged every one."""

    def send(self, rows: Sequence[Outgoing]) -> None: ...


class Engine(Generic[S]):
    """The turns of one worker of one stage. All methods are called from one thread."""

    def __init__(
        self, plan: Plan[S], store: Store[S], sender: Sends, world: World, hooks: Hooks
    ) -> None:
        self._plan: Final = plan
        self._store: Final = store
        self._sender: Final = sender
        self._world: Final = world
        self._hooks: Final = hooks
        self._acknowledged: dict[int, int] = {}
        self._standing: dict[int, Standing] = {}

    @property
    def progress(self) -> dict[int, Progress]:
        """The progress of the partitions that were resumed, as last committed."""
        return {partition: at.progress for partition, at in self._standing.items()}

    def stored(self, topic: str, partition: int) -> tuple[int, int] | None:
        """Give the offset to go on from and its epoch; None for a partition not held."""
        at = self._standing.get(partition)
        if at is None or topic not in at.progress.positions:
            return None
        return at.progress.positions[topic], at.progress.epoch

    def resume(self, bounds: Mapping[int, Mapping[str, Bounds]]) -> dict[tuple[str, int], int]:
        """Take up these partitions and no others: give the offset where each topic goes on.

        What the outbox holds is sent first. Raises WorldError, MovedError when another worker
        is at it still, UnavailableError, UndeliveredError.
        """
        self._standing = {}
        partitions = sorted(bounds)
        stored = self._store.progress(partitions)
        progress = {
            partition: self._begun(partition, stored.get(partition), bounds[partition])
            for partition in partitions
        }
        # After the progress: what another worker commits in between is then found by the next
        # turn's comparison. The other way round its outputs would be in neither.
        unsent = self._store.unsent(partitions)
        self._sender.send(unsent)
        self._acknowledged = {row.partition: row.place for row in unsent}
        skips = self._store.skips(partitions)
        self._standing = {p: Standing(now, skips=skips[p]) for p, now in progress.items()}
        return {(t, p): at for p, now in progress.items() for t, at in now.positions.items()}

    def turn(self, records: Mapping[int, Sequence[Record]]) -> dict[int, Folded[S]]:
        """Deal with records, and with due times that wait, of the partitions named.

        A partition that is not held is left out of the answer. Raises as `resume` does, and
        RaceError when shared documents stayed contended.
        """
        batch = {
            partition: [prepare(self._plan, record) for record in of]
            for partition, of in records.items()
            if partition in self._standing
        }
        if not batch:
            return {}
        folded = self._committed(batch).folded
        self._hooks.after_commit()
        for each in folded:
            partition = each.before.partition
            self._acknowledged.pop(partition, None)
            self._standing[partition].progress = each.after
            self._standing[partition].tallies = each.tallies
        # Only now: what was not committed is never said, and a crash here sends it again.
        self._sender.send([row for each in folded for row in each.outbox])
        self._acknowledged |= {f.before.partition: f.outbox[-1].place for f in folded if f.outbox}
        return {each.before.partition: each for each in folded}

    def tidy(self) -> None:
        """Delete the outbox rows that Kafka has: a partition that idles keeps none."""
        if self._acknowledged:
            self._store.forget(self._acknowledged)
            self._acknowledged = {}

    def read_skips(self, partition: int) -> None:
        """Look again whether a person has said to skip a record."""
        if partition in self._standing:
            self._standing[partition].skips = self._store.skips([partition])[partition]

    # -- one commit

    def _begun(
        self, partition: int, stored: Progress | None, bounds: Mapping[str, Bounds]
    ) -> Progress:
        now = begun(partition, stored, self._world, bounds)
        if stored is None:
            self._store.start(now)
        elif now != stored:
            now = replace(now, version=stored.version + 1)
            with self._store.turn() as turn:
                turn.claim(stored, now)
        return now

    def _committed(self, batch: Batch) -> Worked[S]:
        if not self._plan.stage.documents:
            with self._store.reading() as rows:
                worked = work_out(self._plan, rows, batch, self._standing)
            with self._store.turn() as turn:
                for each in worked.folded:
                    turn.claim(each.before, each.after)
                self._write(turn, worked)
            return worked
        for _attempt in range(TRIES):
            try:
                return self._committed_inside(batch)
            except MovedError:
                raise
            except RaceError:
                batch = {p: of[: max(1, len(of) // 2)] for p, of in batch.items()}
        return self._committed_inside(batch)

    def _committed_inside(self, batch: Batch) -> Worked[S]:
        """Fold inside the transaction: the documents read are then those that stand."""
        with self._store.turn() as turn:
            claimed = {}
            for partition in batch:
                before = self._standing[partition].progress
                claimed[partition] = replace(before, version=before.version + 1)
                turn.claim(before, claimed[partition])
            worked = work_out(self._plan, turn, batch, self._standing)
            for each in worked.folded:
                turn.claim(claimed[each.before.partition], each.after)
            self._write(turn, worked)
        return worked

    def _write(self, turn: Turn[S], worked: Worked[S]) -> None:
        partitions = {each.before.partition for each in worked.folded}
        turn.delivered({p: at for p, at in self._acknowledged.items() if p in partitions})
        turn.write(worked.folded)
        turn.write_documents(worked.documents)
        self._hooks.before_commit()
