"""The ticker: time, written into the topics at the head of the line as records among the facts.

A stage judges a deadline when the clock records of all its sources have gone past it. So that
a fact which intake is still writing is not overtaken, the ticker says what time it *was*:
`behind` is at least as long as intake may take to write a record that it has stamped.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaError, Message, Producer

from kinbridge.runtime.clock import TICKER, clock_headers, clock_value
from kinbridge.runtime.telemetry import get_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kinbridge_schemas.topics import Topics

_FLUSH_WITHIN: Final = 10.0

log = get_log(__name__)


def head_topics(topics: Topics) -> tuple[str, ...]:
    """Give the clocked topics that are written from outside: by a party that reads none."""
    return tuple(
        topic.name
        for topic in topics.topics
        if topic.clocked and any(not topics.read_by(party) for party in topic.from_)
    )


@dataclass(frozen=True, slots=True)
class Beat:
    """Where to write clock records and what they say."""

    topics: tuple[str, ...]
    partitions: int
    behind: timedelta


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Ticker:
    """Writes one clock record to each partition of each head topic, in order, acks=all."""

    def __init__(
        self, kafka: Mapping[str, str], beat: Beat, clock: Callable[[], datetime] = wall_clock
    ) -> None:
        self._beat = beat
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)
        self._producer = Producer(
            {
                **kafka,
                "client.id": "kinbridge-ticker",
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 0,
                "message.timeout.ms": 30_000,
                # What librdkafka has to say goes the way of every log line.
                "logger": logging.getLogger("librdkafka"),
            }
        )
        self._under_way: set[tuple[str | None, int | None]] = set()
        self.failed = 0

    def tick(self) -> datetime:
        """Write the time everywhere and give what was written. It never goes back."""
        self._producer.poll(0)
        now = max(self._clock() - self._beat.behind, self._last)
        self._last = now
        for topic in self._beat.topics:
            for partition in range(self._beat.partitions):
                # What waits for a slow broker is not added to: the next tick says more. Old ones
                # would reach the broker with no time left, and be given up one after another.
                if (topic, partition) in self._under_way:
                    continue
                self._producer.produce(
                    topic,
                    value=clock_value(now),
                    partition=partition,
                    headers=list(clock_headers(now, TICKER)),
                    on_delivery=self._told,
                )
                self._under_way.add((topic, partition))
        self._producer.poll(0)
        return now

    def run(self, interval: timedelta, stop: threading.Event) -> None:
        """Tick until told to stop, then wait for what is under way."""
        log.info("ticker.started", interval=interval, behind=self._beat.behind)
        while not stop.is_set():
            self.tick()
            stop.wait(interval.total_seconds())
        self.close()
        log.info("ticker.stopped")

    def close(self) -> None:
        """Wait for the records under way, ten seconds at most."""
        self._producer.flush(_FLUSH_WITHIN)

    def _told(self, error: KafkaError | None, message: Message) -> None:
        self._under_way.discard((message.topic(), message.partition()))
        if error is None:
            return
        self.failed += 1
        log.warning(
            "ticker.not-written",
            topic=message.topic(),
            partition=message.partition(),
            reason=error.name(),
        )
