"""Times of HL7 v2: without an offset they are the sender's local time, which here is London's.

Source: HL7 v2.4, 2.9.47 (TS): the time zone is the sender's where the message does not say. In
the hour that comes twice when summer time ends, the first is meant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import LONDON, read_time
from kinbridge_schemas.vocabulary import Occurred, Precision

_SHAPE: Final = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d{2})(?:(?P<day>\d{2})(?P<clock>(?P<hour>\d{2})"
    r"(?:(?P<minute>\d{2})(?:(?P<second>\d{2})(?:\.(?P<part>\d{1,6}))?)?)?)?)?)?"
    r"(?P<zone>[+-]\d{4})?",
    re.ASCII,
)


def read_ts(text: str, path: str) -> Occurred:
    """Read a time or a date. Raises UnreadableError: `time-invalid`, `time-out-of-range`."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise UnreadableError("time-invalid", path)
    day = "-".join(part for part in (shape["year"], shape["month"], shape["day"]) if part)
    # The date is read as everywhere else, with its precision; an offset of a date is no news.
    date = read_time(day, path)
    if shape["clock"] is None:
        return date
    try:
        at = datetime.fromisoformat(
            f"{day}T{shape['hour']}:{shape['minute'] or '00'}:{shape['second'] or '00'}"
        )
        if shape["zone"] is not None:
            zone = f"{shape['zone'][:3]}:{shape['zone'][3:]}"
            at = datetime.fromisoformat(f"{at.isoformat()}{zone}")
    except ValueError:
        raise UnreadableError("time-invalid", path) from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=LONDON)
    part = timedelta(microseconds=int((shape["part"] or "0").ljust(6, "0")))
    return Occurred(at=at.astimezone(UTC) + part)


def day_of(text: str | None) -> datetime | None:
    """Give the day of a date of birth. None where there is no whole date that can be read."""
    if text is None:
        return None
    try:
        found = read_ts(text[:8], "PID-7")
    except UnreadableError:
        return None
    return found.at if found.precision is Precision.DAY else None
