"""An open load: records go out by a fixed schedule, whether or not the last has come back.

A generator that waited for answers would send less just when the line is slow, and so leave
out the worst latencies. Every latency counts from the moment a record was *due*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from time import monotonic_ns, sleep
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

SECOND: Final = 1_000_000_000
FLUSHED_WITHIN: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sendable:
    """One record of the load, made beforehand."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When each record is due, in nanoseconds of the monotonic clock. Rate 0: all at once."""

    start: int
    rate: float

    def due(self, number: int) -> int:
        return self.start + (int(number * SECOND / self.rate) if self.rate else 0)


class Sender:
    """Sends records as intake does: durable before they count as sent, by Java's partitions."""

    def __init__(self, bootstrap: str) -> None:
        self._failed: list[KafkaError] = []
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "partitioner": "murmur2_random",
                "linger.ms": 1,
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 3,
            }
        )

    def send(self, records: Sequence[Sendable], schedule: Schedule) -> None:
        """Send all, each when it is due. Raises KafkaException if one was not acknowledged."""
        for number, record in enumerate(records):
            wait = schedule.due(number) - monotonic_ns()
            if wait > 0:
                sleep(wait / SECOND)
            self._produce(record)
        self._producer.flush(FLUSHED_WITHIN)
        if self._failed:
            raise KafkaException(self._failed[0])

    def in_the_background(self, records: Sequence[Sendable], schedule: Schedule) -> Thread:
        """Begin to send beside what measures; the caller joins the thread."""
        thread = Thread(target=self.send, args=(records, schedule), daemon=True)
        thread.start()
        return thread

    def _produce(self, record: Sendable) -> None:
        self._producer.produce(
            record.topic,
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            on_delivery=self._delivered,
        )
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failed.append(error)


def now_and(rate: float, *, lead: float = 0.2) -> Schedule:
    """Give a schedule that starts in a moment, so that the first record is not late."""
    return Schedule(monotonic_ns() + int(lead * SECOND), rate)
