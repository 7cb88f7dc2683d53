"""`kinbridge meetings measures` against librdkafka's embedded broker, as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Producer

from kinbridge.cli import main
from kinbridge.runtime.embedded import EmbeddedBroker, start_embedded_broker
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import CLOCK_TYPE, Envelope, to_headers
from kinbridge_schemas.events import ChildEvent
from tests.services.meetings.march import EVENTS

ROOT: Final = Path(__file__).parents[3]
TOPIC: Final = "child-events"
CODEC: Final = codec()


@pytest.fixture
def broker() -> EmbeddedBroker:
    return start_embedded_broker([TOPIC], production=False)


def measures(broker: EmbeddedBroker, *arguments: str) -> Result:
    environment = {
        "KINBRIDGE_BROKER": broker.bootstrap,
        "KINBRIDGE_TOPICS": str(ROOT / "topics.yaml"),
        "KINBRIDGE_PARTNERSHIPS": str(ROOT / "deploy" / "partnerships"),
    }
    return CliRunner().invoke(main, ["meetings", "measures", *arguments], env=environment)


def written(bodies: Iterable[ChildEvent], kind: str = ChildEvent.contract) -> list[Any]:
    found = []
    for body in bodies:
        envelope = Envelope(
            id=body.id,
            type=kind,
            source="stage:mapping",
            recorded=datetime(2026, 3, 2, tzinfo=UTC),
            correlation="message-1",
        )
        found.append((body.subject, CODEC.encode(body), to_headers(envelope)))
    return found


def write(bootstrap: str, records: Iterable[Any]) -> None:
    """Write records to the first partition of the topic."""
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for key, value, headers in records:
        producer.produce(TOPIC, value, key, 0, headers=dict(headers))
    assert producer.flush(10) == 0


def test_the_month_is_counted_out_of_the_topic_of_shared_events(broker: EmbeddedBroker) -> None:
    elsewhere = [event.model_copy(update={"authority": "210"}) for event in EVENTS]
    write(broker.bootstrap, [*written(EVENTS[::-1]), *written(EVENTS[:9]), *written(elsewhere)])
    write(broker.bootstrap, written(EVENTS[:1], kind=CLOCK_TYPE))
    write(broker.bootstrap, [("odd", b"no event", written(EVENTS[:1])[0][2])])

    done = measures(broker, "--authority", "209", "--month", "2026-03", "--exact", "--json")

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["participation"]["meetings"] == {
        "numerator": 5,
        "denominator": 9,
        "percent": 55.6,
    }
    assert found["participation"]["children"]["denominator"] == 12
    assert found["notice"]["median_hours"] == 24
    assert found["left_out"]["unreadable"] == 1
    assert found["whole_since"] is None


def test_a_topic_with_nothing_on_it_is_a_clear_answer(broker: EmbeddedBroker) -> None:
    done = measures(broker, "--authority", "209", "--month", "2026-12")

    assert done.exit_code == 0
    assert done.stdout.startswith("Health at strategy discussions: Lewisham, December 2026\n")
    assert "Nothing was told of a strategy discussion in this month." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--authority", "999", "--month", "2026-03"), "There is no policy of 999."),
        (("--authority", "209", "--month", "March"), "does not match the format"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    broker: EmbeddedBroker, arguments: tuple[str, ...], said: str
) -> None:
    done = measures(broker, *arguments)

    assert done.exit_code != 0
    assert said in done.output
