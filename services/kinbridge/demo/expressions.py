"""What stands between `${` and `}` in a story: times, made-up people, and what alerts said.

- `${now - 3h}`: a moment, RFC 3339 with its offset
- `${today + 25d}`: a day in Europe/London
- `${today - 5wd at 10:10}`: a time of day, five working days ago (Monday to Friday)
- `${mother}`: what the story, the template or an earlier alert gives by this name
- `${first_alert.child}`: one thing of it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kinbridge.demo.spans import span
from kinbridge.demo.story import StoryError

LONDON: Final = ZoneInfo("Europe/London")

_ONE: Final = re.compile(r"\$\{([^{}]*)\}")
_NOW: Final = re.compile(r"now(?:\s*([+-])\s*(\w+))?")
_DAY: Final = re.compile(r"today(?:\s*([+-])\s*(\w+))?(?:\s+at\s+([012]\d:[0-5]\d))?")
_WORKING_DAYS: Final = re.compile(r"(\d{1,3})wd")
_SATURDAY: Final = 5
_NAME: Final = re.compile(r"([a-z][a-z0-9_]*)(?:\.([a-z]+))?")

Names = Mapping[str, Any]


def expand(value: Any, names: Names, now: datetime) -> Any:
    """Fill every expression of a JSON value. Raises StoryError for a name that nobody gave.

    A text that is one expression becomes what the expression gives, a list for instance.
    """
    match value:
        case str():
            whole = _ONE.fullmatch(value)
            if whole:
                return _give(whole[1], names, now)
            return fill(value, names, now, str)
        case dict():
            return {key: expand(part, names, now) for key, part in value.items()}
        case list():
            return [expand(part, names, now) for part in value]
        case _:
            return value


def fill(text: str, names: Names, now: datetime, written: Callable[[str], str]) -> str:
    """Fill the expressions within a text; `written` makes each fit for where it stands."""
    return _ONE.sub(lambda found: written(str(_give(found[1], names, now))), text)


def _give(expression: str, names: Names, now: datetime) -> Any:
    said = expression.strip()
    if moment := _NOW.fullmatch(said):
        moved = now + _moved(moment[1], moment[2])
        return moved.astimezone(LONDON).isoformat(timespec="seconds")
    if day := _DAY.fullmatch(said):
        return _day(now.astimezone(LONDON).date(), day)
    if name := _NAME.fullmatch(said):
        found = names.get(name[1])
        if name[2] is not None:
            found = found.get(name[2]) if isinstance(found, Mapping) else None
        if found is not None:
            return found
    raise StoryError(f"Nothing is known by the name `{said}`.")


def _day(today: date, said: re.Match[str]) -> str:
    sign, length, clock = said.groups()
    if length and (working := _WORKING_DAYS.fullmatch(length)):
        day = _working_days(today, int(working[1]), 1 if sign == "+" else -1)
    else:
        day = today + _moved(sign, length)
    if clock is None:
        return day.isoformat()
    return datetime.combine(day, time.fromisoformat(clock), LONDON).isoformat()


def _working_days(day: date, count: int, step: int) -> date:
    while count:
        day += timedelta(days=step)
        count -= day.weekday() < _SATURDAY
    return day


def _moved(sign: str | None, length: str | None) -> timedelta:
    if length is None:
        return timedelta()
    try:
        return span(length) if sign == "+" else -span(length)
    except ValueError as problem:
        raise StoryError(f"`{length}`: {problem}.") from None
