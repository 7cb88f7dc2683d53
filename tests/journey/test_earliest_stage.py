"""A contact, and what health knows within the day: asked, answered, or shown as silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kinbridge_schemas.alerts import AlertRevision, Reason
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.vocabulary import DisclosureTier, InputStatus
from tests.journey.people import Family, answered, from_cases
from tests.journey.world import MemoryWorld

MONDAY = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CHILD = Family("ines", born="2021-01-15")


def a_world(*, agreed: bool = True, urgent: bool = False) -> MemoryWorld:
    world = MemoryWorld(MONDAY)
    events = [
        CHILD.event(
            "contact_received", MONDAY, contact_id="ines-contact", source_code="2A", urgent=urgent
        )
    ]
    if agreed:
        events.append(
            CHILD.event(
                "family_agreement_recorded",
                MONDAY,
                agreement_id="ines-agreement",
                scope=["health-information"],
                given_by="mother",
            )
        )
    world.send(from_cases(*events))
    world.pass_time(hours=2)
    return world


def asked(world: MemoryWorld) -> list[tuple[AlertRevision, Concern]]:
    return [(a, i.concern) for a in world.alerts() for i in a.items if i.concern.rule == "R23"]


def answers(world: MemoryWorld, status: str) -> None:
    alert, concern = asked(world)[-1]
    world.send(
        answered(
            alert,
            world.now(),
            answer="health-input",
            child=concern.child,
            request_id=concern.asked.request_id,
            status=status,
        )
    )
    world.pass_time(hours=1)


def test_with_the_familys_agreement_health_is_asked_by_the_next_working_day() -> None:
    alert, concern = asked(a_world())[0]

    assert (alert.arm, concern.asked.owner) == ("family-help", "contact_point_health")
    assert (concern.tier, concern.basis.code) == (DisclosureTier.EXISTENCE, "FH")
    assert concern.asked.by == (MONDAY + DAY).replace(hour=17)


def test_without_agreement_and_without_harm_nobody_is_asked_and_why_is_on_record() -> None:
    world = a_world(agreed=False)
    decisions = [(s.rule, s.decision) for s in world.sharing()]

    assert asked(world) == []
    assert decisions == [("R23", "do-not-share")]


def test_where_harm_is_a_concern_the_ground_is_protection() -> None:
    _, concern = asked(a_world(agreed=False, urgent=True))[0]

    assert concern.basis.code in {"CP", "CIN"}


@pytest.mark.parametrize("status", ["data", "no-data", "not-permitted"])
def test_any_answer_ends_the_question_and_is_told(status: str) -> None:
    world = a_world()
    answers(world, status)
    alert, concern = asked(world)[-1]

    assert alert.reason is Reason.CORRECTION
    assert (concern.status, concern.withdrawn) == ("ended", status)


def test_no_answer_by_the_time_is_shown_as_no_response_and_is_more_urgent() -> None:
    world = a_world()
    first, _ = asked(world)[0]
    world.until((MONDAY + DAY).replace(hour=16, minute=59))
    before = [c.checks[0].answer for _, c in asked(world)]
    world.watch((MONDAY + DAY).replace(hour=20))
    late, concern = asked(world)[-1]

    assert set(before) == {InputStatus.NO_DATA} or InputStatus.NO_RESPONSE not in before
    assert concern.checks[0].answer is InputStatus.NO_RESPONSE
    assert late.urgency.more_urgent_than(first.urgency)


def test_an_answer_in_time_is_followed_by_no_alarm() -> None:
    world = a_world()
    answers(world, "data")
    world.watch(MONDAY + 3 * DAY)

    assert {a.reason for a in world.alerts()} <= {
        Reason.FIRST,
        Reason.CORRECTION,
        Reason.CLOSED,
    }


def test_a_contact_of_last_winter_is_history_and_asks_nobody() -> None:
    world = MemoryWorld(MONDAY)
    old = MONDAY - 200 * DAY
    event = CHILD.event("contact_received", old, contact_id="ines-contact", urgent=True)
    world.send(from_cases({**event, "recorded": MONDAY.isoformat()}))
    world.pass_time(hours=3)

    assert world.alerts() == []
