"""Send records in their order and know of each that Kafka has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from kinbridge.runtime.hooks import Hooks
from kinbridge.runtime.records import Outgoing

DELIVERY_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.5


class UndeliveredError(Exception):
    """Kafka did not take the records in time. They are still in the outbox."""


class Sender:
    """An idempotent producer, for one thread.

    `give_up` is how many seconds a send goes on trying, over any number of broker failures.
    """

    def __init__(
        self, kafka: Mapping[str, str], *, hooks: Hooks | None = None, give_up: float = 120
    ) -> None:
        self._hooks: Final = hooks or Hooks()
        self._give_up: Final = give_up
        self._settings: Final[dict[str, str | int | bool]] = {
            **kafka,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 1,
            "message.timeout.ms": int(DELIVERY_SECONDS * 1_000),
            "message.max.bytes": 50_000_000,
            "queue.buffering.max.messages": 500_000,
            "reconnect.backoff.max.ms": 1_000,
            "log_level": 0,
        }
        self._producer = Producer(self._settings)

    def send(self, rows: Sequence[Outgoing]) -> None:
        """Send rows in order and return when Kafka has acknowledged every one.

        When one fails, sending starts over from the first that was not acknowledged: the
        reader drops those it has, by their number. Raises UndeliveredError.
        """
        until = monotonic() + self._give_up
        rest = list(rows)
        while rest:
            rest = rest[self._acknowledged(rest) :]
            if rest and monotonic() > until:
                raise UndeliveredError(f"{len(rest)} records not acknowledged")

    def close(self) -> None:
        """Wait a moment for what is under way."""
        self._producer.flush(2)

    def _acknowledged(self, rows: Sequence[Outgoing]) -> int:
        """Try once to send rows, and say how many from the first on were acknowledged."""
        done: list[bool | None] = [None] * len(rows)
        fatal = False

        def reporter(index: int) -> Callable[[KafkaError | None, object], None]:
            def report(error: KafkaError | None, _message: object) -> None:
                nonlocal fatal
                done[index] = error is None
                fatal = fatal or (error is not None and error.fatal())

            return report

        lost = self._hooks.fails(rows)
        for index, row in enumerate(rows):
            if index in lost:
                done[index] = False
            elif not self._produce(row, reporter(index)):
                done[index:] = [False] * (len(rows) - index)
                break
        self._wait(done)
        if fatal:
            # An idempotent producer that lost its place cannot be used again.
            self._producer = Producer(self._settings)
        return next((index for index, got in enumerate(done) if not got), len(rows))

    def _produce(self, row: Outgoing, report: Callable[[KafkaError | None, object], None]) -> bool:
        while True:
            try:
                self._producer.produce(
                    row.topic,
                    value=row.value,
                    key=row.key,
                    partition=row.destination,
                    headers=list(row.headers),
                    on_delivery=report,
                )
            except BufferError:
                self._producer.poll(POLL_SECONDS)
            except KafkaException:
                self._producer.poll(POLL_SECONDS)
                return False
            else:
                return True

    def _wait(self, done: Sequence[bool | None]) -> None:
        until = monotonic() + 2 * DELIVERY_SECONDS
        while None in done and monotonic() < until:
            self._producer.poll(POLL_SECONDS)
