"""Read topics from now on, as a reader outside the line does, and keep nothing.

For people who want to see what comes: the demo, a story. No group is joined and no offset is
committed, so any number may listen and none is in another's way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, cast

from confluent_kafka import Consumer, KafkaException, TopicPartition

from kinbridge_schemas.envelope import CLOCK_TYPE, from_headers

if TYPE_CHECKING:
    from confluent_kafka import Message

    from kinbridge_schemas.base import Contract
    from kinbridge_schemas.codec import Codec

_ANSWER_WITHIN: Final = timedelta(seconds=10)


class ListeningError(Exception):
    """The broker did not say where the topics end."""


def time_comes_through(config: Mapping[str, str], topic: str, within: timedelta) -> bool:
    """Wait until a clock record has come on every partition of a topic, no longer than this.

    On the last topic of the line it says that every stage before it runs.
    """
    until = monotonic() + within.total_seconds()
    consumer = Consumer(_settings(config))
    try:
        places = list(_ends(consumer, topic, _ANSWER_WITHIN.total_seconds()))
        consumer.assign(places)
        missing = {place.partition for place in places}
        while missing and (left := until - monotonic()) > 0:
            message = consumer.poll(left)
            if message is not None and message.error() is None and _is_clock(message):
                missing.discard(message.partition())
    finally:
        consumer.close()
    return not missing


class Listener:
    """Reads some topics from the moment it is made. `topics` gives the contract of each.

    Raises ListeningError when the broker or a topic is not there.
    """

    def __init__(
        self,
        config: Mapping[str, str],
        topics: Mapping[str, str],
        codec: Codec,
        *,
        answer_within: timedelta = _ANSWER_WITHIN,
    ) -> None:
        self._topics: Final = dict(topics)
        self._codec: Final = codec
        self._consumer: Final = Consumer(_settings(config))
        answer = answer_within.total_seconds()
        try:
            ends = [end for topic in topics for end in _ends(self._consumer, topic, answer)]
            self._consumer.assign(ends)
        except KafkaException:
            self._consumer.close()
            raise ListeningError("The broker does not answer about the topics.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def listen(self, within: timedelta) -> Sequence[tuple[str, Contract, float]]:
        """Wait for records, no longer than this. Gives topic, body and when it was read.

        The time is of the monotonic clock, in seconds. Clocks are left out. Raises
        UnreadableError for a record that is not of its topic's contract.
        """
        message = self._consumer.poll(max(0.0, within.total_seconds()))
        found: list[tuple[str, Contract, float]] = []
        # `consume` would wait for its whole number or its whole time: what is here counts.
        while message is not None:
            found += self._read(message, monotonic())
            message = self._consumer.poll(0)
        return found

    def _read(self, message: Message, at: float) -> Iterator[tuple[str, Contract, float]]:
        topic = message.topic()
        if message.error() is not None or topic is None or _is_clock(message):
            return
        envelope = from_headers(_headers(message))
        body = self._codec.decode(self._topics[topic], envelope, message.value() or b"")
        yield topic, body, at


def _settings(config: Mapping[str, str]) -> dict[str, str | int | bool]:
    return {
        **config,
        "group.id": "kinbridge-listening",
        "enable.auto.commit": False,
        "fetch.wait.max.ms": 20,
        "log_level": 2,
    }


def _ends(consumer: Consumer, topic: str, answer: float) -> Iterator[TopicPartition]:
    found = consumer.list_topics(topic, timeout=answer).topics[topic]
    if found.error is not None or not found.partitions:
        raise ListeningError(f"There is no topic {topic}.")
    for partition in found.partitions:
        ends = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=answer)
        if ends is None:
            raise ListeningError(f"The broker does not say where {topic} ends.")
        yield TopicPartition(topic, partition, ends[1])


def _headers(message: Message) -> dict[str, bytes]:
    # Its types say a mapping or pairs; it always gives pairs of text and bytes.
    return dict(cast("list[tuple[str, bytes]]", message.headers() or []))


def _is_clock(message: Message) -> bool:
    return _headers(message).get("ce_type") == CLOCK_TYPE.encode()
