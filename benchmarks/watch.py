"""Watch the end of a line: which records arrived, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic_ns
from types import TracebackType
from typing import Final, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from benchmarks.figures import BenchmarkError
from benchmarks.load import SECOND

ASKED_EVERY: Final = SECOND // 50

Which = Callable[[Message], str | None]
"""Says which record of the load a message answers, or None when it answers none."""


@dataclass(slots=True)
class Arrived:
    """When each record of the load was first seen at the end, and how many came again."""

    at: dict[str, int] = field(default_factory=dict)
    repeated: int = 0

    def note(self, record: str, when: int) -> None:
        if record in self.at:
            self.repeated += 1
        else:
            self.at[record] = when


class EndedShortError(BenchmarkError):
    """Not all that was sent came out in time. The text says how many did."""


class Watcher:
    """Reads every partition of some topics from the beginning, committed records only."""

    def __init__(self, bootstrap: str, topics: Sequence[str], which: Which) -> None:
        self._which = which
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "benchmarks",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
                "log_level": 3,
            }
        )
        known = self._consumer.list_topics(timeout=10).topics
        self._consumer.assign(
            [
                TopicPartition(topic, partition, OFFSET_BEGINNING)
                for topic in topics
                for partition in known[topic].partitions
            ]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def wait_for(
        self, count: int, within: float, *, while_waiting: Callable[[], None] = lambda: None
    ) -> Arrived:
        """Wait until `count` records arrived. Raises EndedShortError after `within` seconds.

        `while_waiting` is called about once a second; what it raises ends the wait.
        """
        arrived = self.watch(lambda found: len(found.at) >= count, within, while_waiting)
        if len(arrived.at) < count:
            raise EndedShortError(f"{len(arrived.at)} of {count} came out in {within:.0f} s.")
        return arrived

    def watch(
        self, done: Callable[[Arrived], bool], within: float, while_waiting: Callable[[], None]
    ) -> Arrived:
        """Watch until it is done or the time is over, and give what arrived."""
        arrived = Arrived()
        began = looked = asked = monotonic_ns()
        while True:
            self._take(arrived)
            now = monotonic_ns()
            # Asked now and then: the answer may cost more than a record.
            if now - asked > ASKED_EVERY:
                asked = now
                if done(arrived) or now - began > within * SECOND:
                    return arrived
            if now - looked > SECOND:
                looked = now
                while_waiting()

    def _take(self, arrived: Arrived) -> None:
        message = self._consumer.poll(0.02)
        if message is None or message.error() is not None:
            return
        record = self._which(message)
        if record is not None:
            arrived.note(record, monotonic_ns())
