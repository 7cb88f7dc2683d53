"""Health's part in a month's strategy discussions as text and as JSON, from the same lines. Pure.

Numbers of one to four are not shown unless `exact` is asked for: in one month of one authority
they can tell of a single family.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Final

from kinbridge.meetings.measures import LEAST_SHOWN, Band, Month, Notices, Share
from kinbridge.partnership.calendar import london_date
from kinbridge_schemas.base import Code, ShortText
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.vocabulary import RoleCode

FEW: Final = "1 to 4"
HIDDEN: Final = "not shown"

_BANDS: Final[Mapping[Band, str]] = {
    "under-1-hour": "under 1 hour",
    "1-to-4-hours": "1 to 4 hours",
    "4-to-24-hours": "4 to 24 hours",
    "1-to-2-days": "up to 2 working days",
    "over-2-days": "more than 2 working days",
}
_SHARES: Final = {
    "meetings": "health took part",
    "children": "the same, by child",
    "coverage": "known whether it did",
    "invited": "health invited before the start",
    "written_only": "in writing only",
    "health_lead": "MACPT health lead took part",
}
_CANCELLED: Final = {
    "facts-established": "cancelled: facts established",
    "duplicate": "cancelled: held already, or twice",
    "not-needed": "cancelled: not needed",
    "not-quorate": "cancelled: not quorate",
    "unknown": "cancelled: no known reason",
}
_NOTHING: Final = (
    "Nothing was told of a strategy discussion in this month. Meetings come in by the doors of "
    "meetings, or by the webhook of a case system; no extract and no return tells of them."
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the figures are of: whose, when, and how whole the record is.

    `unreadable` counts records of the topic that could not be read. `since` is from when on
    nothing of it was deleted; None: nothing was yet.
    """

    authority: AuthorityCode
    title: ShortText
    since_day: date
    role_titles: Mapping[RoleCode, ShortText]
    unreadable: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class _Line:
    key: Code
    label: str
    text: str
    value: object


@dataclass(frozen=True, slots=True)
class _Section:
    key: Code
    title: str
    lines: tuple[_Line, ...]


def is_empty(month: Month) -> bool:
    """Whether nothing was told of any strategy discussion of the month."""
    out = month.left_out
    return not (month.held.meetings or out.cancelled or out.unfinished)


def text_of(month: Month, told: Told, *, exact: bool) -> str:
    """Give the figures as a table in letters, or a sentence where there are none."""
    lines = [f"Health at strategy discussions: {told.title}, {told.since_day:%B %Y}", ""]
    if is_empty(month):
        lines += [_NOTHING, ""]
    else:
        for section in _sections(month, told, exact=exact):
            rows = [f"  {line.label:<36} {line.text}" for line in section.lines]
            lines += [section.title, *(rows or ["  nobody"]), ""]
        lines += [_SMALL, ""] if not exact else []
    return "\n".join([*lines, _how_whole(told)])


_SMALL: Final = f"Numbers of {FEW} and shares that would tell them are not shown: see --exact."


def json_of(month: Month, told: Told, *, exact: bool) -> str:
    """Give the same as one JSON document. What is not shown is a text in place of a number."""
    document: dict[str, object] = {
        "authority": told.authority,
        "month": f"{told.since_day:%Y-%m}",
        "exact": exact,
        "nothing_told": is_empty(month),
        "whole_since": told.since.isoformat() if told.since else None,
    }
    for section in _sections(month, told, exact=exact):
        document[section.key] = {line.key: line.value for line in section.lines}
    return json.dumps(document, indent=2)


def _how_whole(told: Told) -> str:
    if told.since is None:
        return "Nothing has been deleted from the topic: these figures are of all that was told."
    day = london_date(told.since)
    return (
        f"The topic goes back to {day:%d %B %Y}. Of a meeting that was told of before, "
        "in whole or in part, what is older is missing here."
    )


