"""A scripted month, measured: every figure equals the table that was worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.meetings.histories import histories
from kinbridge.meetings.measures import Held, LeftOut, Month, Share, measure
from kinbridge.partnership.loader import load_all
from kinbridge_schemas.events import ChildEvent
from tests.services.meetings.march import EVENTS, day_of
from tests.services.meetings.month import Caller

POLICIES: Final = Path(__file__).parents[3] / "deploy" / "partnerships"
HOURS: Final = load_all(POLICIES)["209"].working_time


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


def test_what_is_counted_apart_and_what_is_left_out_is_said() -> None:
    assert MONTH.held == Held(meetings=9, rescheduled=2, immediate=1, unknown_attendance=2)
    assert MONTH.left_out == LeftOut(
        cancelled={"facts-established": 1, "not-needed": 1}, unfinished=1, without_a_time=1
    )


def test_a_conference_is_no_strategy_discussion() -> None:
    c = Caller()
    c.says(
        "schedule", "Z", day_of(3, "09:00"), start_at=day_of(4, "10:00"),
        kind="initial-conference", children=[{"la_child_id": "C9"}],
    )  # fmt: skip
    c.invites("Z", day_of(3, "10:00"))

    assert histories(c.events) == []


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
