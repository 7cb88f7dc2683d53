"""A scripted month, measured: every figure equals the table that was worked out by hand.

March 2026; the 2nd is a Monday, clocks change on the 29th. Health's part, notice (elapsed and
duty hours) and whether the meeting counts:

    A  planned      attended          24 h   8 h   counts
    B  3 children   attended-remote    3 h   3 h   counts
    C  moved        written           96 h  16 h   counts; 22 h before the time first given
    D  moved        absent             -           counts; health was not told the new time
    E  cancelled, facts established                 left out
    F  cancelled, not needed                        left out
    G  emergency    attended          20 min 0     counts, notice apart
    H  planned      not recorded      78 h  30 h   counts, not covered
    I  planned      unknown            -           counts, not covered; invited when it had begun
    J  planned      attended           -           counts; never invited
    K  held at 00:30 on 1 April in London           another month
    L  neither held nor cancelled                   left out
    M  2 children   midwife attended   6 h   6 h   counts
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.meetings.histories import histories
from kinbridge.meetings.measures import Month, Share, measure
from kinbridge.partnership.loader import load_all
from kinbridge_schemas.events import ChildEvent
from tests.services.meetings.month import Caller

POLICIES: Final = Path(__file__).parents[3] / "deploy" / "partnerships"
HOURS: Final = load_all(POLICIES)["209"].working_time
LEAD: Final = {"agency": "health", "role": "macpt_health_lead"}
MIDWIFE: Final = {"agency": "health", "role": "named_safeguarding_midwife"}


def _day(day: int, clock: str) -> str:
    return f"2026-03-{day:02}T{clock}:00Z"


def the_month() -> list[ChildEvent]:
    c = Caller()
    _first_half(c)
    _second_half(c)
    return c.events


def _first_half(c: Caller) -> None:
    c.schedules("A", _day(2, "09:00"), _day(3, "10:00"))
    c.invites("A", _day(2, "10:00"))
    c.holds("A", _day(3, "11:00"))

    c.schedules("B", _day(4, "09:00"), _day(4, "12:30"), children=3)
    c.invites("B", _day(4, "09:30"))
    c.invites("B", _day(4, "11:30"))
    c.holds("B", _day(4, "13:30"), "attended-remote")

    c.schedules("C", _day(5, "09:00"), _day(6, "09:00"))
    c.invites("C", _day(5, "11:00"))
    c.says("reschedule", "C", _day(5, "15:00"), start_at=_day(10, "15:00"))
    c.invites("C", _day(6, "15:00"))
    c.holds("C", _day(10, "16:00"), "written")

    c.schedules("D", _day(9, "09:00"), _day(10, "09:00"))
    c.invites("D", _day(9, "09:00"))
    c.says("reschedule", "D", _day(9, "12:00"), start_at=_day(11, "09:00"))
    c.holds("D", _day(11, "10:00"), "absent")

    for meeting, reason in (("E", "facts-established"), ("F", "not-needed")):
        c.schedules(meeting, _day(11, "09:00"), _day(12, "10:00"))
        c.invites(meeting, _day(11, "09:30"))
        c.says("cancel", meeting, _day(11, "15:00"), reason=reason)

    c.schedules("G", _day(12, "20:00"), _day(12, "20:30"), immediate=True)
    c.invites("G", _day(12, "20:10"))
    c.holds("G", _day(12, "21:30"))


def _second_half(c: Caller) -> None:
    c.schedules("H", _day(16, "08:00"), _day(19, "15:00"))
    c.invites("H", _day(16, "09:00"))
    c.holds("H", _day(19, "16:00"), None)

    c.schedules("I", _day(16, "09:00"), _day(17, "10:00"))
    c.invites("I", _day(17, "10:30"))
    c.holds("I", _day(17, "11:00"), "unknown")

    c.schedules("J", _day(17, "09:00"), _day(18, "10:00"))
    c.invites("J", _day(17, "09:30"), agency="police")
    c.holds("J", _day(18, "11:00"))

    c.schedules("K", _day(30, "09:00"), _day(31, "23:30"))
    c.invites("K", _day(30, "09:30"))
    c.holds("K", _day(31, "23:59"))

    c.schedules("L", _day(23, "09:00"), _day(24, "10:00"))
    c.invites("L", _day(23, "09:30"))

    c.schedules("M", _day(20, "08:00"), _day(20, "15:00"), children=2)
    c.invites("M", _day(20, "09:00"))
    parts = [{**LEAD, "participation": "absent"}, {**MIDWIFE, "participation": "attended"}]
    c.says("attendance", "M", _day(20, "16:00"), parts=parts)
    c.says("outcome", "M", _day(20, "16:05"))


EVENTS: Final = the_month()


def measured(events: list[ChildEvent]) -> Month:
    return measure(histories(events), date(2026, 3, 1), date(2026, 4, 1), HOURS)


MONTH: Final = measured(EVENTS)
FOUND: Final = MONTH.planned.found


def test_health_participation_is_of_the_meetings_held_one_for_each() -> None:
    found = MONTH.participation

    assert (found.meetings, found.meetings.percent) == (Share(5, 9), 55.6)
    assert (found.children, found.children.percent) == (Share(8, 12), 66.7)
    assert found.coverage == Share(7, 9)
    assert found.written_only == Share(1, 9)
    assert found.health_lead == Share(4, 9)
    assert dict(found.roles) == {"macpt_health_lead": 4, "named_safeguarding_midwife": 1}
    assert (found.cancelled, found.facts_established) == (2, 1)


def test_health_counts_as_invited_only_before_the_start() -> None:
    assert MONTH.participation.invited == Share(7, 9)


def test_notice_is_of_the_first_invitation_that_names_the_final_time() -> None:
    hours = [(n.elapsed / timedelta(hours=1), n.working / timedelta(hours=1)) for n in FOUND]

    assert sorted(hours) == [(3, 3), (6, 6), (24, 8), (78, 30), (96, 16)]
    assert [n.original for n in FOUND if n.original] == [timedelta(hours=22)]
    assert MONTH.planned.without == 3


def test_the_middle_the_range_and_the_bands_of_notice() -> None:
    assert (MONTH.planned.median_hours, MONTH.planned.quartiles) == (24.0, (6.0, 78.0))
    assert dict(MONTH.planned.bands) == {
        "1-to-4-hours": 1,
        "4-to-24-hours": 1,
        "1-to-2-days": 2,
        "over-2-days": 1,
    }


def test_an_emergency_is_reported_apart_and_not_dropped() -> None:
    (notice,) = MONTH.immediate.found

    assert (notice.elapsed, notice.working) == (timedelta(minutes=20), timedelta())
    assert (notice.band, MONTH.immediate.without) == ("under-1-hour", 0)
    assert (MONTH.immediate.median_hours, MONTH.immediate.quartiles) == (0.33, None)


def test_the_next_month_has_the_meeting_that_was_after_midnight_in_london() -> None:
    april = measure(histories(EVENTS), date(2026, 4, 1), date(2026, 5, 1), HOURS)

    assert april.participation.meetings == Share(1, 1)


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_and_repetition_change_no_figure(shuffling: Random) -> None:
    events = [*EVENTS, *EVENTS[::3]]
    shuffling.shuffle(events)

    assert measured(events) == MONTH


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        pytest.param(Share(0, 9), Share(0, 9), id="nobody"),
        pytest.param(Share(1, 9), None, id="one"),
        pytest.param(Share(5, 9), None, id="all but four"),
        pytest.param(Share(5, 10), Share(5, 10), id="five of ten"),
        pytest.param(Share(9, 9), Share(9, 9), id="all"),
    ],
)
def test_small_numbers_are_not_shown(share: Share, shown: Share | None) -> None:
    assert share.shown == shown


def test_nothing_of_nothing_is_no_figure() -> None:
    nothing = measure([], date(2026, 3, 1), date(2026, 4, 1), HOURS)

    assert nothing.participation.meetings.percent is None
    assert (nothing.planned.median_hours, nothing.planned.quartiles) == (None, None)
