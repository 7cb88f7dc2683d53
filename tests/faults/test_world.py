"""A store beside the wrong cluster, topics or time stops its worker with a clear text."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from kinbridge.runtime.exits import Exit
from tests.faults.conftest import Make
from tests.faults.rig import NAMES, Hand, Rig, headers_of
from tests.faults.stores import keep_rows, open_of, restore_rows
from tests.integration.kafka import start_kafka

pytestmark = [pytest.mark.faults, pytest.mark.integration]


def run_and_stop(rig: Rig, count: int, start: int = 0) -> None:
    """Let things through all stages, and stop the workers in order."""
    for name in NAMES:
        rig.start(name)
    rig.feed(range(start, start + count))
    rig.until_done()
    stop_all(rig)


def stop_all(rig: Rig) -> None:
    codes = [rig.stop(hand) for hand in rig.hands]
    rig.hands.clear()
    assert codes == [Exit.STOPPED] * len(codes)


def text_of(rig: Rig, hand: Hand, code: Exit) -> str:
    assert hand.process.wait(90) == code
    rig.hands.remove(hand)
    return rig.log(hand.stage)


def test_topics_that_were_made_anew(make: Make) -> None:  # T17: the broker was emptied
    rig = make()
    run_and_stop(rig, 300)
    rig.delete_topic("heads")
    rig.wait(lambda: rig.topic("heads") not in rig.admin().list_topics(timeout=5).topics)
    rig.make_topic("heads")

    log = text_of(rig, rig.start("one"), Exit.WORLD)

    assert "was deleted and made anew" in log


def test_another_cluster(make: Make, tmp_path: Path) -> None:  # T17: the broker was replaced
    rig = make()
    run_and_stop(rig, 300)
    other = start_kafka(tmp_path / "other-kafka")
    rig.bootstrap = other.bootstrap
    try:
        rig.make_topics()
        log = text_of(rig, rig.start("one"), Exit.WORLD)
    finally:
        other.stop()

    assert "The store is of cluster" in log


def test_records_that_were_deleted_before_they_were_read(make: Make) -> None:  # T17
    rig = make()
    run_and_stop(rig, 300)
    rig.feed(range(300, 600))
    gone = [TopicPartition(rig.topic("heads"), p, -1) for p in range(rig.partitions)]
    admin = rig.admin()
    for each in admin.delete_records(gone).values():
        each.result(30)

    log = text_of(rig, rig.start("one"), Exit.WORLD)

    assert "records were deleted before they were read" in log


def test_a_restored_database_is_found_out_and_goes_on_in_a_new_epoch(make: Make) -> None:  # T17
    rig = make(commit=0.3)
    run_and_stop(rig, 300)
    backup = keep_rows(rig, "one")
    run_and_stop(rig, 300, start=300)
    restore_rows(rig, "one", backup)

    log = text_of(rig, rig.start("one"), Exit.WORLD)

    assert "raise the stage's epoch" in log

    store = open_of(rig, "one")
    assert store.raise_epoch(range(rig.partitions), above=1) == 2
    store.close()
    rig.start("one")
    rig.feed(range(600, 700))
    rig.wait(lambda: said_in_epoch(rig, 2) >= 400, within=60)

    # What was decided since the backup is decided again, and is new to the next stage:
    # whoever dropped it as a repeat would drop what nobody has said yet.
    assert said_in_epoch(rig, 2) == 400


def said_in_epoch(rig: Rig, epoch: int) -> int:
    mark = f"one/{rig.version}.{epoch}/".encode()
    headers = [headers_of(message) for message in rig.records("ones")]
    return len({h["ce_id"] for h in headers if h["src"].startswith(mark)})


def test_an_empty_store_beside_a_group_that_has_read(make: Make) -> None:
    rig = make(commit=0.3)
    run_and_stop(rig, 300)
    restore_rows(rig, "one", {name: [] for name in keep_rows(rig, "one")})

    log = text_of(rig, rig.start("one"), Exit.WORLD)

    assert "the store knows nothing" in log


def test_a_missing_topic(make: Make) -> None:
    rig = make(topics_within=2.0)
    rig.delete_topic("ones")
    rig.wait(lambda: rig.topic("ones") not in rig.admin().list_topics(timeout=5).topics)

    log = text_of(rig, rig.start("one"), Exit.TOPICS)

    assert f"The topic {rig.topic('ones')} does not exist." in log
