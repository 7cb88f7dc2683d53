"""Read a topic from its beginning to where it ends now, beside the line, and keep nothing.

For commands that count what was told. No group is joined and no offset is committed, so that it
is in nobody's way and may be done again at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from kinbridge_schemas.envelope import CLOCK_TYPE, from_headers
from kinbridge_schemas.problems import UnreadableError

if TYPE_CHECKING:
    from types import TracebackType

    from confluent_kafka import Message

    from kinbridge_schemas.base import Contract
    from kinbridge_schemas.codec import Codec

_ANSWER_WITHIN: Final = 20.0


class TopicAwayError(Exception):
    """The broker or the topic is not there, or does not answer any more."""


class WholeTopic:
    """Reads every partition of a topic once, to its end as it was when this was made.

    `unreadable` counts the records that are not of the topic's contract: they are passed over.
    `since` is from when on nothing is missing, by the broker's times; None where no record was
    deleted yet. Both are whole when the reading is. Raises TopicAwayError.
    """

    def __init__(
        self,
        config: Mapping[str, str],
        topic: str,
        schema: str,
        codec: Codec,
        *,
        answer_within: float = _ANSWER_WITHIN,
    ) -> None:
        self._schema: Final = schema
        self._codec: Final = codec
        self._within: Final = answer_within
        self.unreadable = 0
        self.since: datetime | None = None
        self._consumer: Final = Consumer(_settings(config))
        try:
            bounds = dict(self._bounds(topic))
        except KafkaException:
            self._consumer.close()
            raise TopicAwayError("The broker does not answer about the topics.") from None
        except TopicAwayError:
            self._consumer.close()
            raise
        if any(low == high > 0 for low, high in bounds.values()):
            self.since = datetime.now(UTC)
        self._cut: Final = {number for number, (low, _) in bounds.items() if low > 0}
        self._open: Final = {number: high for number, (low, high) in bounds.items() if high > low}
        self._consumer.assign(
            [TopicPartition(topic, number, bounds[number][0]) for number in self._open]
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

    def __iter__(self) -> Iterator[Contract]:
        """Give every body that can be read. Clocks are left out."""
        while self._open:
            message = self._consumer.poll(self._within)
            if message is None:
                raise TopicAwayError("The broker does not answer any more.")
            if (problem := message.error()) is not None:
                self._ended(message, problem)
                continue
            number, offset = message.partition() or 0, message.offset() or 0
            if number not in self._open:
                continue  # written since
            if offset + 1 >= self._open[number]:
                del self._open[number]
            body = self._read(message, number)
            if body is not None:
                yield body

    def _bounds(self, topic: str) -> Iterator[tuple[int, tuple[int, int]]]:
        found = self._consumer.list_topics(topic, timeout=self._within).topics[topic]
        if found.error is not None or not found.partitions:
            raise TopicAwayError(f"There is no topic {topic}.")
        for number in found.partitions:
            place = TopicPartition(topic, number)
            bounds = self._consumer.get_watermark_offsets(place, timeout=self._within)
            if bounds is None:
                raise TopicAwayError(f"The broker does not say where {topic} ends.")
            yield number, bounds

    def _ended(self, message: Message, problem: KafkaError) -> None:
        # The last offsets of a partition may hold no record: its end says so all the same.
        if problem.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name has the underscore
            self._open.pop(message.partition() or 0, None)
        elif problem.fatal() or not problem.retriable():
            raise TopicAwayError("The broker refuses to be read from.")

    def _read(self, message: Message, number: int) -> Contract | None:
        if number in self._cut:
            # The first record that is left of a partition of which older ones are gone.
            self._cut.discard(number)
            first = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
            self.since = max(first, self.since or first)
        # Its types say a mapping or pairs; it always gives pairs of text and bytes.
        headers = dict(cast("list[tuple[str, bytes]]", message.headers() or []))
        if headers.get("ce_type") == CLOCK_TYPE.encode():
            return None
        try:
            envelope = from_headers(headers)
            return self._codec.decode(self._schema, envelope, message.value() or b"")
        except UnreadableError:
            self.unreadable += 1
            return None


def _settings(config: Mapping[str, str]) -> dict[str, str | int | bool]:
    return {
        **config,
        "group.id": "kinbridge-reading",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 20,
        "log_level": 2,
    }
