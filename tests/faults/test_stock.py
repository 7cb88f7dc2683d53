"""The control: stock Faust with a table under the same kills, which the judge must find wrong.

A suite that found this right would find anything right.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.faults.conftest import Make
from tests.faults.rig import Rig
from tests.services.runtime.counting import Count
from tests.services.runtime.model import expected_states

pytestmark = [pytest.mark.faults, pytest.mark.integration]


def table(rig: Rig) -> dict[str, Count]:
    """Read the table's changelog: the last value of each key is its state."""
    consumer = Consumer(
        {"bootstrap.servers": rig.bootstrap, "group.id": "judge", "auto.offset.reset": "earliest"}
    )
    topic = f"stock{rig.tag}-counts-changelog"
    places = [TopicPartition(topic, p, 0) for p in range(rig.partitions)]
    consumer.assign(places)
    left = sum(consumer.get_watermark_offsets(place, 10)[1] for place in places)
    found: dict[str, Count] = {}
    while left:
        for message in consumer.consume(1_000, 1):
            if message.error() is None:
                left -= 1
                key, value = json.loads(message.key() or b""), json.loads(message.value() or b"")
                found[key] = Count.model_validate_json(value)
    consumer.close()
    return found


def committed(rig: Rig) -> int:
    """How many records Faust says it is done with."""
    settings = {"bootstrap.servers": rig.bootstrap, "group.id": f"stock{rig.tag}"}
    consumer = Consumer(settings)
    places = [TopicPartition(rig.topic("heads"), p) for p in range(rig.partitions)]
    done = sum(max(place.offset, 0) for place in consumer.committed(places, 10))
    consumer.close()
    return done


def test_stock_faust_counts_twice_after_a_kill(make: Make, tmp_path: Path) -> None:  # T13
    rig = make(folder=str(tmp_path / "stock"), commit=5.0, program="tests.faults.stock_main")
    first, _second = rig.start("stock"), rig.start("stock")
    rig.feed(range(4_000), a_second=800)

    rig.kill(first)
    rig.restart(first)
    rig.feed(range(4_000, 6_000), meanwhile=rig.tend, a_second=800)
    rig.wait(lambda: committed(rig) == 6_000, within=120)

    expected, found = expected_states(rig.numbers, rig.keys)["one"], table(rig)
    wrong = {key for key in expected if found.get(key) != expected[key]}
    assert wrong, "the suite does not find what it is made to find"
