"""A stage's store: progress, states, documents, tasks and outbox, in one transaction a turn.

Used by one thread. Nothing here reads all keys, so that a start costs the same after a year
as after a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from kinbridge.runtime import tables
from kinbridge.runtime.database import MovedError, open_database, translated
from kinbridge.runtime.progress import Progress, World
from kinbridge.runtime.records import Outgoing
from kinbridge.runtime.rows import (
    from_micros,
    outgoing_of,
    progress_of,
    progress_row,
    to_micros,
)
from kinbridge.runtime.seen import Waiting
from kinbridge.runtime.transaction import DELIVERED, Bodies, Rows, Statements, Turn
from kinbridge.stage import Stage, Task
from kinbridge_schemas.base import Value

S = TypeVar("S", bound=Value)

UNKNOWN: Final = World("")
"""The world of a partition that has an epoch and was never assigned."""


class Store(Generic[S]):
    """The store of one stage, as one worker sees it.

    Every method may raise UnavailableError; `turn` may raise RaceError when it writes or ends.
    """

    def __init__(self, engine: Engine, stage: Stage[S]) -> None:
        self._stage: Final = stage
        self._bodies: Final = Bodies(stage)
        self._engine: Final = engine
        postgres = engine.dialect.name == "postgresql"
        serial = bool(stage.documents) and postgres
        self._statements: Final = Statements(engine.dialect)
        # No transaction to read: what another worker commits meanwhile moves the progress of
        # its partition on, and the claim finds that.
        self._reads: Final = (
            engine.execution_options(isolation_level="AUTOCOMMIT")
            if postgres
            else engine.execution_options(reads=True)
        )
        self._writes: Final = (
            engine.execution_options(isolation_level="SERIALIZABLE") if serial else engine
        )
        self._task: Final = TypeAdapter(stage.task) if stage.task else None

    # -- turns

    @contextmanager
    def reading(self) -> Iterator[Rows[S]]:
        """Read what a turn needs, before its transaction."""
        with translated(), self._reads.connect() as connection:
            yield Rows(connection, self._bodies, self._statements)

    @contextmanager
    def turn(self) -> Iterator[Turn[S]]:
        """One transaction. It is committed at the end, and undone by any exception."""
        with translated(), self._writes.begin() as connection:
            yield Turn(connection, self._bodies, self._statements)

    # -- progress and outbox

    def progress(self, partitions: Sequence[int]) -> dict[int, Progress]:
        """Read the progress of partitions; one that was never assigned is absent."""
        chosen = select(tables.progress).where(tables.progress.c.partition.in_(partitions))
        with translated(), self._reads.begin() as connection:
            found = [progress_of(dict(row)) for row in connection.execute(chosen).mappings()]
        return {progress.partition: progress for progress in found}

    def start(self, progress: Progress) -> None:
        """Write the first progress of a partition. Raises MovedError if another has."""
        try:
            with translated(), self._engine.begin() as connection:
                connection.execute(insert(tables.progress), progress_row(progress))
        except IntegrityError:
            raise MovedError("partition-started") from None

    def unsent(self, partitions: Sequence[int]) -> list[Outgoing]:
        """Give what the outbox holds, in the order in which each partition said it."""
        chosen = (
            select(tables.outbox)
            .where(tables.outbox.c.partition.in_(partitions))
            .order_by(tables.outbox.c.partition, tables.outbox.c.place)
        )
        with translated(), self._reads.begin() as connection:
            return [outgoing_of(dict(row)) for row in connection.execute(chosen).mappings()]

    def forget(self, acknowledged: Mapping[int, int]) -> None:
        """Delete the outbox rows of each partition up to a place that Kafka has acknowledged.

        A place is never given twice, so this needs no comparison with the progress.
        """
        with translated(), self._engine.begin() as connection:
            for partition, place in acknowledged.items():
                connection.execute(DELIVERED, {"in_partition": partition, "up_to": place})

    # -- tasks

    def due_tasks(
        self, partitions: Sequence[int], now: datetime, limit: int
    ) -> list[tuple[int, str, Waiting]]:
        """Give the tasks due by `now`, the earliest first, with their partition and key."""
        if self._task is None:
            return []
        t = tables.tasks
        chosen = (
            select(t)
            .where(t.c.partition.in_(partitions), t.c.due <= to_micros(now))
            .order_by(t.c.due, t.c.key)
            .limit(limit)
        )
        with translated(), self._reads.begin() as connection:
            rows = connection.execute(chosen).mappings().all()
        return [(row["partition"], row["key"], self._waiting(row)) for row in rows]

    def next_task(self, partitions: Sequence[int]) -> datetime | None:
        """Say when the first task of these partitions is due, if there is one."""
        t = tables.tasks
        chosen = select(func.min(t.c.due)).where(t.c.partition.in_(partitions))
        with translated(), self._reads.begin() as connection:
            due = connection.execute(chosen).scalar()
        return None if due is None else from_micros(due)

    def _waiting(self, row: Any) -> Waiting:
        if self._task is None:
            raise TypeError(f"{self._stage.name} has no tasks")
        body = self._task.validate_json(row["body"])
        task = Task(row["id"], from_micros(row["due"]), body)
        return Waiting(task, row["correlation"], row["causation"], row["mapping"])

    # -- operations

    def skips(self, partitions: Sequence[int]) -> dict[int, dict[tuple[str, int], str]]:
        """Give the records that a person has said to skip, by partition."""
        chosen = select(tables.skips).where(tables.skips.c.partition.in_(partitions))
        found: dict[int, dict[tuple[str, int], str]] = {p: {} for p in partitions}
        with translated(), self._reads.begin() as connection:
            for row in connection.execute(chosen).mappings():
                said = f"{row['who']}: {row['reason']}"[:200]
                found[row["partition"]][row["topic"], row["position"]] = said
        return found

    def skip(self, topic: str, partition: int, offset: int, *, who: str, reason: str) -> None:
        """Let the stage pass over one record: it becomes a dead letter that says who and why."""
        if not who.strip() or not reason.strip():
            raise ValueError("A record is skipped by somebody and for a reason.")
        row = {
            "topic": topic,
            "partition": partition,
            "position": offset,
            "who": who,
            "reason": reason,
        }
        with translated(), self._engine.begin() as connection:
            connection.execute(insert(tables.skips), row)

    def raise_epoch(self, partitions: Sequence[int], *, above: int = 0) -> int:
        """Make the stage a new source of numbers, after its database was restored.

        Every partition gets the same epoch, higher than any in the store and than `above`,
        the highest that the group has committed. Gives the new epoch. The stage must not run.
        """
        p = tables.progress
        with translated(), self._engine.begin() as connection:
            highest = connection.execute(select(func.max(p.c.epoch))).scalar() or 1
            epoch = max(int(highest), above) + 1
            known = set(connection.execute(select(p.c.partition)).scalars())
            connection.execute(
                update(p).values(epoch=epoch, numbers="{}", version=p.c.version + 1)
            )
            for partition in set(partitions) - known:
                fresh = Progress(partition, UNKNOWN, epoch=epoch)
                connection.execute(insert(p), progress_row(fresh))
        return epoch

    def close(self) -> None:
        self._engine.dispose()


def open_store(
    url: str, stage: Stage[S], *, idle_seconds: float = 4.0, durable: bool = True
) -> Store[S]:
    """Open a stage's store; see `open_database` for the address."""
    name = f"{stage.name}-v{stage.version}"
    return Store(open_database(url, name, idle_seconds=idle_seconds, durable=durable), stage)
