"""Read one topic beside the line, from where the group read last, with one text to remember.

For a process of intake that must see what other processes of intake wrote. It reads every
partition itself: no group is joined, and its offsets are kept under the group's name. The text
stands in the metadata of the offset of partition 0, so that both are kept at once, by Kafka.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from kinbridge.runtime.reader import BrokerAwayError
from kinbridge_schemas.envelope import CLOCK_TYPE

if TYPE_CHECKING:
    from confluent_kafka import Message

MOST_REMEMBERED: Final = 4_000
"""Characters. Kafka itself stops at 4,096 bytes (`offset.metadata.max.bytes`)."""
MOST_READ: Final = 500
_ANSWER_WITHIN: Final = 20.0


@dataclass(frozen=True, slots=True)
class Followed:
    """One record: its headers and its value."""

    headers: Mapping[str, bytes]
    value: bytes


class Follower:
    """Reads a topic on. For one thread at a time. Raises BrokerAwayError.

    Without an offset of the group it begins at the end of the topic.
    """

    def __init__(
        self,
        kafka: Mapping[str, str],
        topic: str,
        group: str,
        *,
        answer_within: float = _ANSWER_WITHIN,
    ) -> None:
        self._topic: Final = topic
        self._within: Final = answer_within
        self._consumer: Final = Consumer(
            {
                **kafka,
                "group.id": group,
                "client.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",
                "fetch.wait.max.ms": 100,
                "logger": logging.getLogger("librdkafka"),
            }
        )
        try:
            self._next, self.remembered = self._begin()
        except KafkaException as problem:
            self._consumer.close()
            raise BrokerAwayError(_code(problem.args[0])) from None
        except BrokerAwayError:
            self._consumer.close()
            raise

    def _begin(self) -> tuple[dict[int, int], str]:
        known = self._consumer.list_topics(self._topic, timeout=self._within).topics[self._topic]
        if known.error is not None or not known.partitions:
            raise KafkaException(known.error or KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        places = [TopicPartition(self._topic, partition) for partition in sorted(known.partitions)]
        kept = self._consumer.committed(places, timeout=self._within)
        starts: dict[int, int] = {}
        remembered = ""
        for place in kept:
            starts[place.partition] = self._start(place)
            if place.partition == 0 and place.offset >= 0:
                remembered = place.metadata or ""
        self._consumer.assign([TopicPartition(self._topic, p, o) for p, o in starts.items()])
        return starts, remembered

    def _start(self, place: TopicPartition) -> int:
        if place.offset >= 0:
            return place.offset
        # The end as it is now, rather than whenever it is first fetched.
        bounds = self._consumer.get_watermark_offsets(place, timeout=self._within)
        if bounds is None:
            raise BrokerAwayError("no-end-of-partition")
        return bounds[1]

    def read(self, within: float) -> list[Followed]:
        """Wait for records, no longer than this, in seconds. Clocks are left out.

        At most 500 at once; that many say that there may be more.
        """
        found: list[Followed] = []
        message = self._consumer.poll(max(0.0, within))
        # `consume` would wait for its whole number or its whole time: what is here counts.
        while message is not None:
            self._take(message, found)
            if len(found) >= MOST_READ:
                break
            message = self._consumer.poll(0)
        return found

    def _take(self, message: Message, found: list[Followed]) -> None:
        error = message.error()
        if error is not None:
            # It looks for the broker by itself; what is fatal it says here once.
            if error.fatal():
                raise BrokerAwayError(_code(error))
            return
        self._next[message.partition() or 0] = (message.offset() or 0) + 1
        # Its types say a mapping or pairs; it always gives pairs of text and bytes.
        headers = dict(cast("list[tuple[str, bytes]]", message.headers() or []))
        if headers.get("ce_type") != CLOCK_TYPE.encode():
            found.append(Followed(headers, message.value() or b""))

    @property
    def position(self) -> Mapping[int, int]:
        """Where the next record of each partition will be read."""
        return dict(self._next)

    def keep(self, position: Mapping[int, int], remembered: str) -> None:
        """Keep where to read on from and the text, durably. Raises BrokerAwayError."""
        if len(remembered.encode()) > MOST_REMEMBERED:
            raise ValueError("There is no room for so long a text.")
        places = [
            TopicPartition(self._topic, partition, offset, remembered if partition == 0 else "")
            for partition, offset in position.items()
            if offset >= 0
        ]
        try:
            self._consumer.commit(offsets=places, asynchronous=False)
        except KafkaException as problem:
            raise BrokerAwayError(_code(problem.args[0])) from None
        self.remembered = remembered

    def close(self) -> None:
        self._consumer.close()


def _code(error: KafkaError) -> str:
    return error.name().strip("_").lower().replace("_", "-")
