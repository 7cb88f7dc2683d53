"""Writing a record so that it cannot be lost: awaited until all in-sync replicas have it.

Used by intake, which answers 202 only when `send` has returned. Records carry no sequence:
their ids come from their content, so that writing one twice is harmless.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

_POLL_SECONDS: Final = 0.1
_FLUSH_SECONDS: Final = 10.0


class NotDurableError(Exception):
    """The record may not be in Kafka: its sender must send it again. `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: Final = reason


class KafkaDurable:
    """An idempotent producer whose delivery reports are awaited. One for each process.

    `within` is how long Kafka may take, in seconds. `kafka` are librdkafka's own settings.
    """

    def __init__(self, kafka: Mapping[str, str], *, within: float) -> None:
        self._within: Final = within
        self._producer: Final = Producer(
            {
                **kafka,
                "client.id": "kinbridge-intake",
                "enable.idempotence": True,
                "acks": "all",
                # As Java and the stages do it; librdkafka's own default differs.
                "partitioner": "murmur2_random",
                "linger.ms": 1,
                "message.timeout.ms": max(1_000, int(within * 1_000)),
                "message.max.bytes": 8_000_000,
                "logger": logging.getLogger("librdkafka"),
            }
        )
        self._fatal = False
        self._closing: Final = threading.Event()
        self._polling: Final = threading.Thread(target=self._poll, name="durable", daemon=True)
        self._polling.start()

    @property
    def ready(self) -> bool:
        """Whether it can still write: a fatal error of the producer lasts until a restart."""
        return not self._fatal and not self._closing.is_set()

    async def send(
        self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        """Write one record and return once it is durable. Raises NotDurableError."""
        loop = asyncio.get_running_loop()
        reported: asyncio.Future[str] = loop.create_future()

        def report(problem: KafkaError | None, _message: Message) -> None:
            self._fatal = self._fatal or (problem is not None and problem.fatal())
            loop.call_soon_threadsafe(_settle, reported, problem.name() if problem else "")

        try:
            self._producer.produce(
                topic, value, key.encode(), headers=list(headers), on_delivery=report
            )
        except BufferError:
            raise NotDurableError("queue-full") from None
        except KafkaException as problem:
            error = problem.args[0]
            self._fatal = self._fatal or error.fatal()
            raise NotDurableError(_code(error.name())) from None
        try:
            # A little longer than librdkafka itself, which reports when it gives up.
            failed = await asyncio.wait_for(reported, self._within + 1)
        except TimeoutError:
            raise NotDurableError("not-acknowledged") from None
        if failed:
            raise NotDurableError(_code(failed))

    def close(self) -> None:
        """Wait for what is on its way, then stop."""
        self._closing.set()
        self._polling.join()
        self._producer.flush(_FLUSH_SECONDS)

    def _poll(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(_POLL_SECONDS)


def _settle(reported: asyncio.Future[str], failed: str) -> None:
    if not reported.done():
        reported.set_result(failed)


def _code(name: str) -> str:
    return name.strip("_").lower().replace("_", "-")
