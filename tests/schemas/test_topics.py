"""topics.yaml: closed in both directions, and found out when it is spoilt."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kinbridge_schemas.contracts import CONTRACTS
from kinbridge_schemas.received import Received
from kinbridge_schemas.topics import Topic, Topics, TopicsError, load_topics, parse_topics

ROOT = Path(__file__).resolve().parents[2]
TOPICS = load_topics(ROOT / "topics.yaml")

Spoil = Callable[[dict[str, Any]], object]


def raw() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "topics.yaml").read_text(encoding="utf-8"))
    return loaded


def alerts(whole: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = whole["topics"]["alerts"]
    return entry


def test_every_contract_is_on_a_topic_and_every_topic_has_a_contract() -> None:
    carried = {topic.schema_ for topic in TOPICS.topics}

    assert carried == CONTRACTS.keys() | {Received.contract}


@pytest.mark.parametrize("topic", TOPICS.topics, ids=lambda topic: topic.name)
def test_a_topics_key_is_a_text_of_its_contract(topic: Topic) -> None:
    if topic.schema_ == Received.contract:
        assert topic.key == "record"
        return
    contract = CONTRACTS[topic.schema_]
    field = contract.model_fields.get(topic.key)
    found = inspect.getattr_static(contract, topic.key, None)

    assert field is not None or isinstance(found, property)


@pytest.mark.parametrize("topic", TOPICS.topics, ids=lambda topic: topic.name)
def test_what_has_a_reader_in_the_line_is_as_wide_as_the_line(topic: Topic) -> None:
    outside = {"operations", "case-systems", "partners"}

    if not set(topic.to) <= outside:
        assert topic.audience == "line"


def test_a_dead_letter_can_hold_whatever_a_topic_can() -> None:
    largest = max(t.max_bytes for t in TOPICS.topics if t.name != "dead-letters")

    # Base64 makes four bytes of three, and the headers come along.
    assert TOPICS["dead-letters"].max_bytes > largest * 4 / 3


def test_a_dead_letter_lives_at_least_as_long_as_what_it_came_from() -> None:
    received = max(t.retention_ms for t in TOPICS.topics if t.schema_ == Received.contract)

    assert TOPICS["dead-letters"].retention_ms >= received


SPOILT = [
    pytest.param(lambda r: alerts(r).update(retension="7d"), "retension", id="misspelt"),
    pytest.param(lambda r: r["defaults"].update(partitons=3), "partitons", id="misspelt default"),
    pytest.param(lambda r: r.update(topcis={}), "topcis", id="misspelt at the top"),
    pytest.param(lambda r: alerts(r).update(partitions=3), "the line 6", id="narrower"),
    pytest.param(lambda r: alerts(r).update(retention="1w"), "retention", id="weeks"),
    pytest.param(lambda r: alerts(r).update(retention=7), "retention", id="no unit"),
    pytest.param(lambda r: alerts(r).pop("key"), "alerts.key", id="no key"),
    pytest.param(lambda r: alerts(r).pop("holds"), "alerts.holds", id="says nothing"),
    pytest.param(lambda r: alerts(r).update(schema="AlertRevision"), "schema", id="no version"),
    pytest.param(
        lambda r: alerts(r).update(classification="secret"),
        "classification",
        id="unknown classification",
    ),
    pytest.param(lambda r: alerts(r).update(audience="all"), "audience", id="unknown audience"),
    pytest.param(lambda r: alerts(r).update(partitioner="crc32"), "partitioner", id="partitioner"),
    pytest.param(lambda r: alerts(r).update({"from": []}), "from", id="no producer"),
    pytest.param(lambda r: alerts(r).update(to=[]), "to", id="no reader"),
    pytest.param(lambda r: alerts(r).update(to=["A B"]), "to", id="no name"),
    pytest.param(lambda r: alerts(r).update(replication=0), "replication", id="none"),
    pytest.param(lambda r: alerts(r).update(max_bytes=1), "max_bytes", id="too small"),
    pytest.param(lambda r: r["topics"].update({"Alerts!": alerts(r)}), "name", id="!"),
    pytest.param(lambda r: r["topics"].update(alerts=None), "alerts", id="empty"),
    pytest.param(lambda r: r["topics"].update(alerts="yes"), "alerts", id="a word"),
    pytest.param(lambda r: r.update(defaults=[1]), "defaults", id="defaults are a list"),
    pytest.param(lambda r: r.update(version=2), "version", id="another version"),
    pytest.param(lambda r: r.pop("topics"), "topics", id="no topics"),
]


@pytest.mark.parametrize(("spoil", "named"), SPOILT)
def test_a_spoilt_file_is_refused_with_its_place(spoil: Spoil, named: str) -> None:
    spoilt = raw()
    spoil(spoilt)

    with pytest.raises(TopicsError) as caught:
        parse_topics(yaml.safe_dump(spoilt))
    assert named in str(caught.value)


def test_a_topic_that_stands_twice_is_refused() -> None:
    text = (ROOT / "topics.yaml").read_text(encoding="utf-8")

    with pytest.raises(TopicsError, match=r"named twice: \['alerts'\]"):
        parse_topics(text + "  alerts:\n    holds: Again\n")


@pytest.mark.parametrize("text", ["", "topics: [", "- a", "topics: 1"])
def test_what_is_no_file_of_topics_is_refused(text: str) -> None:
    with pytest.raises(TopicsError):
        parse_topics(text)


def test_a_template_takes_exactly_its_parameters() -> None:
    template = TOPICS["alerts.macpt.{authority}"]

    assert template.named({"authority": "209"}) == "alerts.macpt.209"
    with pytest.raises(TopicsError):
        template.named({})
    with pytest.raises(TopicsError):
        template.named({"authority": "209", "team": "a"})


def test_templates_are_expanded_for_each_authority() -> None:
    names = [name for name, _ in TOPICS.expanded({"authority": ("209", "210")})]

    assert names.count("alerts") == 1
    assert {n for n in names if n.startswith("alerts.macpt")} == {
        "alerts.macpt.209",
        "alerts.macpt.210",
    }


def test_the_embedded_broker_has_a_width_of_its_own() -> None:
    narrow = TOPICS.with_partitions(4)

    assert {topic.partitions for topic in narrow.topics} == {4}
    assert isinstance(narrow, Topics)
    assert narrow.line_partitions == 4
