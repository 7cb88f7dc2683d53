"""What topics.yaml asks of a cluster, who may do what there, and its picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinbridge.intake.subscriptions.agent import GROUP
from kinbridge.topics.acls import Acl, acls
from kinbridge.topics.graph import graph
from kinbridge.topics.wanted import CONFIGS, wanted
from kinbridge_schemas.topics import Topics, load_topics

ROOT = Path(__file__).parents[3]
AUTHORITIES = ("209", "210")


@pytest.fixture(scope="module")
def topics() -> Topics:
    return load_topics(ROOT / "topics.yaml")


def test_each_template_becomes_one_topic_an_authority(topics: Topics) -> None:
    names = [topic.name for topic in wanted(topics, AUTHORITIES)]

    assert [name for name in names if name.startswith("alerts.macpt")] == [
        "alerts.macpt.209",
        "alerts.macpt.210",
    ]
    assert not [name for name in names if "{" in name]


def test_every_topic_states_its_settings(topics: Topics) -> None:
    for topic in wanted(topics, AUTHORITIES):
        assert tuple(sorted(topic.configs)) == CONFIGS
        assert topic.configs["cleanup.policy"] == "delete"
        assert topic.configs["min.insync.replicas"] == str(topic.replication - 1)


def test_one_broker_gets_one_copy_that_is_enough(topics: Topics) -> None:
    for topic in wanted(topics, AUTHORITIES, replication=1):
        assert topic.replication == 1
        assert topic.configs["min.insync.replicas"] == "1"


def may(found: tuple[Acl, ...], who: str, operation: str) -> set[str]:
    return {
        acl.name
        for acl in found
        if (acl.principal, acl.operation, acl.resource) == (f"User:{who}", operation, "topic")
    }


def test_one_borough_cannot_read_anothers_alerts(topics: Topics) -> None:
    found = acls(topics, AUTHORITIES)

    assert may(found, "kinbridge-case-systems-209", "read") == {
        "alerts.macpt.209",
        "alerts.family-help.209",
    }
    assert not may(found, "kinbridge-case-systems-209", "write")
    assert not may(found, "kinbridge-case-systems", "read")


def test_a_stage_may_do_what_topics_yaml_says_and_no_more(topics: Topics) -> None:
    found = acls(topics, AUTHORITIES)

    for stage in ("mapping", "linking", "rules", "consolidation", "sending"):
        assert may(found, f"kinbridge-{stage}", "read") == {t.name for t in topics.read_by(stage)}
        assert may(found, f"kinbridge-{stage}", "write") == {
            t.name for t in topics.written_by(stage)
        }


def test_intake_reads_back_only_what_its_part_counts(topics: Topics) -> None:
    found = acls(topics, AUTHORITIES)
    groups = {a.name for a in found if a.principal == "User:kinbridge-intake" and a.prefixed}

    assert may(found, "kinbridge-intake", "read") == {"received.nhs"}
    assert not may(found, "kinbridge-subscriptions", "read")
    assert [GROUP.startswith(prefix) for prefix in groups] == [True]


def test_the_ticker_writes_only_at_the_head_of_the_line(topics: Topics) -> None:
    found = acls(topics, AUTHORITIES)

    assert may(found, "kinbridge-ticker", "write") == {
        "received.nhs",
        "received.cases",
        "responses",
    }
    assert not may(found, "kinbridge-ticker", "read")


def test_the_picture_shows_every_topic_and_every_party(topics: Topics) -> None:
    picture = graph(topics)

    assert picture.startswith("flowchart LR\n")
    for topic in topics.topics:
        assert f'"{topic.name}"' in picture
        for party in (*topic.from_, *topic.to):
            assert f'"{party}"' in picture
    assert picture.count(" --> ") + picture.count(" -.-> ") == sum(
        len(topic.from_) + len(topic.to) for topic in topics.topics
    )
