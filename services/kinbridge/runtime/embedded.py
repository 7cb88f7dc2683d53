"""A broker inside this process, for a first run: librdkafka's mock cluster, on loopback.

It speaks Kafka's protocol to every client here and keeps everything in memory: 5 MiB or
100,000 records a partition, gone with the process. It gives every topic four partitions and
answers no admin calls. Never for production.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaException, Producer

from kinbridge_schemas.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kinbridge.settings import Settings
    from kinbridge_schemas.topics import Topics

PARTITIONS: Final = 4
"""What the mock cluster gives to a topic that is asked for. It cannot be told another number."""

CLUSTER_PREFIX: Final = "mockCluster"
"""How its cluster id begins: so other commands know that it answers no admin calls."""

BANNER: Final = """\
Embedded broker: everything is in memory and gone when it stops.
It is for a first look and for tests; a real line has a real Kafka (make kafka)."""

_ANSWER_WITHIN: Final = 10.0


class EmbeddedBrokerError(Exception):
    """The embedded broker may not or cannot start."""


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """A running broker. It lives as long as this object."""

    bootstrap: str
    cluster: str
    _holder: Producer


def line_topics(settings: Settings) -> Topics:
    """Give the topics as this line has them: the embedded broker has its own partition count."""
    topics = load_topics(settings.topics)
    return topics.with_partitions(PARTITIONS) if settings.embedded else topics


def start_embedded_broker(topics: Iterable[str], *, production: bool) -> EmbeddedBroker:
    """Start a broker with these topics, each of PARTITIONS partitions, on a free port.

    Raises EmbeddedBrokerError in a configuration marked production, and when it does not
    come up.
    """
    if production:
        raise EmbeddedBrokerError(
            "The embedded broker keeps everything in memory, and this configuration is marked "
            "production."
        )
    holder = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    try:
        found = holder.list_topics(timeout=_ANSWER_WITHIN)
        (broker,) = found.brokers.values()
        for topic in topics:
            _make(holder, topic)
    except KafkaException:
        raise EmbeddedBrokerError("The embedded broker did not come up.") from None
    return EmbeddedBroker(f"{broker.host}:{broker.port}", str(found.cluster_id), holder)


def _make(holder: Producer, topic: str) -> None:
    # A question about a topic makes it; there is no other way to.
    made = holder.list_topics(topic, timeout=_ANSWER_WITHIN).topics[topic]
    if len(made.partitions) != PARTITIONS:
        raise EmbeddedBrokerError(
            f"The embedded broker gave {topic} {len(made.partitions)} partitions."
        )


def write_address(path: Path, bootstrap: str) -> None:
    """Leave the address where other processes look for it, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(bootstrap, encoding="utf-8")
    part.replace(path)
