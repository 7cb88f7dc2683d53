"""Workers as processes on the embedded broker: they run, perform, tell and stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kinbridge.runtime.embedded import PARTITIONS, start_embedded_broker
from kinbridge.runtime.exits import Exit
from tests.faults.judge import judge
from tests.faults.rig import Rig, headers_of
from tests.services.runtime.calling import CLOSED
from tests.services.runtime.counting import TOPIC_NAMES, Thing

pytestmark = pytest.mark.integration


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A line on a broker of its own, with SQLite."""
    store = f"sqlite:///{tmp_path / 'stores'}"
    line = Rig("", store, tmp_path / "logs", partitions=PARTITIONS)
    names = [line.topic(name) for name in TOPIC_NAMES]
    broker = start_embedded_broker(names, production=False)
    line.bootstrap = broker.bootstrap
    yield line
    line.close()


def test_a_killed_worker_goes_on_where_it_was_and_all_stop_in_order(rig: Rig) -> None:
    rig.start_all(1)
    rig.feed(range(150))
    rig.kill(rig.hands[1])
    rig.restart(rig.hands[1])
    rig.feed(range(150, 300))
    rig.until_done()

    listening = [
        at.laddr
        for hand in rig.hands
        for at in psutil.Process(hand.process.pid).net_connections("tcp")
        if at.status == psutil.CONN_LISTEN
    ]
    codes = [rig.stop(hand) for hand in rig.hands]

    judge(rig)
    assert listening == [], "Faust's web server shows tables to whoever asks"
    assert codes == [Exit.STOPPED] * 3


def test_tasks_are_performed_one_of_a_key_at_a_time(rig: Rig) -> None:
    rig.keys = 5
    rig.asked["line"] = "calling"
    hand = rig.start("one")
    rig.feed(range(60))
    rig.wait(lambda: len(rig.records("tries")) > 5)
    rig.kill(hand)
    hand = rig.restart(hand)

    rig.wait(lambda: len(called(rig)) == 60)

    assert {thing.origin for thing in called(rig).values()} == {f"n{n}" for n in range(60)}
    assert {thing.number for thing in called(rig).values()} == {0}, "two calls of a key at once"
    assert rig.stop(hand) == Exit.STOPPED
    assert rig.log("one").count(CLOSED) == 1


def called(rig: Rig) -> dict[bytes, Thing]:
    found = [m for m in rig.records("ones") if m.value() is not None]
    return {headers_of(m)["ce_id"]: Thing.model_validate_json(m.value() or b"") for m in found}


def test_a_worker_without_its_topics_says_which_and_ends(rig: Rig) -> None:
    rig.asked["topics_within"] = 1.0
    rig.asked["partitions"] = PARTITIONS + 1

    hand = rig.start("one")

    assert hand.process.wait(60) == Exit.TOPICS
    assert f"has {PARTITIONS} partitions, not {PARTITIONS + 1}" in rig.log("one")
