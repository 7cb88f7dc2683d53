"""`kinbridge topics` against a real Kafka: what a plan says is done, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from kinbridge.runtime.admin import ClusterAdmin, ClusterError
from kinbridge.runtime.embedded import start_embedded_broker
from kinbridge.topics.acls import acls
from kinbridge.topics.cluster import Backlog, TopicState
from kinbridge.topics.plan import Outcome, make_plan
from kinbridge.topics.wanted import wanted
from kinbridge_schemas.topics import load_topics

if TYPE_CHECKING:
    from tests.integration.kafka import Broker

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture
def admin(kafka: Broker) -> ClusterAdmin:
    return ClusterAdmin({"bootstrap.servers": kafka.bootstrap})


def a_topic(name: str, *, partitions: int = 2, retention: str = "600000") -> TopicState:
    return TopicState(
        name=name,
        partitions=partitions,
        replication=1,
        configs={"cleanup.policy": "delete", "retention.ms": retention},
    )


@pytest.fixture
def name() -> str:
    return f"topics-test-{uuid4().hex}"


def write_and_read(kafka: Broker, topic: str, *, read: int) -> None:
    """Write three records to a topic and commit that so many of them were read."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for number in range(3):
        producer.produce(topic, value=str(number), partition=0)
    assert producer.flush(20) == 0
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": f"reads-{topic}"})
    consumer.commit(offsets=[TopicPartition(topic, 0, read)], asynchronous=False)
    consumer.close()


def test_the_topics_of_the_line_are_made_once_and_then_are_the_same(admin: ClusterAdmin) -> None:
    topics = wanted(load_topics(ROOT / "topics.yaml"), ("209", "210"), replication=1)
    admin.apply(make_plan(topics, admin.cluster()))

    again = make_plan(topics, admin.cluster())

    assert again.changes == ()
    assert again.outcome is Outcome.SAME
    there = admin.cluster().by_name
    assert there["received.nhs"].configs["max.message.bytes"] == "6000000"
    assert {topic.name for topic in topics} <= set(there)


def test_a_setting_that_somebody_changed_is_set_right(admin: ClusterAdmin, name: str) -> None:
    admin.apply(make_plan((a_topic(name, retention="5000"),), admin.cluster()))
    admin.apply(make_plan((a_topic(name),), admin.cluster()))

    assert admin.cluster().by_name[name] == a_topic(name)


def test_a_topic_grows_when_it_is_drained(kafka: Broker, admin: ClusterAdmin, name: str) -> None:
    admin.apply(make_plan((a_topic(name),), admin.cluster()))
    write_and_read(kafka, name, read=3)
    seen = admin.cluster(backlogs_of=[name])

    admin.apply(make_plan((a_topic(name, partitions=5),), seen, repartition=True))

    assert seen.backlogs[name] == Backlog(records=3, unread=0)
    assert admin.cluster().by_name[name].partitions == 5


def test_a_topic_with_records_that_wait_does_not_grow(
    kafka: Broker, admin: ClusterAdmin, name: str
) -> None:
    admin.apply(make_plan((a_topic(name),), admin.cluster()))
    write_and_read(kafka, name, read=1)
    seen = admin.cluster(backlogs_of=[name])

    plan = make_plan((a_topic(name, partitions=5),), seen, repartition=True)
    admin.apply(plan)

    assert [refusal.reason for refusal in plan.refusals] == ["grows-only-when-drained"]
    assert seen.backlogs[name] == Backlog(records=3, unread=2)
    assert admin.cluster().by_name[name].partitions == 2


def test_permissions_given_are_there_and_to_give_them_again_changes_nothing(
    admin: ClusterAdmin,
) -> None:
    asked = acls(load_topics(ROOT / "topics.yaml"), ("209", "210"))
    admin.allow(asked)
    admin.allow(asked)

    assert admin.acls() >= set(asked)


def test_a_broker_that_is_not_there_is_told_plainly() -> None:
    settings = {"bootstrap.servers": "127.0.0.1:1", "socket.connection.setup.timeout.ms": "1000"}

    with pytest.raises(ClusterError, match=r"No answer from 127\.0\.0\.1:1"):
        ClusterAdmin(settings, within=2)


def test_the_embedded_broker_says_that_it_answers_no_admin_calls() -> None:
    broker = start_embedded_broker(["alerts"], production=False)

    with pytest.raises(ClusterError, match="embedded broker answers no admin calls"):
        ClusterAdmin({"bootstrap.servers": broker.bootstrap})
