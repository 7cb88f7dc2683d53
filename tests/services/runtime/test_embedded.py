"""The embedded broker is a broker to every client, and says what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from kinbridge.runtime.embedded import (
    CLUSTER_PREFIX,
    PARTITIONS,
    EmbeddedBroker,
    EmbeddedBrokerError,
    start_embedded_broker,
    write_address,
)
from kinbridge.runtime.local import embed, programs
from kinbridge.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def broker() -> EmbeddedBroker:
    return start_embedded_broker(["alerts", "received.nhs"], production=False)


def test_it_has_every_topic_with_its_number_of_partitions(broker: EmbeddedBroker) -> None:
    found = Producer({"bootstrap.servers": broker.bootstrap}).list_topics(timeout=10)

    assert {name: len(topic.partitions) for name, topic in found.topics.items()} == {
        "alerts": PARTITIONS,
        "received.nhs": PARTITIONS,
    }
    assert found.cluster_id.startswith(CLUSTER_PREFIX)


def test_what_one_client_writes_another_reads(broker: EmbeddedBroker) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap, "acks": "all"})
    producer.produce("alerts", value=b"one", partition=2)
    assert producer.flush(10) == 0

    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "a"})
    consumer.assign([TopicPartition("alerts", 2, 0)])
    record = consumer.poll(10)
    consumer.close()

    assert record is not None
    assert record.value() == b"one"


def test_it_refuses_to_start_in_production() -> None:
    with pytest.raises(EmbeddedBrokerError, match="marked production"):
        start_embedded_broker([], production=True)


def test_its_address_is_left_for_others(tmp_path: Path) -> None:
    write_address(tmp_path / "new" / "broker.address", "127.0.0.1:1")

    assert (tmp_path / "new" / "broker.address").read_text() == "127.0.0.1:1"


def test_the_embedded_line_begins_with_an_empty_store(tmp_path: Path) -> None:
    left_over = tmp_path / "embedded" / "linking.sqlite3"
    left_over.parent.mkdir()
    left_over.touch()

    broker, environment = embed(Settings(data=tmp_path), ["alerts"])

    assert not left_over.exists()
    assert environment["KINBRIDGE_BROKER"] == broker.bootstrap
    assert len(environment["KINBRIDGE_SECRET"]) >= 32


def test_the_line_is_its_stages_the_ticker_intake_and_its_sources() -> None:
    found = programs(["mapping", "linking"], ["mesh"], {"A": "1"})

    names = [program.name for program in found]
    assert names == ["mapping", "linking", "ticker", "intake", "mesh"]
    assert list(found[-1].command[-3:]) == ["source", "mesh", "--attached"]
    assert all(program.environment == {"A": "1"} for program in found)
    assert list(found[0].command[-3:]) == ["worker", "mapping", "--attached"]
