"""The control: stock Faust with a table under the same kills, which the judge must find wrong.

A suite that found this right would find anything right.
"""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

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
    if topic not in consumer.list_topics(timeout=10).topics:
        return {}
    places = [TopicPartition(topic, p, 0) for p in range(rig.partitions)]
    consumer.assign(places)
    found: dict[str, Count] = {}
    try:
        ends = {p.partition: consumer.get_watermark_offsets(p, 10)[1] for p in places}
    except KafkaException:
        # Just made, and not led by anybody yet.
        return found
    while any(ends.values()):
        for message in consumer.consume(1_000, 1):
            if message.error() is None:
                key, value = json.loads(message.key() or b""), json.loads(message.value() or b"")
                found[key] = Count.model_validate_json(value)
                if (message.offset() or 0) + 1 >= ends[message.partition() or 0]:
                    ends[message.partition() or 0] = 0
    consumer.close()
    return found


class Still:
    """Sees whether the table has stood still for so many seconds, with something in it."""

    def __init__(self, rig: Rig, seconds: float) -> None:
        self._rig, self._seconds = rig, seconds
        self._last, self._since = 0, monotonic()

    def __call__(self) -> bool:
        now = sum(count.count for count in table(self._rig).values())
        if now != self._last:
            self._last, self._since = now, monotonic()
        return now > 0 and monotonic() - self._since > self._seconds


def test_stock_faust_counts_twice_after_a_kill(make: Make, tmp_path: Path) -> None:  # T13
    rig = make(folder=str(tmp_path / "stock"), commit=5.0, program="tests.faults.stock_main")
    hands = [rig.start("stock"), rig.start("stock")]
    rig.feed(range(3_000))
    rig.wait(lambda: len(table(rig)) > 0)
    rig.feed(range(3_000, 6_000), a_second=1_500)

    for hand in hands:
        rig.kill(hand)
        rig.restart(hand)
    rig.feed(range(6_000, 7_000))
    rig.wait(Still(rig, 10), within=180)

    expected, found = expected_states(rig.numbers, rig.keys)["one"], table(rig)
    twice = [key for key in expected.keys() & found if found[key].count > expected[key].count]
    assert twice, "the suite does not find what it is made to find"
