"""Health at strategy discussions, as figures of a period: participation, invitation, notice.

Arithmetic only, and pure. Each figure keeps what it was made of: numerator, denominator, what
was left out, and of how many the data was there. A meeting counts once, however many children
it is about; the same by child stands beside it. Cancelled meetings are left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from typing import Final, Literal

from kinbridge.meetings.histories import HEALTH, History
from kinbridge.partnership.calendar import WorkingTime, london_date

LEAST_SHOWN: Final = 5
_CAME: Final = frozenset({"attended", "attended-remote"})
_HOUR: Final = timedelta(hours=1)
_LEAD: Final = "macpt_health_lead"

Band = Literal["under-1-hour", "1-to-4-hours", "4-to-24-hours", "1-to-2-days", "over-2-days"]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> float | None:
        """Rounded to one place; None of nothing."""
        if not self.denominator:
            return None
        return round(100 * self.numerator / self.denominator, 1)

    @property
    def shown(self) -> Share | None:
        """None where it could tell of single families: a part of 1 to 4, or all but so few."""
        parts = (self.numerator, self.denominator - self.numerator)
        return None if any(0 < part < LEAST_SHOWN for part in parts) else self


@dataclass(frozen=True, slots=True)
class Participation:
    """Health participation (KPI 1) and invitation (KPI 2).

    `coverage`: of how many it is known whether health took part; the others stay in every
    denominator. `written_only` contributed in writing and did not come: not in the headline.
    """

    meetings: Share
    children: Share
    coverage: Share
    invited: Share
    written_only: Share
    health_lead: Share
    roles: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Notice:
    """One meeting's notice: its start less the first invitation of health that named it.

    `working` is duty time. `original` is that of the time first given, of a meeting that moved.
    """

    elapsed: timedelta
    working: timedelta
    original: timedelta | None
    band: Band


@dataclass(frozen=True, slots=True)
class Notices:
    """Notice periods (KPI 3) in elapsed hours. `without` had no invitation that gives one."""

    found: tuple[Notice, ...]
    without: int

    @property
    def median_hours(self) -> float | None:
        return round(median(self._hours), 2) if self.found else None

    @property
    def quartiles(self) -> tuple[float, float] | None:
        """The lower and upper quartile, in elapsed hours; None of fewer than two."""
        if len(self.found) < 2:  # noqa: PLR2004 - two make a range
            return None
        low, _, high = quantiles(self._hours, n=4, method="inclusive")
        return round(low, 2), round(high, 2)

    @property
    def bands(self) -> Mapping[Band, int]:
        return Counter(notice.band for notice in self.found)

    @property
    def _hours(self) -> list[float]:
        return [notice.elapsed / _HOUR for notice in self.found]


@dataclass(frozen=True, slots=True)
class Held:
    """What is counted apart of the meetings that were held. One may be counted in several."""

    meetings: int
    rescheduled: int
    immediate: int
    unknown_attendance: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Meetings that no share and no notice counts, and why.

    `unfinished` were neither held nor cancelled. `without_a_time` belong to no month: they were
    asked for, cancelled or held, and no start was told of them.
    """

    cancelled: Mapping[str, int]
    unfinished: int
    without_a_time: int


@dataclass(frozen=True, slots=True)
class Month:
    """The figures of a period. `immediate` are emergency discussions: apart, never dropped."""

    held: Held
    participation: Participation
    planned: Notices
    immediate: Notices
    left_out: LeftOut


def measure(meetings: Iterable[History], since: date, until: date, working: WorkingTime) -> Month:
    """Measure the strategy discussions whose date lies from `since` up to before `until`.

    Dates are of Europe/London, of the start as it stood when the meeting was held.
    """
    known = list(meetings)
    inside = [m for m in known if m.start and since <= london_date(m.start) < until]
    held = [m for m in inside if m.held]
    return Month(
        _held(held),
        _participation(held),
        _notices([m for m in held if not m.immediate], working),
        _notices([m for m in held if m.immediate], working),
        LeftOut(
            cancelled=Counter(m.cancelled for m in inside if m.cancelled and not m.held),
            unfinished=sum(not (m.held or m.cancelled) for m in inside),
            without_a_time=sum(m.start is None for m in known),
        ),
    )


def _held(held: list[History]) -> Held:
    return Held(
        meetings=len(held),
        rescheduled=sum(m.moved for m in held),
        immediate=sum(m.immediate for m in held),
        unknown_attendance=sum(not _known(m) for m in held),
    )


def _participation(held: list[History]) -> Participation:
    of = len(held)
    came = [m for m in held if _came(m)]
    roles = Counter(role for m in came for role, how in m.took_part().items() if how in _CAME)
    return Participation(
        meetings=Share(len(came), of),
        children=Share(sum(len(m.children) for m in came), sum(len(m.children) for m in held)),
        coverage=Share(sum(_known(m) for m in held), of),
        invited=Share(sum(_invited(m) for m in held), of),
        written_only=Share(sum(_written_only(m) for m in held), of),
        health_lead=Share(sum(m.took_part().get(_LEAD) in _CAME for m in held), of),
        roles=roles,
    )


def _came(meeting: History) -> bool:
    return any(how in _CAME for how in meeting.took_part().values())


def _known(meeting: History) -> bool:
    return any(how != "unknown" for how in meeting.took_part().values())


def _written_only(meeting: History) -> bool:
    return not _came(meeting) and "written" in meeting.took_part().values()


def _invited(meeting: History) -> bool:
    start = meeting.start
    return start is not None and any(sent.at < start for sent in meeting.invitations(HEALTH))


def _notices(meetings: list[History], working: WorkingTime) -> Notices:
    found = [_notice(meeting, working) for meeting in meetings]
    given = tuple(notice for notice in found if notice is not None)
    return Notices(given, len(found) - len(given))


def _notice(meeting: History, working: WorkingTime) -> Notice | None:
    elapsed = _before(meeting, meeting.start)
    if elapsed is None or meeting.start is None:
        return None
    minutes = working.working_minutes_between(meeting.start - elapsed, meeting.start)
    moved = meeting.first_start != meeting.start
    original = _before(meeting, meeting.first_start) if moved else None
    duty = timedelta(minutes=minutes)
    return Notice(elapsed, duty, original, _band(elapsed, duty, working))


def _before(meeting: History, start: datetime | None) -> timedelta | None:
    """How long before a start health was first invited to it; None where it was not."""
    naming = [sent for sent in meeting.invitations(HEALTH) if sent.names == start]
    if start is None or not naming or naming[0].at >= start:
        return None
    return start - naming[0].at


def _band(elapsed: timedelta, duty: timedelta, working: WorkingTime) -> Band:
    # A day and more is told in working days: a weekend gives nobody time to prepare.
    for limit, band in _HOURS:
        if elapsed < limit:
            return band
    opens, closes = working.duty(date(2026, 1, 1))
    return "1-to-2-days" if duty <= 2 * (closes - opens) else "over-2-days"


_HOURS: Final[tuple[tuple[timedelta, Band], ...]] = (
    (_HOUR, "under-1-hour"),
    (4 * _HOUR, "1-to-4-hours"),
    (24 * _HOUR, "4-to-24-hours"),
)
