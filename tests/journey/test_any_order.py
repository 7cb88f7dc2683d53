"""Between two openings, clock records or responses the facts are a set, for the whole line."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinbridge.demo.templates import Request
from kinbridge.intake.decide import Accepted
from kinbridge.intake.entries import Entry
from kinbridge.partnership.model import Partnership
from kinbridge.runtime.clock import TICKER, clock_headers, clock_value
from kinbridge.runtime.partitioner import partition_of
from kinbridge_schemas.envelope import to_headers
from kinbridge_schemas.vocabulary import Urgency
from tests.journey.grammar import EXPECTING, START, Told, opened, play, stories
from tests.journey.people import appointment
from tests.journey.world import TOPICS, MemoryWorld, shipped

STAGES = ("mapping", "linking", "rules", "consolidation", "delivery")


@pytest.fixture(scope="module")
def policies() -> dict[str, Partnership]:
    return shipped()


def standing(world: MemoryWorld) -> dict[str, dict[str, Urgency]]:
    """Give what readers were left with: the items that stand, by alert."""
    last = {alert.alert: alert for alert in world.alerts()}
    found = {
        own: {
            i.concern.concern: i.concern.urgency for i in a.items if i.concern.status == "active"
        }
        for own, a in last.items()
    }
    return {own: items for own, items in found.items() if items}


def said(world: MemoryWorld) -> dict[str, Any]:
    """Give the last revision of each alert, by its id: its items, and how they stand."""
    return {
        alert.alert: (
            alert.state,
            alert.urgency,
            {i.concern.concern: (i.concern.status, i.concern.urgency) for i in alert.items},
        )
        for alert in world.alerts()
    }


def pictures(world: MemoryWorld) -> dict[str, Any]:
    """Give what is known of each child: the latest account of each fact, and the record."""
    return {
        child: (
            state.picture.record.model_copy(update={"revision": 0}),
            {
                fact: (accounts[-1].event, accounts[-1].act, accounts[-1].relation)
                for fact, accounts in state.picture.facts.items()
            },
        )
        for child, state in world.line.states("rules").items()
        if state.picture.record is not None
    }


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(told=stories(), seed=st.integers(0, 2**16))
def test_any_order_repetition_and_split_ends_the_same(told: Told, seed: int) -> None:
    # No fixture: Hypothesis would write the policies out whole beside every example.
    orderly = play(opened(shipped(), told.expecting), told.parts)
    disorderly = play(opened(shipped(), told.expecting, Random(seed)), told.disordered(seed))

    assert standing(disorderly) == standing(orderly)
    assert pictures(disorderly) == pictures(orderly)
    if told.expecting is EXPECTING:
        # What is urgent is said at once and may then have to be corrected; all else is said the
        # same, under the same ids.
        assert said(disorderly) == said(orderly)


def missed(status: str, version: int, recorded: datetime) -> Request:
    """An account of one appointment of the mother, by a hospital."""
    start = START - timedelta(days=4, hours=1)
    return appointment(EXPECTING, "apt", start, status=status, recorded=recorded, version=version)


def tick_all_but(world: MemoryWorld, held: tuple[str, int], now: datetime) -> None:
    """Let the time be known on every partition at the head of the line but one."""
    for topic in ("received.nhs", "received.cases", "responses"):
        for partition in range(TOPICS[topic].partitions):
            if (topic, partition) != held:
                headers = clock_headers(now, TICKER)
                world.line._append(topic, partition, None, clock_value(now), headers)
    world.line.run()


def place_of(entry: Entry) -> tuple[str, int]:
    return entry.topic, partition_of(entry.key.encode(), TOPICS[entry.topic].partitions)


def waiting(world: MemoryWorld, request: Request) -> Entry:
    """Give the record that a request becomes, received and not yet on its topic."""
    decided = world._decided(request)
    assert isinstance(decided, Accepted)
    (entry,) = decided.entries
    return entry


def test_a_miss_is_not_told_while_what_takes_it_back_waits_upstream(
    policies: dict[str, Partnership],
) -> None:
    world = opened(policies, EXPECTING)
    world.send(missed("noshow", 2, START))
    attended = waiting(world, missed("fulfilled", 3, START))

    later = START + timedelta(hours=2)
    tick_all_but(world, place_of(attended), later)
    while_it_waits = (said(world), world.line.time("consolidation"))
    headers = tuple(to_headers(attended.envelope))
    world.line.send_bytes(attended.topic, attended.key.encode(), attended.value, headers)
    world.until(later)

    assert while_it_waits[0] == {}
    assert while_it_waits[1] <= world.now() - timedelta(hours=1)
    assert world.line.time("consolidation") == later
    assert said(world) == {}


def test_without_what_takes_it_back_the_miss_is_told_at_that_time(
    policies: dict[str, Partnership],
) -> None:
    world = opened(policies, EXPECTING)
    world.send(missed("noshow", 2, START))
    world.until(START + timedelta(hours=2))

    assert [len(items) for _, _, items in said(world).values()] == [1]


@pytest.mark.parametrize("topic", ["received.nhs", "received.cases", "responses"])
def test_one_partition_that_is_behind_holds_the_time_of_every_stage(
    policies: dict[str, Partnership], topic: str
) -> None:
    world = opened(policies, EXPECTING)
    before = {stage: world.line.time(stage) for stage in STAGES}
    tick_all_but(world, (topic, 1), START + timedelta(hours=2))

    assert {stage: world.line.time(stage) for stage in STAGES} == before
