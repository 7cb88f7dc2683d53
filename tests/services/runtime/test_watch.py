"""What operations are told: when something is late, once, and when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from kinbridge.runtime.meters import Meters
from kinbridge.runtime.progress import Progress
from kinbridge.runtime.watch import Watch
from tests.services.runtime.counting import STAGES, counting, minutes, thing
from tests.services.runtime.folding import WORLD, Partition, fact, plan_of


class Wall:
    """A wall clock that is set by hand."""

    now: datetime = minutes(0)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def watch(wall: Wall, registry: CollectorRegistry) -> Watch:
    meters = Meters(registry)
    return Watch(plan_of(STAGES[0]), meters, wall, stale_after=timedelta(minutes=2))


def test_a_source_that_is_silent_too_long_is_told_once_and_its_return_too(
    watch: Watch, wall: Wall, registry: CollectorRegistry
) -> None:
    at_one = Progress(0, WORLD, clocks={("heads", "ticker"): minutes(1)}, judged=minutes(1))
    told = []
    with capture_logs() as log:
        for minute, progress in (
            (1, at_one),
            (4, at_one),
            (5, at_one),
            (6, replace(at_one, clocks={("heads", "ticker"): minutes(6)})),
        ):
            wall.now = minutes(minute)
            watch.looked({0: progress})
            told.append(registry.get_sample_value("kinbridge_stale_sources", {"stage": "one"}))

    assert [each["event"] for each in log] == ["clock.stale", "clock.fresh"]
    assert told[1:] == [1, 1, 0]
    age = {"stage": "one", "partition": "0"}
    assert registry.get_sample_value("kinbridge_stage_time_age_seconds", age) == 300


def test_a_gap_is_told_when_it_stays_and_forgotten_when_it_closes(
    watch: Watch, wall: Wall, registry: CollectorRegistry
) -> None:
    partition = Partition(plan_of(counting("two", "ones", "twos")))
    early = fact(0, thing(1), topic="ones")
    late = fact(1, thing(0), topic="ones")
    numbered = [
        replace(early, headers={**early.headers, "src": b"one/1.1/0", "seq": b"1"}),
        replace(late, headers={**late.headers, "src": b"one/1.1/0", "seq": b"0"}),
    ]

    with capture_logs() as log:
        watch.turned([partition.fold(numbered[:1])], 0.1)
        open_gaps = registry.get_sample_value("kinbridge_sequence_gaps", {"stage": "one"})
        for minute in (0.5, 2, 3):
            wall.now = minutes(minute)
            watch.looked({})
        watch.turned([partition.fold(numbered[1:])], 0.1)

    assert [each["event"] for each in log] == ["sequence.gap"]
    assert open_gaps == 1
    assert registry.get_sample_value("kinbridge_sequence_gaps", {"stage": "one"}) == 0


def test_decisions_and_dead_letters_are_counted_by_reason(
    watch: Watch, registry: CollectorRegistry
) -> None:
    partition = Partition(plan_of(STAGES[0]))

    watch.turned(
        [partition.fold([fact(0, thing(1)), fact(1, thing(2, padding="unreadable"))])], 0.1
    )

    counted = {"stage": "one", "reason": "counted"}
    dead = {"stage": "one", "reason": "padding-unreadable"}
    assert registry.get_sample_value("kinbridge_decisions_total", counted) == 1
    assert registry.get_sample_value("kinbridge_dead_letters_total", dead) == 1
    assert registry.get_sample_value("kinbridge_events_total", {"stage": "one"}) == 2
