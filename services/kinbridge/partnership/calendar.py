"""Working time in England: days, minutes and duty hours, in Europe/London. Pure.

Owns arithmetic only; the bank holidays and the hours are the policy's. A count of working
days starts on the day after, whether the start had a time of day or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from kinbridge_schemas.times import LONDON

_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


def london_date(at: datetime) -> date:
    """The calendar day in Europe/London."""
    return at.astimezone(LONDON).date()


@lru_cache(maxsize=4096)
def _in_utc(day: date, at: time) -> datetime:
    return datetime.combine(day, at, LONDON).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Monday to Friday from `start` to `end`, London wall time, without the bank holidays."""

    holidays: frozenset[date]
    start: time
    end: time

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < _SATURDAY and day not in self.holidays

    def working_day_after(self, day: date) -> date:
        """The first working day strictly after `day`."""
        day += _DAY
        while not self.is_working_day(day):
            day += _DAY
        return day

    def add_working_days(self, start: datetime | date, days: int) -> date:
        """The `days`-th working day, counted from the day after `start`. `days` is at least 1."""
        if days < 1:
            raise ValueError("Working days are counted from 1.")
        day = london_date(start) if isinstance(start, datetime) else start
        for _ in range(days):
            day = self.working_day_after(day)
        return day

    def duty(self, day: date) -> tuple[datetime, datetime]:
        """When duty opens and closes on a day, in UTC, were it a working day."""
        return _in_utc(day, self.start), _in_utc(day, self.end)

    def duty_end(self, day: date) -> datetime:
        return self.duty(day)[1]

    def within_duty(self, at: datetime) -> bool:
        """Whether the duty desk is staffed. The closing minute itself is outside."""
        day = london_date(at)
        opens, closes = self.duty(day)
        return self.is_working_day(day) and opens <= at < closes

    def next_duty_start(self, at: datetime) -> datetime:
        """`at` itself within duty hours, else the next opening, in UTC."""
        day = london_date(at)
        if self.is_working_day(day):
            opens, closes = self.duty(day)
            if at < closes:
                return max(at.astimezone(UTC), opens)
        return self.duty(self.working_day_after(day))[0]

    def add_working_minutes(self, at: datetime, minutes: int) -> datetime:
        """The instant after `minutes` of duty time, in UTC. At closing time, not next opening."""
        if minutes < 0:
            raise ValueError("Working minutes are not taken back.")
        left = timedelta(minutes=minutes)
        at = self.next_duty_start(at)
        while True:
            closes = self.duty(london_date(at))[1]
            if at + left <= closes:
                return at + left
            left -= closes - at
            at = self.next_duty_start(closes)

    def working_minutes_between(self, since: datetime, until: datetime) -> int:
        """Whole minutes of duty time from `since` to `until`; 0 if `until` is not later."""
        total = timedelta()
        at = self.next_duty_start(since)
        while at < until:
            closes = self.duty(london_date(at))[1]
            total += min(closes, until) - at
            at = self.next_duty_start(closes)
        return int(total.total_seconds() // 60)
