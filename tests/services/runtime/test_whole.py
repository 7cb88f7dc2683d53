"""Reading a topic whole, on librdkafka's embedded broker."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from kinbridge.runtime.embedded import EmbeddedBroker, start_embedded_broker
from kinbridge.runtime.whole import TopicAwayError, WholeTopic
from kinbridge_schemas.alerts import TeamAlert
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import CLOCK_TYPE, Envelope, to_headers

TOPIC = "alerts.macpt.209"
CODEC = codec()
EXAMPLE = Path(__file__).resolve().parents[3] / "schemas/examples/TeamAlert.v1/first.json"
ALERT = TeamAlert.model_validate_json(EXAMPLE.read_bytes())


@pytest.fixture
def broker() -> EmbeddedBroker:
    return start_embedded_broker([TOPIC], production=False)


def write(broker: EmbeddedBroker, key: str, kind: str = "TeamAlert/v1") -> None:
    envelope = Envelope(
        id=ALERT.id,
        type=kind,
        source="stage:delivery",
        recorded=datetime(2026, 3, 2, tzinfo=UTC),
        correlation="message-1",
    )
    producer = Producer({"bootstrap.servers": broker.bootstrap, "acks": "all"})
    producer.produce(TOPIC, CODEC.encode(ALERT), key, headers=dict(to_headers(envelope)))
    assert producer.flush(10) == 0


def whole(bootstrap: str, topic: str = TOPIC, within: float = 10) -> WholeTopic:
    config = {"bootstrap.servers": bootstrap}
    return WholeTopic(config, topic, "TeamAlert/v1", CODEC, answer_within=within)


def test_every_partition_is_read_to_its_end_and_clocks_are_left_out(
    broker: EmbeddedBroker,
) -> None:
    for number in range(12):
        write(broker, f"family-{number}")
        write(broker, f"family-{number}", kind=CLOCK_TYPE)

    with whole(broker.bootstrap) as topic:
        found = list(topic)

    assert found == [ALERT] * 12
    assert (topic.unreadable, topic.since) == (0, None)


def test_what_is_written_while_it_reads_is_not_waited_for(broker: EmbeddedBroker) -> None:
    write(broker, "family")
    with whole(broker.bootstrap) as topic:
        for number in range(12):
            write(broker, f"family-{number}")

        assert list(topic) == [ALERT]


def test_a_topic_with_nothing_on_it_ends_at_once(broker: EmbeddedBroker) -> None:
    with whole(broker.bootstrap) as topic:
        assert list(topic) == []


def test_it_can_be_read_again(broker: EmbeddedBroker) -> None:
    write(broker, "family")

    for _ in range(2):
        with whole(broker.bootstrap) as topic:
            assert list(topic) == [ALERT]


def test_a_broker_that_is_away_is_said() -> None:
    with pytest.raises(TopicAwayError, match="does not answer"):
        whole("127.0.0.1:9", within=0.2)
