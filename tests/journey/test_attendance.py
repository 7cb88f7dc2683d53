"""A child comes to hospital: who is told, how soon, and what they do not learn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kinbridge_schemas.alerts import AlertRevision
from kinbridge_schemas.vocabulary import Urgency
from tests.journey.people import Family, emergency_arrival, from_cases
from tests.journey.world import CODEC, MemoryWorld

NOW = datetime(2026, 11, 11, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CHILD = Family("kit", born="2021-01-15")
BABY = Family("tiny", born="2026-06-01")
INJURY = "417163006"
SELF_HARM = "248062006"


def a_world(family: Family, *events: str) -> MemoryWorld:
    world = MemoryWorld(NOW - 40 * DAY)
    world.send(from_cases(*family.on_a_plan(world.now())))
    for kind in events:
        world.send(from_cases(family.event(kind, world.now(), episode_id=f"{family.name}-e")))
    world.until(NOW)
    return world


def arrives(world: MemoryWorld, family: Family, reason: str | None = None) -> list[AlertRevision]:
    world.send(emergency_arrival(family, world.now() - timedelta(minutes=20), reason=reason))
    world.pass_time(hours=1)
    return [a for a in world.alerts() if any(i.concern.rule == "R7" for i in a.items)]


def test_the_allocated_social_worker_is_told_the_same_day() -> None:
    alert = arrives(a_world(CHILD), CHILD)[0]

    assert (alert.arm, alert.urgency, alert.owner) == (
        "macpt",
        Urgency.U2,
        "allocated_social_worker",
    )
    assert "emergency_duty_team" in alert.items[0].concern.asked.copies


@pytest.mark.parametrize(
    ("family", "reason"),
    [
        pytest.param(CHILD, INJURY, id="an injury"),
        pytest.param(CHILD, SELF_HARM, id="self-harm"),
        pytest.param(BABY, None, id="below one year of age"),
    ],
)
def test_it_is_urgent_for(family: Family, reason: str | None) -> None:
    assert arrives(a_world(family), family, reason)[0].urgency is Urgency.U1


@pytest.mark.parametrize("reason", [INJURY, SELF_HARM])
def test_why_the_child_came_is_never_said(reason: str) -> None:
    world = a_world(CHILD)
    arrives(world, CHILD, reason)
    proposed = [CODEC.encode(m.body) for m in world.line.outputs("alerts-proposed")]
    said = [CODEC.encode(alert) for alert in world.alerts()]
    text = b"\n".join([*proposed, *said]).lower()

    assert said
    assert not any(word in text for word in (b"injur", b"self-harm", reason.encode()))


def test_a_looked_after_childs_nurse_is_told_in_place_of_the_plans_holders() -> None:
    world = a_world(CHILD, "looked_after_started")
    alert = arrives(world, CHILD)[0]

    assert alert.owner == "allocated_social_worker"
    assert "lac_nurse" in alert.items[0].concern.asked.copies
    assert alert.items[0].concern.basis.code == "LAC"


def test_two_arrivals_are_two_items_of_one_alert() -> None:
    world = a_world(CHILD)
    arrives(world, CHILD)
    world.send(emergency_arrival(CHILD, world.now(), own="ed2"))
    world.pass_time(hours=1)
    said = [alert for alert in world.alerts() if alert.arm == "macpt"]
    last = said[-1]

    assert {alert.alert for alert in said} == {last.alert}
    assert [i.concern.rule for i in last.items] == ["R7", "R7"]


def test_without_a_plan_or_enquiry_nothing_is_told_of_an_arrival() -> None:
    world = MemoryWorld(NOW - DAY)
    world.send(from_cases(CHILD.event("cin_plan_started", world.now(), plan_id="kit-cin")))
    world.until(NOW)

    assert arrives(world, CHILD) == []


def test_after_the_case_closed_an_arrival_is_not_known_and_not_kept() -> None:
    world = a_world(CHILD)
    world.send(
        from_cases(
            CHILD.event("cp_plan_ended", world.now(), plan_id="kit-plan"),
            CHILD.event("episode_closed", world.now(), episode_id="kit-e", reason="RC7"),
        )
    )
    world.pass_time(hours=1)

    assert arrives(world, CHILD) == []
    assert [d.end for d in world.dispositions()].count("not-known") == 1
