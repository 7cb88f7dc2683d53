"""R4, guard by guard."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from kinbridge_schemas.events.protection import (
    CancelReason,
    StrategyDiscussionCancelled,
    StrategyDiscussionHeld,
    StrategyDiscussionRescheduled,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.vocabulary import DisclosureTier, Role, Urgency
from tests.builders import a_child, a_linked_event
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id, changed_policy

CHILD = a_child()
MEETING = an_id("meeting")


def scheduled(
    start: datetime, at: datetime, child: ChildRecord = CHILD, **changes: Any
) -> LinkedEvent:
    detail = StrategyDiscussionScheduled(meeting_id=MEETING, start_at=start)
    changes.setdefault("relation", Role.UNBORN if child.unborn else Role.CHILD)
    return a_linked_event(detail, child=child, at=at, **changes)


def moved(start: datetime, at: datetime, child: ChildRecord = CHILD) -> LinkedEvent:
    detail = StrategyDiscussionRescheduled(meeting_id=MEETING, start_at=start)
    return a_linked_event(detail, child=child, at=at, relation=Role.CHILD)


def cancelled(at: datetime, child: ChildRecord = CHILD) -> LinkedEvent:
    detail = StrategyDiscussionCancelled(
        meeting_id=MEETING, reason=CancelReason.FACTS_ESTABLISHED, cancelled_by="staff-12"
    )
    return a_linked_event(detail, child=child, at=at, relation=Role.CHILD)


def held(at: datetime) -> LinkedEvent:
    detail = StrategyDiscussionHeld(meeting_id=MEETING)
    return a_linked_event(detail, child=CHILD, at=at, relation=Role.CHILD)


def told(start: float, *later: LinkedEvent, known: float = 0) -> Play:
    """A discussion so many days after Monday, known so many, and what came after."""
    play = Play(day(known))
    play.send(scheduled(day(start), day(known)))
    play.clock(day(known, 0.01))
    play.send(*later)
    play.clock(day(known, 0.02))
    return play


def test_the_health_lead_is_asked_to_prepare_with_the_deputy_in_copy() -> None:
    (concern,) = told(1).of("R4")

    assert (concern.asked.owner, concern.asked.copies) == (
        "macpt_health_lead",
        ("deputy_health_lead",),
    )
    assert (concern.asked.what, concern.tier, concern.basis.code) == (
        "prepare-health-pack",
        DisclosureTier.EXISTENCE,
        "CP",
    )
    assert "6 October 2026 at 09:00" in concern.why
    assert concern.facts == ()


@pytest.mark.parametrize(
    ("hours", "urgency", "flag"),
    [
        pytest.param(3.9, Urgency.U1, True, id="under four hours"),
        pytest.param(4, Urgency.U2, False, id="four hours"),
        pytest.param(24, Urgency.U2, False, id="a day"),
    ],
)
def test_short_notice_is_urgent_and_flagged(hours: float, urgency: Urgency, flag: bool) -> None:
    (concern,) = told(hours / 24).of("R4")

    assert (concern.urgency, "short-notice" in concern.handling) == (urgency, flag)


def test_it_is_said_at_the_next_clock_record() -> None:
    play = Play(day(0))

    assert play.send(scheduled(day(1), day(0))) == []
    assert [c.rule for c in play.clock(day(0, 0.001)) if c.rule == "R4"] == ["R4"]


def test_another_time_revises_the_same_concern() -> None:
    play = told(1)
    (first,) = play.of("R4")
    play.send(moved(day(2), day(0, 0.01)))
    play.clock(day(0, 0.02))

    (second,) = play.of("R4")
    assert (second.concern, second.status) == (first.concern, "active")
    assert "7 October" in second.why


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        pytest.param([cancelled(day(0))], "meeting-called-off", id="cancelled"),
        pytest.param([held(day(0))], "meeting-held", id="held"),
    ],
)
def test_what_ends_it(later: list[LinkedEvent], reason: str) -> None:
    (concern,) = told(1, *later).of("R4")

    assert (concern.status, concern.withdrawn) == ("ended", reason)


def test_it_ends_when_its_time_has_come() -> None:
    play = told(1)
    due = play.state.due
    play.clock(day(1))

    assert due is not None
    assert due <= day(1)
    assert {(c.status, c.withdrawn) for c in play.of("R4")} == {("ended", "meeting-time-passed")}


def test_what_was_cancelled_before_the_clock_moved_is_never_said() -> None:
    play = Play(day(0))
    play.send(scheduled(day(1), day(0)), cancelled(day(0)))
    play.clock(day(0, 1))

    assert play.of("R4") == []


def test_a_discussion_of_long_ago_is_history() -> None:
    play = Play(day(0))
    play.send(scheduled(day(-20), day(-21)))
    play.clock(day(0, 1))

    assert play.of("R4") == []


def test_a_discussion_that_its_source_takes_back_is_taken_back() -> None:
    play = told(1)
    play.send(scheduled(day(1), day(0), version=2, act="retract"))
    play.clock(day(0, 1))

    assert {(c.status, c.withdrawn) for c in play.of("R4")} == {
        ("withdrawn", "retracted-by-source")
    }


def test_for_an_unborn_child_it_rests_on_the_ground_of_the_unborn() -> None:
    child = facts.unborn_at(30)
    play = Play(day(0))
    play.send(scheduled(day(1), day(0), child))
    play.clock(day(0, 1))

    assert {c.basis.code for c in play.of("R4")} == {"PB"}


def test_a_pregnancy_that_ended_is_not_told_as_the_reason() -> None:
    child = facts.unborn_at(30)
    play = Play(day(0))
    play.send(scheduled(day(1), day(0), child))
    play.clock(day(0, 1))
    play.send(facts.lost(child, day(0)))
    play.clock(day(0, 2))

    assert {(c.status, c.withdrawn) for c in play.of("R4")} == {("withdrawn", "no-longer-applies")}


def test_it_is_not_said_where_the_partnership_has_not_enabled_it() -> None:
    play = Play(day(0), changed_policy(lambda d: d["rules"]["r4"].update(enabled=False)))
    play.send(scheduled(day(1), day(0)))
    play.clock(day(0, 1))

    assert play.of("R4") == []
