"""Dates and times of sources, read once: with their precision, and never without a zone.

A date alone is the start of that day in Europe/London. A time without a zone is refused,
because one hour decides whether somebody was late.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Occurred, Precision

LONDON: Final = ZoneInfo("Europe/London")

_SHAPE: Final = re.compile(
    r"(?P<date>\d{4}(-\d{2}(-\d{2})?)?)"
    r"(?P<time>[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
    r"(?P<zone>Z|[+-]\d{2}:\d{2})?",
    re.ASCII,
)
_PRECISIONS: Final = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}
_FIRST_YEAR: Final = 1850
_LAST_YEAR: Final = 2200


def read_time(text: str, path: str) -> Occurred:
    """Read a date or a time, as FHIR, CloudEvents and the DfE API write them.

    Raises UnreadableError: `time-invalid`, `time-without-zone` or `time-out-of-range`.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise UnreadableError("time-invalid", path)
    if shape["time"] is None:
        if shape["zone"] is not None:
            raise UnreadableError("time-invalid", path)
        return _day(shape["date"], path)
    if shape["zone"] is None:
        raise UnreadableError("time-without-zone", path)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableError("time-invalid", path) from None
    _in_range(at.year, path)
    return Occurred(at=at.astimezone(UTC))


def read_instant(text: str, path: str) -> datetime:
    """Read a time, or the start of a date. Raises UnreadableError as `read_time` does."""
    return read_time(text, path).at


def read_date(text: str, path: str) -> date:
    """Read a whole date and nothing else. Raises UnreadableError: `date-invalid`."""
    if len(text) != 10:  # noqa: PLR2004 - YYYY-MM-DD
        raise UnreadableError("date-invalid", path)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UnreadableError("date-invalid", path) from None
    _in_range(day.year, path)
    return day


def start_of(day: date) -> datetime:
    """Give the start of a day in Europe/London, as UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)


def years_between(born: datetime, at: datetime) -> int:
    """Give somebody's age in whole years, by the calendar of Europe/London."""
    birth, day = born.astimezone(LONDON).date(), at.astimezone(LONDON).date()
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _day(text: str, path: str) -> Occurred:
    try:
        day = date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        raise UnreadableError("time-invalid", path) from None
    _in_range(day.year, path)
    return Occurred(at=start_of(day), precision=_PRECISIONS[len(text)])


def _in_range(year: int, path: str) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise UnreadableError("time-out-of-range", path)
