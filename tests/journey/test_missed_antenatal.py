"""An unborn child on a plan, and appointments that were missed, or only seemed to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from kinbridge.reading.sheet import sheet
from kinbridge.reading.text import lay_out
from kinbridge_schemas.alerts import AlertRevision, Reason, TeamAlert
from kinbridge_schemas.vocabulary import Urgency
from tests.journey.people import (
    Family,
    answered,
    appointment,
    birth,
    care_was_given_elsewhere,
    from_cases,
)
from tests.journey.world import ACCEPTED, MemoryWorld

# A Monday in November, within duty hours: London is on UTC.
MONDAY = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
EARLY = Family("early", edd="2027-01-25")
"""Twenty-nine weeks on that Monday: a miss is not yet urgent."""
LATE = Family("late", edd="2026-11-29")
"""Thirty-seven weeks on that Monday: a miss is urgent."""


def a_world(family: Family, disorder: Random | None = None) -> MemoryWorld:
    world = MemoryWorld(MONDAY - 30 * DAY, disorder=disorder)
    world.send(from_cases(*family.on_a_plan(MONDAY - 30 * DAY)))
    world.until(MONDAY)
    return world


def said(world: MemoryWorld, arm: str = "macpt") -> list[AlertRevision]:
    return [alert for alert in world.alerts() if alert.arm == arm]


def reasons(world: MemoryWorld, arm: str = "macpt") -> list[Reason]:
    return [alert.reason for alert in said(world, arm)]


def missed(world: MemoryWorld, family: Family, own: str, start: datetime) -> None:
    world.until(start + timedelta(minutes=30))
    world.send(appointment(family, own, start, recorded=world.now()))


def test_one_miss_under_a_plan_is_told_to_the_health_lead_when_the_clinic_has_closed() -> None:
    world = a_world(EARLY)
    missed(world, EARLY, "a1", MONDAY)
    before = said(world)
    world.watch(MONDAY + timedelta(hours=5))
    (alert,) = said(world)

    assert before == []
    assert (alert.reason, alert.urgency, alert.owner) == (
        Reason.FIRST,
        Urgency.U2,
        "macpt_health_lead",
    )
    assert {"lcpp", "named_safeguarding_midwife"} <= set(alert.items[0].concern.asked.copies)


def test_a_miss_on_a_late_clinic_waits_for_the_desk_to_open() -> None:
    world = a_world(EARLY)
    afternoon = MONDAY + timedelta(hours=6)
    missed(world, EARLY, "a1", afternoon)
    world.watch(MONDAY.replace(hour=23))
    before = said(world)
    world.watch(MONDAY + DAY)
    (alert,) = said(world)

    assert before == []
    assert alert.settled_at >= (MONDAY + DAY).replace(hour=9)


def test_close_to_the_birth_it_is_urgent_and_waits_for_no_desk() -> None:
    world = a_world(LATE)
    afternoon = MONDAY + timedelta(hours=6)
    missed(world, LATE, "a1", afternoon)
    world.watch(afternoon + timedelta(hours=4, minutes=30))
    (alert,) = said(world)

    assert alert.urgency is Urgency.U1
    assert alert.settled_at.hour == 20


def test_nobody_is_asked_to_answer_before_they_were_told() -> None:
    world = a_world(LATE)
    world.send(appointment(LATE, "a1", MONDAY - 5 * DAY, recorded=world.now()))
    world.pass_time(minutes=10)
    (alert,) = said(world)

    assert alert.ask_by is not None
    assert alert.ask_by > MONDAY
    assert all(i.concern.asked.by is None or i.concern.asked.by > MONDAY for i in alert.items)


def test_a_second_miss_is_a_new_item_of_the_same_alert() -> None:
    world = a_world(EARLY)
    missed(world, EARLY, "a1", MONDAY)
    missed(world, EARLY, "a2", MONDAY + 7 * DAY)
    world.pass_time(hours=6)
    news = [alert for alert in said(world) if alert.reason in (Reason.FIRST, Reason.NEW_ITEM)]
    first, second = news

    assert second.alert == first.alert
    assert [len(first.items), len(second.items)] == [1, 2]
    assert len(second.new) == 1


def test_an_alert_that_nobody_takes_on_climbs_and_one_that_is_taken_on_does_not() -> None:
    ignored, taken = a_world(EARLY), a_world(EARLY)
    for world in (ignored, taken):
        missed(world, EARLY, "a1", MONDAY)
        world.watch(MONDAY + timedelta(hours=5))
    taken.send(answered(said(taken)[0], taken.now(), answer="acknowledge"))
    for world in (ignored, taken):
        world.watch(MONDAY + DAY + timedelta(hours=5))

    assert Reason.ESCALATED_NO_ACK in reasons(ignored)
    assert Reason.ESCALATED_NO_ACK not in reasons(taken)


@pytest.mark.parametrize(
    "status", ["booked", "fulfilled", "arrived"], ids=lambda status: f"{status} is no miss"
)
def test_an_appointment_that_was_not_missed_is_not_told(status: str) -> None:
    world = a_world(EARLY)
    world.send(appointment(EARLY, "a1", MONDAY, status=status, recorded=world.now()))
    world.until(MONDAY + DAY)

    assert world.alerts() == []


def test_a_cancellation_by_the_provider_is_not_a_miss() -> None:
    world = a_world(EARLY)
    reason = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason",
                "code": "prov-pers",
            }
        ]
    }
    world.send(
        appointment(
            EARLY,
            "a1",
            MONDAY,
            status="cancelled",
            recorded=world.now(),
            changes={"cancelationReason": reason},
        )
    )
    world.until(MONDAY + DAY)

    assert world.alerts() == []


def test_a_miss_that_its_source_takes_back_before_it_was_told_is_never_told() -> None:
    world = a_world(EARLY)
    missed(world, EARLY, "a1", MONDAY)
    world.pass_time(minutes=30)
    world.send(
        appointment(EARLY, "a1", MONDAY, status="fulfilled", recorded=world.now(), version=2)
    )
    world.until(MONDAY + DAY)

    assert world.alerts() == []


def test_a_miss_that_its_source_takes_back_later_is_corrected() -> None:
    world = a_world(EARLY)
    missed(world, EARLY, "a1", MONDAY)
    world.watch(MONDAY + timedelta(hours=5))
    world.send(
        appointment(EARLY, "a1", MONDAY, status="fulfilled", recorded=world.now(), version=2)
    )
    world.pass_time(hours=1)

    assert reasons(world) == [Reason.FIRST, Reason.CORRECTION]
    assert said(world)[-1].items[0].concern.status == "withdrawn"


def test_the_verified_fact_takes_back_every_alarm_and_leaves_the_plan_open() -> None:
    world = a_world(LATE)
    missed(world, LATE, "a1", MONDAY)
    missed(world, LATE, "a2", MONDAY + 3 * DAY)
    world.pass_time(hours=6)
    answer = world.send(care_was_given_elsewhere(said(world)[-1], world.now()))
    world.pass_time(hours=1)
    last = said(world)[-1]

    assert answer.status == ACCEPTED
    assert last.reason is Reason.CORRECTION
    assert {i.concern.status for i in last.items} == {"withdrawn"}
    assert {i.concern.withdrawn for i in last.items} == {"care-transferred"}
    assert all(i.concern.situation.protection_plan for i in last.items)
    assert all("child-protection-plan" in i.concern.stays_open for i in last.items)


def test_only_the_authority_cancels_the_meeting_and_nobody_is_told_to() -> None:
    world = a_world(LATE)
    missed(world, LATE, "a1", MONDAY)
    world.watch(MONDAY + timedelta(hours=5))
    world.send(
        from_cases(
            LATE.event(
                "strategy_discussion_scheduled",
                world.now(),
                meeting_id="late-meeting",
                start_at=(world.now() + DAY).isoformat(),
            )
        )
    )
    world.send(care_was_given_elsewhere(said(world)[-1], world.now()))
    world.pass_time(minutes=10)
    before = said(world)[-1].items[0].concern.situation
    world.send(
        from_cases(
            LATE.event(
                "strategy_discussion_cancelled",
                world.now(),
                meeting_id="late-meeting",
                reason="facts-established",
                cancelled_by="TM-0077",
            )
        )
    )
    world.pass_time(hours=1)
    text = "\n".join(shown(alert) for alert in said(world))

    assert before.next_meeting is not None
    assert "cancel" not in text.lower().replace("the planned meeting was cancelled", "")


def test_a_pregnancy_that_ended_is_never_said() -> None:
    world = a_world(LATE)
    missed(world, LATE, "a1", MONDAY)
    world.watch(MONDAY + timedelta(hours=5))
    world.send(from_cases(LATE.event("pregnancy_ended", world.now())))
    world.pass_time(days=2)
    text = "\n".join(shown(alert) for alert in said(world)).lower()

    assert Reason.CORRECTION in reasons(world)
    assert said(world)[-1].items[0].concern.withdrawn == "no-longer-applies"
    assert not any(
        word in text for word in ("ended without", "miscarr", "stillb", "pregnancy-ended")
    )
    assert "pregnancy ended" not in text


def test_after_the_pregnancy_ended_a_miss_says_nothing_at_all() -> None:
    world = a_world(LATE)
    world.send(from_cases(LATE.event("pregnancy_ended", world.now())))
    missed(world, LATE, "a1", MONDAY + DAY)
    world.pass_time(days=3)

    assert world.alerts() == []


def test_the_same_messages_again_say_nothing_new_and_end_as_duplicates() -> None:
    world = a_world(LATE)
    miss = appointment(LATE, "a1", MONDAY - DAY, recorded=MONDAY)
    world.send(miss)
    world.pass_time(minutes=10)
    before = world.alerts()
    world.send(miss)
    world.send(from_cases(*LATE.on_a_plan(MONDAY - 30 * DAY)))
    world.pass_time(minutes=10)

    assert world.alerts() == before
    assert [d.end for d in world.dispositions()].count("duplicate") >= 4


def test_the_birth_ends_what_was_asked_of_the_pregnancy_and_is_told_at_once() -> None:
    world = a_world(LATE)
    missed(world, LATE, "a1", MONDAY)
    world.watch(MONDAY + timedelta(hours=5))
    world.send(birth(LATE, world.now() - timedelta(hours=1), recorded=world.now()))
    world.pass_time(minutes=5)
    births = [a for a in said(world) if any(i.concern.rule == "R3" for i in a.items)]

    assert births[0].urgency is Urgency.U1
    assert births[0].reason is Reason.NEW_ITEM
    assert [i.concern.asked.owner for i in births[0].items if i.concern.rule == "R3"] == ["lcpp"]


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_the_records_gives_the_same_alerts(seed: int) -> None:
    orderly = journey(None)
    disorderly = journey(Random(seed))

    assert disorderly == orderly


def journey(disorder: Random | None) -> dict[str, dict[str, str]]:
    world = a_world(LATE, disorder)
    world.send(appointment(LATE, "a1", MONDAY - 3 * DAY, recorded=MONDAY))
    world.send(appointment(LATE, "a2", MONDAY - DAY, recorded=MONDAY))
    world.pass_time(minutes=10)
    world.send(care_was_given_elsewhere(said(world)[-1], world.now()))
    world.pass_time(minutes=10)
    return {
        alert.alert: {i.concern.concern: i.concern.status for i in alert.items}
        for alert in world.alerts()
    }


def shown(revision: AlertRevision) -> str:
    """A revision as its reader sees it."""
    return lay_out(
        sheet(
            TeamAlert(
                id=revision.id,
                alert=revision.alert,
                family=revision.family,
                authority=revision.authority,
                arm=revision.arm,
                revision=revision.revision,
                reason=revision.reason,
                state=revision.state,
                urgency=revision.urgency,
                restricted=False,
                content=revision,
            )
        )
    )
