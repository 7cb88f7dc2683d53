"""Partitions that wait for a person, while the others run on."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Final

import structlog

from kinbridge.runtime.folded import Stuck, Suspended
from kinbridge.runtime.reader import Place, Reader, Run
from kinbridge.runtime.records import Record
from kinbridge.runtime.watch import Watch

log: Final = structlog.get_logger("kinbridge.runtime")


@dataclass(slots=True)
class _Paused:
    why: Stuck | Suspended
    since: float
    records: list[Record]


class Pauses:
    """The paused partitions of a worker, with the records that were already fetched."""

    def __init__(self, reader: Reader, watch: Watch, look_again: float) -> None:
        self._reader: Final = reader
        self._watch: Final = watch
        self._look_again: Final = look_again
        self._paused: Final[dict[int, _Paused]] = {}

    def __contains__(self, partition: int) -> bool:
        return partition in self._paused

    def pause(self, partition: int, why: Stuck | Suspended, rest: list[Record]) -> None:
        """Stop a partition before the first of `rest`, and say so loudly."""
        self._reader.pause(self._places(partition))
        self._paused[partition] = _Paused(why, monotonic(), rest)
        match why:
            case Stuck(topic, offset, code):
                log.error(
                    "partition.stuck", partition=partition, topic=topic, offset=offset, bug=code
                )
            case Suspended(topic, source):
                log.error("source.suspended", partition=partition, topic=topic, source=source)
        self._show()

    def take(self, run: Run) -> bool:
        """Keep a run that was on its way to a paused partition. False for any other."""
        paused = self._paused.get(run.partition)
        if paused is not None:
            paused.records.extend(run.records)
        return paused is not None

    def to_try(self) -> list[int]:
        """Give the stuck partitions whose time has come: perhaps a record may be skipped now.

        A suspended source stays so until the worker starts again.
        """
        until = monotonic() - self._look_again
        return [
            partition
            for partition, paused in self._paused.items()
            if isinstance(paused.why, Stuck) and paused.since <= until
        ]

    def release(self, partition: int) -> list[Record]:
        """Let a partition go on, and give the records that waited."""
        paused = self._paused.pop(partition)
        self._reader.resume(self._places(partition))
        self._show()
        return paused.records

    def forget(self) -> None:
        """Forget all pauses: whoever has the partitions now finds out anew."""
        self._paused.clear()
        self._show()

    def _places(self, partition: int) -> frozenset[Place]:
        return frozenset(at for at in self._reader.assigned() if at[1] == partition)

    def _show(self) -> None:
        suspended = [p for p, at in self._paused.items() if isinstance(at.why, Suspended)]
        self._watch.paused(stuck=len(self._paused) - len(suspended), suspended=len(suspended))