def _sections(month: Month, told: Told, *, exact: bool) -> Iterator[_Section]:
    count, share = _counts(exact=exact), _shares(exact=exact)
    held, part, out = month.held, month.participation, month.left_out
    yield _Section(
        "held",
        "Held in the month",
        (
            count("meetings", "meetings", held.meetings),
            count("rescheduled", "of them rescheduled", held.rescheduled),
            count("immediate", "of them emergencies", held.immediate),
            count("unknown_attendance", "of them attendance unknown", held.unknown_attendance),
        ),
    )
    yield _Section(
        "participation",
        "Health's part",
        tuple(share(key, label, getattr(part, key)) for key, label in _SHARES.items()),
    )
    roles = sorted(part.roles.items())
    titles = told.role_titles
    yield _Section(
        "roles",
        "Who of health took part",
        tuple(count(role, titles.get(role, role.replace("_", " ")), n) for role, n in roles),
    )
    yield _notices("notice", "Notice of health, planned meetings", month.planned, exact=exact)
    yield _notices("notice_immediate", "Notice, emergencies", month.immediate, exact=exact)
    cancelled = [
        count(reason, _CANCELLED.get(reason, _CANCELLED["unknown"]), n)
        for reason, n in sorted(out.cancelled.items())
    ]
    yield _Section(
        "left_out",
        "Left out",
        (
            *cancelled,
            count("unfinished", "neither held nor cancelled", out.unfinished),
            count("without_a_time", "of no month: no time was told", out.without_a_time),
            _Line("unreadable", "records not readable", str(told.unreadable), told.unreadable),
        ),
    )


_Count = Callable[[Code, str, int], _Line]
_Shown = Callable[[Code, str, Share], _Line]


def _counts(*, exact: bool) -> _Count:
    def line(key: Code, label: str, number: int) -> _Line:
        if not exact and 0 < number < LEAST_SHOWN:
            return _Line(key, label, FEW, FEW)
        return _Line(key, label, str(number), number)

    return line


def _shares(*, exact: bool) -> _Shown:
    def line(key: Code, label: str, share: Share) -> _Line:
        shown = share if exact else share.shown
        if shown is None:
            return _Line(key, label, HIDDEN, HIDDEN)
        of = f"{shown.numerator} of {shown.denominator}"
        said = of if shown.percent is None else f"{of}, {shown.percent} %"
        value = {
            "numerator": shown.numerator,
            "denominator": shown.denominator,
            "percent": shown.percent,
        }
        return _Line(key, label, said, value)

    return line


def _notices(key: Code, title: str, notices: Notices, *, exact: bool) -> _Section:
    count = _counts(exact=exact)
    of = len(notices.found)
    lines = [
        count("meetings", "invited to the final time", of),
        count("without", "not invited to it before the start", notices.without),
    ]
    least = 1 if exact else LEAST_SHOWN
    if of >= least:
        lines += _hours(notices)
    first = [n.original for n in notices.found if n.original is not None]
    if len(first) >= least:
        middle = round(median(notice.total_seconds() / 3600 for notice in first), 2)
        words = "median of the time first given"
        lines.append(_Line("first_time_hours", words, f"{middle:g}", middle))
    lines += [count(band, words, notices.bands.get(band, 0)) for band, words in _BANDS.items()]
    return _Section(key, title, tuple(lines))


def _hours(notices: Notices) -> Iterator[_Line]:
    if notices.median_hours is not None:
        middle = notices.median_hours
        yield _Line("median_hours", "median, elapsed hours", f"{middle:g}", middle)
        duty = round(median(n.working.total_seconds() / 3600 for n in notices.found), 2)
        yield _Line("median_duty_hours", "median, duty hours", f"{duty:g}", duty)
    if notices.quartiles is not None:
        low, high = notices.quartiles
        yield _Line("quartile_hours", "middle half", f"{low:g} to {high:g}", [low, high])
