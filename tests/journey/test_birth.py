"""The birth of a child who was on a plan before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kinbridge_schemas.alerts import AlertRevision, Reason
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.vocabulary import Urgency
from tests.journey.people import Family, appointment, birth, from_cases
from tests.journey.world import MemoryWorld

# A Saturday evening: nobody is at the duty desk.
SATURDAY = datetime(2026, 11, 14, 21, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FAMILY = Family("dawn", edd="2026-11-29")


def a_world() -> MemoryWorld:
    world = MemoryWorld(SATURDAY - 40 * DAY)
    world.send(from_cases(*FAMILY.on_a_plan(world.now())))
    world.until(SATURDAY)
    return world


def births(world: MemoryWorld) -> list[tuple[AlertRevision, Concern]]:
    return [
        (alert, item.concern)
        for alert in world.alerts()
        for item in alert.items
        if item.concern.rule == "R3"
    ]


def notify(world: MemoryWorld) -> None:
    world.send(birth(FAMILY, world.now() - timedelta(hours=2), recorded=world.now()))


def test_a_birth_at_the_weekend_is_told_at_once_to_those_who_hold_the_plan() -> None:
    world = a_world()
    notify(world)
    alert, concern = births(world)[0]

    assert (alert.arm, alert.reason, alert.urgency) == ("macpt", Reason.FIRST, Urgency.U1)
    assert concern.asked.owner == "lcpp"
    assert {"emergency_duty_team", "macpt_health_lead", "safeguarding_nurse_0_19"} <= set(
        concern.asked.copies
    )


def test_it_says_by_when_the_review_or_core_group_is_due() -> None:
    world = a_world()
    notify(world)
    _, concern = births(world)[0]

    assert "10 days of birth, by 24 November 2026" in concern.threshold
    assert "20 days if the mother is not fit" in concern.threshold


def test_the_plan_stays_open_and_the_number_of_the_baby_waits_for_a_person() -> None:
    world = a_world()
    notify(world)
    _, concern = births(world)[0]

    assert concern.situation.protection_plan
    assert "child-protection-plan" in concern.stays_open
    assert concern.whom.nhs_number is None
    assert "a person confirms the baby's NHS number" in concern.asked.sentence


def test_the_born_child_is_the_child_that_was_unborn() -> None:
    world = a_world()
    world.send(appointment(FAMILY, "a1", SATURDAY - 2 * DAY, recorded=world.now()))
    world.pass_time(minutes=30)
    before = world.alerts()[-1]
    notify(world)
    alert, concern = births(world)[0]

    assert alert.alert == before.alert
    assert concern.child == before.items[0].concern.child


def test_the_same_birth_from_the_authority_is_not_a_second_one() -> None:
    world = a_world()
    notify(world)
    world.pass_time(hours=1)
    world.send(from_cases(FAMILY.event("unborn_born", world.now())))
    world.pass_time(hours=1)

    assert len({concern.concern for _, concern in births(world)}) == 1


def test_a_miss_on_the_day_of_the_birth_is_no_miss() -> None:
    world = a_world()
    notify(world)
    world.send(appointment(FAMILY, "a1", SATURDAY - timedelta(hours=3), recorded=world.now()))
    world.pass_time(hours=12)

    assert {i.concern.rule for a in world.alerts() for i in a.items} == {"R3"}


def test_the_birth_of_somebody_without_an_open_case_leaves_no_trace() -> None:
    world = a_world()
    stranger = Family("stranger", edd="2026-11-29")
    before = world.line.documents("linking")
    world.send(birth(stranger, world.now() - timedelta(hours=2), recorded=world.now()))
    world.pass_time(hours=1)

    assert births(world) == []
    assert [d.end for d in world.dispositions()].count("not-known") == 1
    assert world.line.documents("linking") == before
