"""Time reaches every partition at the head of the line, and never goes back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from confluent_kafka import Consumer, Message, TopicPartition

from kinbridge.runtime.clock import is_clock, read_clock
from kinbridge.runtime.embedded import PARTITIONS, EmbeddedBroker, start_embedded_broker
from kinbridge.runtime.ticker import Beat, Ticker, head_topics
from kinbridge_schemas.topics import load_topics

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def headers_of(record: Message) -> dict[str, bytes]:
    found = dict(record.headers() or [])
    return {name: value for name, value in found.items() if isinstance(value, bytes)}


def written_to(broker: EmbeddedBroker, topic: str, count: int) -> list[tuple[int, datetime]]:
    """Read so many clock records of a topic: partition and time."""
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap, "group.id": "test", "fetch.wait.max.ms": 10}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    found = consumer.consume(count, timeout=15)
    consumer.close()
    assert all(is_clock(headers_of(record)) for record in found)
    return [(record.partition() or 0, read_clock(record.value())) for record in found]


def test_the_head_topics_are_those_written_from_outside() -> None:
    assert head_topics(load_topics(ROOT / "topics.yaml")) == (
        "received.nhs",
        "received.cases",
        "responses",
    )


def test_every_partition_of_every_head_topic_gets_the_time() -> None:
    broker = start_embedded_broker(["a", "b"], production=False)
    beat = Beat(("a", "b"), PARTITIONS, behind=timedelta(seconds=3))
    ticker = Ticker({"bootstrap.servers": broker.bootstrap}, beat, clock=lambda: NOON)

    ticker.tick()
    ticker.close()

    told = NOON - timedelta(seconds=3)
    assert ticker.failed == 0
    for topic in ("a", "b"):
        assert sorted(written_to(broker, topic, PARTITIONS)) == [
            (number, told) for number in range(PARTITIONS)
        ]


def test_time_does_not_go_back_when_the_clock_of_the_machine_does() -> None:
    broker = start_embedded_broker(["a"], production=False)
    times = iter([NOON, NOON - timedelta(hours=1), NOON + timedelta(seconds=1)])
    beat = Beat(("a",), PARTITIONS, behind=timedelta(0))
    ticker = Ticker({"bootstrap.servers": broker.bootstrap}, beat, clock=lambda: next(times))

    told = [ticker.tick() for _ in range(3)]

    assert told == [NOON, NOON, NOON + timedelta(seconds=1)]


def test_it_ticks_until_it_is_told_to_stop() -> None:
    broker = start_embedded_broker(["a"], production=False)
    stop = threading.Event()
    ticks = 0

    def clock() -> datetime:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            stop.set()
        return NOON + timedelta(seconds=ticks)

    beat = Beat(("a",), PARTITIONS, behind=timedelta(0))
    ticker = Ticker({"bootstrap.servers": broker.bootstrap}, beat, clock)
    ticker.run(timedelta(milliseconds=1), stop)

    assert ticks == 3
    assert {partition for partition, _ in written_to(broker, "a", PARTITIONS)}


def test_while_the_broker_is_away_no_time_piles_up() -> None:
    beat = Beat(("a", "b"), PARTITIONS, behind=timedelta(0))
    ticker = Ticker({"bootstrap.servers": "127.0.0.1:1"}, beat, clock=lambda: NOON)

    for _ in range(100):
        ticker.tick()

    assert len(ticker._producer) == 2 * PARTITIONS
