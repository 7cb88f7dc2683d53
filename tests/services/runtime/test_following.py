"""Reading a topic on beside the line, on a broker that speaks the real protocol."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Final

import pytest
from confluent_kafka import Producer

from kinbridge.runtime.embedded import start_embedded_broker
from kinbridge.runtime.following import MOST_REMEMBERED, Follower
from kinbridge.runtime.reader import BrokerAwayError
from kinbridge_schemas.envelope import CLOCK_TYPE

TOPIC: Final = "received.nhs"


@pytest.fixture(scope="module")
def kafka() -> Iterator[dict[str, str]]:
    broker = start_embedded_broker([TOPIC], production=False)
    yield {"bootstrap.servers": broker.bootstrap}
    # The broker lives as long as something holds it: until the tests are over.
    assert broker.cluster


def write(kafka: dict[str, str], *values: bytes, kind: str = "x") -> None:
    producer = Producer(kafka)
    for number, value in enumerate(values):
        producer.produce(TOPIC, value, str(number).encode(), headers=[("ce_type", kind.encode())])
    producer.flush(10)


def read(follower: Follower, count: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        found += [each.value for each in follower.read(10)]
    return sorted(found)


def test_a_new_group_begins_at_the_end_and_reads_all_partitions(kafka: dict[str, str]) -> None:
    write(kafka, b"before")
    follower = Follower(kafka, TOPIC, "new")
    write(kafka, b"clock", kind=CLOCK_TYPE)

    write(kafka, *(bytes([65 + n]) for n in range(12)))

    assert read(follower, 12) == [bytes([65 + n]) for n in range(12)]
    assert (len(follower.position), follower.remembered) == (4, "")
    follower.close()


def test_the_next_one_reads_on_and_knows_the_text(kafka: dict[str, str]) -> None:
    first = Follower(kafka, TOPIC, "on")
    write(kafka, b"a", b"b", b"c")
    read(first, 3)
    kept = first.position
    first.keep(kept, '{"appointments":"2026-03-02T10:20:00+00:00"}')
    write(kafka, b"d", b"e")
    read(first, 2)
    first.close()

    second = Follower(kafka, TOPIC, "on")

    assert second.position == kept
    assert second.remembered == '{"appointments":"2026-03-02T10:20:00+00:00"}'
    assert read(second, 2) == [b"d", b"e"]
    second.close()


def test_a_text_that_kafka_would_cut_is_refused(kafka: dict[str, str]) -> None:
    follower = Follower(kafka, TOPIC, "long")

    with pytest.raises(ValueError, match="no room"):
        follower.keep({0: 1}, "x" * (MOST_REMEMBERED + 1))

    follower.close()


def test_without_a_broker_that_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = {"bootstrap.servers": f"127.0.0.1:{taken.getsockname()[1]}"}

        with pytest.raises(BrokerAwayError):
            Follower(nobody, TOPIC, "away", answer_within=0.5)
