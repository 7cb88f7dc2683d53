"""R5, guard by guard. The meeting is on Wednesday at 09:00, known since Monday at 09:00."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import pytest

from kinbridge_schemas.events.protection import (
    CancelReason,
    MeetingCancelled,
    MeetingInvitationResponded,
    MeetingInvitationSent,
    MeetingKind,
    MeetingScheduled,
)
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.vocabulary import InputStatus, Role, Urgency
from tests.builders import a_child, a_linked_event
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id
from tests.services.rules.test_r4_strategy_discussion import cancelled, held, moved, scheduled

CHILD = a_child()
MEETING = an_id("meeting")
START = day(2)


def invited(
    at: datetime,
    names: datetime | None = START,
    agency: str = "health",
    name: str = "1",
    child: ChildRecord = CHILD,
) -> LinkedEvent:
    detail = MeetingInvitationSent(
        meeting_id=MEETING, agency=agency, role="macpt_health_lead", start_at=names
    )
    fact = an_id("fact", f"invited {name}")
    return a_linked_event(detail, child=child, at=at, relation=Role.CHILD, fact=fact)


def replied(
    at: datetime,
    response: Literal["accept", "decline", "deputy", "written"] = "accept",
    child: ChildRecord = CHILD,
) -> LinkedEvent:
    detail = MeetingInvitationResponded(
        meeting_id=MEETING, agency="health", role="macpt_health_lead", response=response
    )
    return a_linked_event(detail, child=child, at=at, relation=Role.CHILD)


def told(*events: LinkedEvent, until: datetime = START) -> Play:
    """Play all of it on Monday, then the clock quarter by quarter of an hour."""
    play = Play(day(0))
    play.send(scheduled(START, day(0)), *events)
    at = day(0)
    while at < until:
        at = min(until, at + (day(0, 0.25) - day(0)))
        play.clock(at)
    return play


def stands(play: Play) -> list[tuple[str, str | None]]:
    return [(c.status, c.withdrawn) for c in play.of("R5")]


@pytest.mark.parametrize(
    ("until", "said"),
    [
        pytest.param(day(1, -0.25), [], id="more than a day before"),
        pytest.param(day(1), [Urgency.U2], id="a day before"),
        pytest.param(day(2, -2.25), [Urgency.U2], id="more than two hours before"),
        pytest.param(day(2, -2), [Urgency.U1], id="two hours before"),
        pytest.param(day(2, -0.5), [Urgency.U1], id="half an hour before"),
    ],
)
def test_it_is_said_as_the_start_comes_closer(until: datetime, said: list[Urgency]) -> None:
    found = told(until=until).of("R5")

    assert [c.urgency for c in found] == said
    assert all((c.asked.owner, c.asked.copies) == ("lcpp", ("deputy_health_lead",)) for c in found)
    assert all("health is not invited" in c.why for c in found)


def test_it_tells_of_the_meeting_only() -> None:
    (concern,) = told(until=day(1)).of("R5")

    assert [f.outcome for f in concern.facts] == ["strategy-discussion-planned"]
    assert (concern.last_seen, concern.next_appointment, concern.cpis) == (None, None, None)
    assert {c.what: c.answer for c in concern.checks} == {
        "health-invited": InputStatus.NO_DATA,
        "health-answered": InputStatus.NO_DATA,
    }


def test_an_invitation_without_an_answer_is_said_in_other_words() -> None:
    (concern,) = told(invited(day(0)), until=day(1)).of("R5")

    assert "health has not answered its invitation" in concern.why
    assert {c.what: c.answer for c in concern.checks}["health-invited"] is InputStatus.DATA


@pytest.mark.parametrize("response", ["accept", "decline", "deputy", "written"])
def test_any_answer_of_health_is_enough(
    response: Literal["accept", "decline", "deputy", "written"],
) -> None:
    assert told(invited(day(0)), replied(day(0, 1), response)).of("R5") == []


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([invited(day(0), agency="police")], id="police alone"),
        pytest.param([invited(day(0), names=day(1, 5)), replied(day(0, 1))], id="another time"),
        pytest.param([replied(day(0, 1))], id="an answer to nothing"),
    ],
)
def test_what_is_no_invitation_of_health_to_this_time(events: list[LinkedEvent]) -> None:
    assert stands(told(*events, until=day(1))) == [("active", None)]


def test_an_answer_to_the_earlier_time_is_none_to_the_later() -> None:
    events = [
        invited(day(0)),
        replied(day(0, 1)),
        moved(day(3), day(0, 2)),
        invited(day(0, 3), names=day(3), name="2"),
    ]

    assert stands(told(*events, until=day(2, 1))) == [("active", None)]


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        pytest.param([invited(day(1)), replied(day(1, 0.1))], "answered-by-health", id="answered"),
        pytest.param([cancelled(day(1))], "meeting-called-off", id="cancelled"),
        pytest.param([held(day(1))], "meeting-held", id="held"),
    ],
)
def test_what_ends_it(events: list[LinkedEvent], reason: str) -> None:
    play = told(until=day(1))
    play.send(*events)
    play.clock(day(1, 1))

    assert stands(play) == [("ended", reason)]


def test_it_ends_with_the_start() -> None:
    assert stands(told(until=START)) == [("ended", "meeting-time-passed")]


def test_who_was_told_at_short_notice_has_time_to_invite_first() -> None:
    play = Play(day(0))
    play.send(scheduled(day(0, 1), day(0)))
    before = play.clock(day(0, 0.2))
    after = play.clock(day(0, 0.25))

    assert [c.rule for c in before if c.rule == "R5"] == []
    assert [(c.rule, c.urgency) for c in after if c.rule == "R5"] == [("R5", Urgency.U1)]


@pytest.mark.parametrize(
    "kind", [MeetingKind.INITIAL_CONFERENCE, MeetingKind.CORE_GROUP, MeetingKind.REVIEW]
)
def test_it_is_for_every_kind_of_meeting(kind: MeetingKind) -> None:
    detail = MeetingScheduled(meeting_id=MEETING, meeting=kind, start_at=START)
    off = MeetingCancelled(
        meeting_id=MEETING, reason=CancelReason.NOT_QUORATE, cancelled_by="staff-12"
    )
    play = Play(day(0))
    play.send(a_linked_event(detail, child=CHILD, at=day(0), relation=Role.CHILD))
    play.clock(day(1))
    first = stands(play)
    (concern,) = play.of("R5")
    play.send(a_linked_event(off, child=CHILD, at=day(1), relation=Role.CHILD))
    play.clock(day(1, 1))

    assert first == [("active", None)]
    assert concern.situation.next_meeting_kind in {kind.value, None}
    assert stands(play) == [("ended", "meeting-called-off")]
    assert play.of("R4") == []
