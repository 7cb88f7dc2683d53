"""A scripted month of strategy discussions, and what is to be counted of each.

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
    N  asked for, and no time told                  left out
    M  2 children   midwife attended   6 h   6 h   counts
"""

from __future__ import annotations

from typing import Final

from kinbridge_schemas.events import ChildEvent
from tests.services.meetings.month import Caller

LEAD: Final = {"agency": "health", "role": "macpt_health_lead"}
MIDWIFE: Final = {"agency": "health", "role": "named_safeguarding_midwife"}


def day_of(day: int, clock: str) -> str:
    return f"2026-03-{day:02}T{clock}:00Z"


def the_month() -> list[ChildEvent]:
    c = Caller()
    _first_half(c)
    _second_half(c)
    return c.events


def _first_half(c: Caller) -> None:
    c.schedules("A", day_of(2, "09:00"), day_of(3, "10:00"))
    c.invites("A", day_of(2, "10:00"))
    c.holds("A", day_of(3, "11:00"))

    c.schedules("B", day_of(4, "09:00"), day_of(4, "12:30"), children=3)
    c.invites("B", day_of(4, "09:30"))
    c.invites("B", day_of(4, "11:30"))
    c.holds("B", day_of(4, "13:30"), "attended-remote")

    c.schedules("C", day_of(5, "09:00"), day_of(6, "09:00"))
    c.invites("C", day_of(5, "11:00"))
    c.says("reschedule", "C", day_of(5, "15:00"), start_at=day_of(10, "15:00"))
    c.invites("C", day_of(6, "15:00"))
    c.holds("C", day_of(10, "16:00"), "written")

    c.schedules("D", day_of(9, "09:00"), day_of(10, "09:00"))
    c.invites("D", day_of(9, "09:00"))
    c.says("reschedule", "D", day_of(9, "12:00"), start_at=day_of(11, "09:00"))
    c.holds("D", day_of(11, "10:00"), "absent")

    for meeting, reason in (("E", "facts-established"), ("F", "not-needed")):
        c.schedules(meeting, day_of(11, "09:00"), day_of(12, "10:00"))
        c.invites(meeting, day_of(11, "09:30"))
        c.says("cancel", meeting, day_of(11, "15:00"), reason=reason)

    c.schedules("G", day_of(12, "20:00"), day_of(12, "20:30"), immediate=True)
    c.invites("G", day_of(12, "20:10"))
    c.holds("G", day_of(12, "21:30"))


def _second_half(c: Caller) -> None:
    c.schedules("H", day_of(16, "08:00"), day_of(19, "15:00"))
    c.invites("H", day_of(16, "09:00"))
    c.holds("H", day_of(19, "16:00"), None)

    c.schedules("I", day_of(16, "09:00"), day_of(17, "10:00"))
    c.invites("I", day_of(17, "10:30"))
    c.holds("I", day_of(17, "11:00"), "unknown")

    c.schedules("J", day_of(17, "09:00"), day_of(18, "10:00"))
    c.invites("J", day_of(17, "09:30"), agency="police")
    c.holds("J", day_of(18, "11:00"))

    c.schedules("K", day_of(30, "09:00"), day_of(31, "23:30"))
    c.invites("K", day_of(30, "09:30"))
    c.holds("K", day_of(31, "23:59"))

    c.schedules("L", day_of(23, "09:00"), day_of(24, "10:00"))
    c.invites("L", day_of(23, "09:30"))

    c.says(
        "request", "N", day_of(24, "09:00"), decision_at=day_of(24, "08:30"),
        kind="strategy-discussion", children=[{"la_child_id": "C8"}],
    )  # fmt: skip

    c.schedules("M", day_of(20, "08:00"), day_of(20, "15:00"), children=2)
    c.invites("M", day_of(20, "09:00"))
    parts = [{**LEAD, "participation": "absent"}, {**MIDWIFE, "participation": "attended"}]
    c.says("attendance", "M", day_of(20, "16:00"), parts=parts)
    c.says("outcome", "M", day_of(20, "16:05"))


EVENTS: Final = the_month()
