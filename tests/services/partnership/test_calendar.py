"""Working time in England: tables of its edges, and properties that hold for every time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.partnership.calendar import WorkingTime, london_date
from kinbridge.partnership.loader import load_all
from tests.builders import when

POLICIES = load_all(Path(__file__).parents[3] / "deploy" / "partnerships")
TIME = POLICIES["209"].working_time
TIMES = st.datetimes(datetime(2025, 2, 1), datetime(2028, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
MINUTES = st.integers(0, 60 * 8 * 12)


@pytest.mark.parametrize("authority", ["209", "210"])
def test_the_bank_holidays_of_the_files_are_those_of_an_independent_table(authority: str) -> None:
    policy = POLICIES[authority]
    years = range(2025, 2029)
    known = holidays.country_holidays("GB", subdiv="ENG", years=years)

    # Holidays that fall on a weekend change no working day, and the files leave them out.
    assert {day for day in known if day.weekday() < 5} == set(policy.calendar.bank_holidays)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        pytest.param("2026-10-05 08:00", 1, "2026-10-06", id="counts from the day after"),
        pytest.param("2026-10-09 15:00", 1, "2026-10-12", id="over a weekend"),
        pytest.param("2026-10-10 12:00", 1, "2026-10-12", id="from a Saturday"),
        pytest.param("2026-12-24 09:00", 1, "2026-12-29", id="over Christmas, Boxing Day moved"),
        pytest.param("2027-03-25 09:00", 2, "2027-03-31", id="over Easter"),
        pytest.param("2026-06-30 23:30", 1, "2026-07-02", id="already the next day in London"),
        pytest.param("2026-10-05 08:00", 15, "2026-10-26", id="fifteen days"),
    ],
)
def test_working_days(start: str, days: int, end: str) -> None:
    assert TIME.add_working_days(when(start), days) == date.fromisoformat(end)


def test_a_date_and_a_time_on_it_give_the_same_working_day() -> None:
    assert TIME.add_working_days(date(2026, 10, 5), 3) == date(2026, 10, 8)
    assert TIME.add_working_days(when("2026-10-05 16:00"), 3) == date(2026, 10, 8)


def test_no_working_days_are_not_a_number_of_days() -> None:
    with pytest.raises(ValueError, match="from 1"):
        TIME.add_working_days(date(2026, 10, 5), 0)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        pytest.param("2026-10-05 09:00", 60, "2026-10-05 10:00", id="within the day"),
        pytest.param("2026-10-05 15:30", 60, "2026-10-06 08:30", id="over the night"),
        pytest.param("2026-10-09 15:30", 60, "2026-10-12 08:30", id="over the weekend"),
        pytest.param("2026-10-05 15:00", 60, "2026-10-05 16:00", id="to closing time exactly"),
        pytest.param("2026-10-05 03:00", 60, "2026-10-05 09:00", id="from before opening"),
        pytest.param("2026-10-23 15:30", 60, "2026-10-26 09:30", id="over the end of summer time"),
        pytest.param("2027-03-25 16:30", 60, "2027-03-30 08:30", id="over Easter and the spring"),
        pytest.param("2026-10-05 12:00", 0, "2026-10-05 12:00", id="none"),
    ],
)
def test_working_minutes(start: str, minutes: int, end: str) -> None:
    assert TIME.add_working_minutes(when(start), minutes) == when(end)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        pytest.param("2026-10-05 09:00", "2026-10-05 09:00", id="within duty: now"),
        pytest.param("2026-10-05 16:00", "2026-10-06 08:00", id="at closing: the next day"),
        pytest.param("2026-10-05 07:59", "2026-10-05 08:00", id="before opening"),
        pytest.param("2026-10-24 12:00", "2026-10-26 09:00", id="winter time begins on Sunday"),
        pytest.param("2026-12-25 12:00", "2026-12-29 09:00", id="Christmas Day"),
    ],
)
def test_the_next_opening_of_the_desk(at: str, opens: str) -> None:
    assert TIME.next_duty_start(when(at)) == when(opens)


@given(at=TIMES)
def test_the_next_opening_is_within_duty_and_not_before(at: datetime) -> None:
    opens = TIME.next_duty_start(at)

    assert opens >= at
    assert TIME.within_duty(opens)
    assert (opens == at) == TIME.within_duty(at)


@given(at=TIMES, minutes=MINUTES)
def test_minutes_added_are_minutes_between(at: datetime, minutes: int) -> None:
    at = at.replace(second=0, microsecond=0)

    assert TIME.working_minutes_between(at, TIME.add_working_minutes(at, minutes)) == minutes


@given(at=TIMES, first=MINUTES, second=MINUTES)
def test_minutes_add_up(at: datetime, first: int, second: int) -> None:
    in_two = TIME.add_working_minutes(TIME.add_working_minutes(at, first), second)

    assert in_two == TIME.add_working_minutes(at, first + second)


@given(since=TIMES, until=TIMES)
def test_working_time_is_never_longer_than_time(since: datetime, until: datetime) -> None:
    working = TIME.working_minutes_between(since, until)

    assert 0 <= working <= max((until - since) / timedelta(minutes=1), 0)


@given(at=TIMES, first=st.integers(1, 15), second=st.integers(1, 15))
def test_working_days_add_up_and_are_working_days(at: datetime, first: int, second: int) -> None:
    in_two = TIME.add_working_days(TIME.add_working_days(at, first), second)

    assert in_two == TIME.add_working_days(at, first + second)
    assert TIME.is_working_day(in_two)
    assert in_two > london_date(at)


def test_minutes_are_not_taken_back() -> None:
    with pytest.raises(ValueError, match="not taken back"):
        WorkingTime(frozenset(), time(9), time(17)).add_working_minutes(
            when("2026-10-05 09:00"), -1
        )
