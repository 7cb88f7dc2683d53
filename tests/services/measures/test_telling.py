"""The month worked out by hand, as people read it: in letters and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from kinbridge.measures.telling import FEW, HIDDEN, Told, json_of, text_of
from kinbridge.meetings.histories import histories
from kinbridge.meetings.measures import Month, measure
from tests.services.meetings.march import EVENTS, day_of
from tests.services.meetings.month import Caller
from tests.services.meetings.test_measures import HOURS

TOLD: Final = Told(
    authority="209",
    title="Lewisham",
    since_day=date(2026, 3, 1),
    role_titles={"macpt_health_lead": "MACPT health lead"},
    unreadable=0,
    since=None,
)
MONTH: Final = measure(histories(EVENTS), date(2026, 3, 1), date(2026, 4, 1), HOURS)


def document(month: Month = MONTH, told: Told = TOLD, *, exact: bool) -> Any:
    return json.loads(json_of(month, told, exact=exact))


def test_the_whole_month_in_letters() -> None:
    assert text_of(MONTH, TOLD, exact=True).splitlines() == [
        "Health at strategy discussions: Lewisham, March 2026",
        "",
        "Held in the month",
        "  meetings                             9",
        "  of them rescheduled                  2",
        "  of them emergencies                  1",
        "  of them attendance unknown           2",
        "",
        "Health's part",
        "  health took part                     5 of 9, 55.6 %",
        "  the same, by child                   8 of 12, 66.7 %",
        "  known whether it did                 7 of 9, 77.8 %",
        "  health invited before the start      7 of 9, 77.8 %",
        "  in writing only                      1 of 9, 11.1 %",
        "  MACPT health lead took part          4 of 9, 44.4 %",
        "",
        "Who of health took part",
        "  MACPT health lead                    4",
        "  named safeguarding midwife           1",
        "",
        "Notice of health, planned meetings",
        "  invited to the final time            5",
        "  not invited to it before the start   3",
        "  median, elapsed hours                24",
        "  median, duty hours                   8",
        "  middle half                          6 to 78",
        "  median of the time first given       22",
        "  under 1 hour                         0",
        "  1 to 4 hours                         1",
        "  4 to 24 hours                        1",
        "  up to 2 working days                 2",
        "  more than 2 working days             1",
        "",
        "Notice, emergencies",
        "  invited to the final time            1",
        "  not invited to it before the start   0",
        "  median, elapsed hours                0.33",
        "  median, duty hours                   0",
        "  under 1 hour                         1",
        "  1 to 4 hours                         0",
        "  4 to 24 hours                        0",
        "  up to 2 working days                 0",
        "  more than 2 working days             0",
        "",
        "Left out",
        "  cancelled: facts established         1",
        "  cancelled: not needed                1",
        "  neither held nor cancelled           1",
        "  of no month: no time was told        1",
        "  records not readable                 0",
        "",
        "Nothing has been deleted from the topic: these figures are of all that was told.",
    ]


def test_the_same_figures_are_in_the_document() -> None:
    found = document(exact=True)

    assert found["participation"]["meetings"] == {
        "numerator": 5,
        "denominator": 9,
        "percent": 55.6,
    }
    assert found["held"] == {
        "meetings": 9,
        "rescheduled": 2,
        "immediate": 1,
        "unknown_attendance": 2,
    }
    assert found["notice"]["quartile_hours"] == [6, 78]
    assert found["notice"]["median_duty_hours"] == 8
    assert found["notice"]["first_time_hours"] == 22
    assert found["left_out"]["facts-established"] == 1
    assert (found["month"], found["nothing_told"], found["whole_since"]) == (
        "2026-03",
        False,
        None,
    )


def test_small_numbers_are_shown_only_where_that_is_asked_for() -> None:
    found = document(exact=False)

    assert found["held"]["meetings"] == 9
    assert found["held"]["rescheduled"] == FEW
    assert found["participation"]["meetings"] == HIDDEN
    assert set(found["roles"].values()) == {FEW}
    assert "median_hours" in found["notice"]
    assert "first_time_hours" not in found["notice"], "one meeting moved"
    assert "median_hours" not in found["notice_immediate"]
    assert "--exact" in text_of(MONTH, TOLD, exact=False)


def test_a_month_of_which_nothing_was_told_says_so_and_where_it_would_come_from() -> None:
    nothing = measure(histories(EVENTS), date(2026, 5, 1), date(2026, 6, 1), HOURS)
    told = replace(TOLD, since_day=date(2026, 5, 1))

    text = text_of(nothing, told, exact=True)

    assert "Nothing was told of a strategy discussion in this month." in text
    assert "0 of 0" not in text
    assert document(nothing, told, exact=True)["nothing_told"] is True


def test_a_month_in_which_nobody_of_health_came_says_so() -> None:
    caller = Caller()
    caller.schedules("A", day_of(2, "09:00"), day_of(3, "10:00"))
    caller.holds("A", day_of(3, "11:00"), "absent")
    month = measure(histories(caller.events), date(2026, 3, 1), date(2026, 4, 1), HOURS)

    assert "Who of health took part\n  nobody\n" in text_of(month, TOLD, exact=True)


def test_a_topic_that_was_cut_says_how_far_back_it_goes() -> None:
    told = replace(TOLD, since=datetime(2026, 3, 24, 23, 30, tzinfo=UTC))

    assert "goes back to 24 March 2026" in text_of(MONTH, told, exact=True)
    assert document(told=told, exact=True)["whole_since"] == "2026-03-24T23:30:00+00:00"


def test_nothing_of_a_child_is_told() -> None:
    named = {s.key for e in EVENTS for s in e.subjects}
    named |= {s.la_child_id.reveal() for e in EVENTS for s in e.subjects if s.la_child_id}
    said = text_of(MONTH, TOLD, exact=True) + json_of(MONTH, TOLD, exact=True)

    assert named
    assert [name for name in named if name in said] == []
