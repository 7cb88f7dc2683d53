"""The commands themselves, as a person or CI runs them, against a real Kafka."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from kinbridge.runtime.clock import is_clock
from tests.integration.kafka import need_kafka, start_kafka
from tests.services.measures.test_commands import TOPIC as SHARED_EVENTS
from tests.services.measures.test_commands import write, written
from tests.services.meetings.march import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.kafka import Broker

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
AUTHORITIES = ["--authority", "209", "--authority", "210"]
WITHIN = 60


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A cluster with nothing on it, and nobody else."""
    need_kafka()
    broker = start_kafka(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


def environment(broker: str, **more: str) -> dict[str, str]:
    return {**os.environ, "KINBRIDGE_BROKER": broker, "KINBRIDGE_REPLICATION": "1", **more}


def kinbridge(broker: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kinbridge.cli", *arguments],
        cwd=ROOT,
        env=environment(broker, **more),
        check=False,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )


def test_from_an_empty_cluster_to_one_that_is_as_topics_yaml_says(
    own_kafka: Broker, tmp_path: Path
) -> None:
    where = own_kafka.bootstrap
    saved = str(tmp_path / "plan.json")

    before = kinbridge(where, "topics", "check", *AUTHORITIES)
    planned = kinbridge(where, "topics", "plan", *AUTHORITIES, "--out", saved)
    applied = kinbridge(where, "topics", "apply", *AUTHORITIES, "--plan", saved)
    again = kinbridge(where, "topics", "apply", *AUTHORITIES, "--plan", saved)
    after = kinbridge(where, "topics", "check", *AUTHORITIES)

    assert before.returncode == 2
    assert planned.returncode == 2, planned.stderr
    assert applied.returncode == 0, applied.stderr
    assert again.returncode == 1
    assert "plan again" in again.stderr
    assert after.returncode == 0
    assert "0 to change, 0 refused" in after.stdout


def test_a_plan_for_another_cluster_is_refused(own_kafka: Broker, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    kinbridge(own_kafka.bootstrap, "topics", "plan", *AUTHORITIES, "--out", str(saved))
    plan = json.loads(saved.read_text(encoding="utf-8"))
    saved.write_text(json.dumps({**plan, "cluster": "another"}), encoding="utf-8")

    applied = kinbridge(own_kafka.bootstrap, "topics", "apply", *AUTHORITIES, "--plan", str(saved))

    assert applied.returncode == 1
    assert "The plan is for cluster another" in applied.stderr


def test_the_wrong_cluster_is_refused(own_kafka: Broker) -> None:
    checked = kinbridge(
        own_kafka.bootstrap, "topics", "check", *AUTHORITIES, KINBRIDGE_CLUSTER="the-right-one"
    )

    assert checked.returncode == 1
    assert "the settings name the-right-one" in checked.stderr


def test_permissions_are_given_once(own_kafka: Broker) -> None:
    first = kinbridge(own_kafka.bootstrap, "topics", "acls", "--apply", *AUTHORITIES)
    second = kinbridge(own_kafka.bootstrap, "topics", "acls", "--apply", *AUTHORITIES)

    assert first.returncode == 0, first.stderr
    assert second.stdout.splitlines()[-1].startswith("0 given")


def test_measures_say_how_far_back_the_topic_goes(own_kafka: Broker) -> None:
    where, first = own_kafka.bootstrap, TopicPartition(SHARED_EVENTS, 0, 1)
    asked = ("meetings", "measures", "--authority", "209", "--month", "2026-03", "--json")
    kinbridge(where, "topics", "apply", "--yes", *AUTHORITIES)
    write(where, written(EVENTS))

    whole = json.loads(kinbridge(where, *asked).stdout)
    admin = AdminClient({"bootstrap.servers": where})
    admin.delete_records([first])[first].result(WITHIN)
    cut = json.loads(kinbridge(where, *asked).stdout)

    assert (whole["held"]["meetings"], whole["whole_since"]) == (9, None)
    assert cut["whole_since"] is not None


def test_the_embedded_broker_holds_the_topics_and_the_ticker_writes_to_it(tmp_path: Path) -> None:
    address = tmp_path / "broker.address"
    embedded = {"KINBRIDGE_EMBEDDED": "true", "KINBRIDGE_CLOCK_INTERVAL": "PT0.05S"}
    broker = start("broker", "--address-file", str(address), where="unused:1", **embedded)
    assert broker.stdout is not None
    banner = [broker.stdout.readline() for _ in range(3)]
    ticker = start("ticker", where=address.read_text(encoding="utf-8"), **embedded)

    record = first_record(address.read_text(encoding="utf-8"), "received.nhs")
    codes = [stop(ticker), stop(broker)]

    assert "in memory" in banner[0]
    assert is_clock(record)
    assert codes == [0, 0]


def test_the_embedded_broker_is_refused_in_production() -> None:
    refused = kinbridge("unused:1", "broker", KINBRIDGE_ENVIRONMENT="production")

    assert refused.returncode == 1
    assert "marked production" in refused.stderr


def start(*arguments: str, where: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kinbridge.cli", *arguments],
        cwd=ROOT,
        env=environment(where, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def stop(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    with process:
        return process.wait(WITHIN)


def first_record(where: str, topic: str) -> dict[str, bytes]:
    """Wait for a record on partition 3 of a topic and give its headers."""
    consumer = Consumer({"bootstrap.servers": where, "group.id": "test"})
    consumer.assign([TopicPartition(topic, 3, 0)])
    record = consumer.poll(WITHIN)
    consumer.close()
    assert record is not None
    headers = dict(record.headers() or [])
    return {name: value for name, value in headers.items() if isinstance(value, bytes)}
