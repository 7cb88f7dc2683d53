"""Our murmur2 is Java's and librdkafka's."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.runtime.embedded import EmbeddedBroker, start_embedded_broker
from kinbridge.runtime.partitioner import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        # From Apache Kafka's own UtilsTest.testMurmur2.
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_hashes_are_those_of_java(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


@given(key=st.binary(min_size=1, max_size=80), partitions=st.integers(1, 512))
def test_a_key_belongs_to_one_of_the_partitions(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions


@pytest.fixture(scope="module")
def broker() -> EmbeddedBroker:
    return start_embedded_broker(["keys"], production=False)


@settings(max_examples=20, deadline=None)
@given(keys=st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=40))
def test_librdkafka_sends_every_key_where_we_say(
    broker: EmbeddedBroker, keys: list[bytes]
) -> None:
    placed: list[tuple[bytes, int]] = []
    producer = Producer(
        {"bootstrap.servers": broker.bootstrap, "partitioner": "murmur2_random", "log_level": 0}
    )

    for key in keys:
        producer.produce(
            "keys",
            key=key,
            value=b"",
            on_delivery=lambda _error, m: placed.append((m.key() or b"", m.partition() or 0)),
        )
    producer.flush(10)

    assert len(placed) == len(keys)
    assert [at for _, at in placed] == [partition_of(key, 4) for key, _ in placed]
