"""Nothing is concluded from an absence while a fact still waits upstream."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.faults.conftest import Make
from tests.faults.rig import Rig, is_clock
from tests.services.runtime.counting import START, Thing, minutes
from tests.services.runtime.waiting import ATTENDED, BOOKED, booking

pytestmark = [pytest.mark.faults, pytest.mark.integration]


def put(rig: Rig, *things: Thing) -> None:
    producer = rig.producer()
    for thing in things:
        rig.put(producer, thing)
    producer.flush()


def absent(rig: Rig) -> set[str]:
    return {key.decode() for m in rig.records("twos") if (key := m.key()) is not None}


def test_a_deadline_waits_for_a_fact_that_waits_in_a_frozen_stage(make: Make) -> None:  # T16
    rig = make(line="waiting", stale_after=3.0)
    passing, judging = rig.start("one"), rig.start("two")
    keys = [f"key-{n}" for n in range(12)]
    put(rig, *(booking(key, BOOKED, minute=10) for key in keys))
    rig.tick(minutes(1))
    rig.wait(lambda: len(rig.records("ones")) >= len(keys) + rig.partitions**2)

    rig.freeze(passing)
    put(rig, *(booking(key, ATTENDED) for key in keys[:6]))
    for minute in range(2, 30):
        rig.tick(minutes(minute))
    rig.wait(lambda: "clock.stale" in rig.log("two"))

    assert absent(rig) == set()
    assert judging.process.poll() is None

    rig.thaw(passing)
    rig.wait(lambda: absent(rig) >= set(keys[6:]), within=60)

    assert absent(rig) == set(keys[6:])


def test_a_kill_between_deadline_and_clock_says_each_absence_once(make: Make) -> None:
    rig = make(line="waiting")
    passing, judging = rig.start("one"), rig.start("two")
    keys = [f"key-{n}" for n in range(200)]
    put(rig, *(booking(key, BOOKED, minute=n % 20) for n, key in enumerate(keys)))

    for minute in range(25):
        rig.tick(minutes(minute))
        if minute == 5:
            rig.kill(judging)
            judging = rig.restart(judging)
        if minute == 12:
            rig.kill(passing)
            passing = rig.restart(passing)
        rig.tick(minutes(minute))
    rig.wait(lambda: absent(rig) == set(keys), within=60)

    bodies = {(m.key(), m.value()) for m in rig.records("twos") if not is_clock(m)}
    assert len(bodies) == len(keys)


def test_clocks_that_run_ahead_and_stand_still_change_nothing_but_the_time(make: Make) -> None:
    rig = make(line="waiting")
    rig.start("one")
    rig.start("two")
    put(rig, booking("early", BOOKED, minute=10), booking("late", BOOKED, minute=100))

    for minute in (1, 60, 30, 60, 2):
        rig.tick(minutes(minute))
    rig.wait(lambda: absent(rig) == {"early"})
    rig.tick(START + timedelta(minutes=101))
    rig.wait(lambda: absent(rig) == {"early", "late"})
