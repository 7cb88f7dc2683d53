"""Listening to topics of a real broker from now on, on librdkafka's embedded one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from confluent_kafka import Producer

from kinbridge.runtime.embedded import EmbeddedBroker, start_embedded_broker
from kinbridge.runtime.listening import Listener, ListeningError
from kinbridge_schemas.alerts import TeamAlert
from kinbridge_schemas.base import Contract
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import CLOCK_TYPE, Envelope, to_headers

TOPIC = "alerts.macpt.209"
CODEC = codec()
EXAMPLES = Path(__file__).resolve().parents[3] / "schemas" / "examples" / "TeamAlert.v1"
WITHIN = timedelta(seconds=10)


@pytest.fixture(scope="module")
def broker() -> EmbeddedBroker:
    return start_embedded_broker([TOPIC], production=False)


@pytest.fixture
def bootstrap(broker: EmbeddedBroker) -> str:
    return broker.bootstrap


def an_alert(name: str) -> TeamAlert:
    return TeamAlert.model_validate_json((EXAMPLES / f"{name}.json").read_bytes())


def write(bootstrap: str, body: Contract, kind: str = "TeamAlert/v1") -> None:
    envelope = Envelope(
        id=body.id,
        type=kind,
        source="stage:delivery",
        recorded=datetime(2026, 3, 2, tzinfo=UTC),
        correlation="message-1",
    )
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    producer.produce(TOPIC, CODEC.encode(body), b"family", headers=dict(to_headers(envelope)))
    assert producer.flush(10) == 0


def listener(bootstrap: str) -> Listener:
    return Listener({"bootstrap.servers": bootstrap}, {TOPIC: "TeamAlert/v1"}, CODEC)


def read_one(listening: Listener) -> tuple[str, Contract, float]:
    until = monotonic() + WITHIN.total_seconds()
    while monotonic() < until:
        if found := listening.listen(timedelta(seconds=1)):
            return found[0]
    raise AssertionError("Nothing came.")


def test_what_comes_after_is_read_and_what_was_there_before_is_not(bootstrap: str) -> None:
    write(bootstrap, an_alert("first"))
    with listener(bootstrap) as listening:
        before = monotonic()
        write(bootstrap, an_alert("correction"))
        topic, body, at = read_one(listening)

    assert (topic, body) == (TOPIC, an_alert("correction"))
    assert at >= before


def test_a_clock_is_not_shown(bootstrap: str) -> None:
    with listener(bootstrap) as listening:
        write(bootstrap, an_alert("first"), kind=CLOCK_TYPE)
        write(bootstrap, an_alert("restricted"))
        _, body, _ = read_one(listening)

    assert body == an_alert("restricted")


def test_a_broker_that_is_not_there_is_said_so() -> None:
    config = {"bootstrap.servers": "127.0.0.1:1", "log_level": "2"}
    with pytest.raises(ListeningError):
        Listener(config, {TOPIC: "TeamAlert/v1"}, CODEC, answer_within=timedelta(seconds=1))
