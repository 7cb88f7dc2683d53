"""What stands between `${` and `}` in a story: times, made-up people, and what alerts said.

- `${now - 3h}`: a moment, RFC 3339 with its offset
- `${today + 25d}`: a day in Europe/London
- `${mother}`: what the story, the template or an earlier alert gives by this name
- `${first_alert.child}`: one thing of it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kinbridge.demo.spans import span
from kinbridge.demo.story import StoryError

LONDON: Final = ZoneInfo("Europe/London")

_ONE: Final = re.compile(r"\$\{([^{}]*)\}")
_TIME: Final = re.compile(r"(now|today)(?:\s*([+-])\s*(\w+))?")
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
    if time := _TIME.fullmatch(said):
        return _time(time, now)
    if name := _NAME.fullmatch(said):
        found = names.get(name[1])
        if name[2] is not None:
            found = found.get(name[2]) if isinstance(found, Mapping) else None
        if found is not None:
            return found
    raise StoryError(f"Nothing is known by the name `{said}`.")


def _time(said: re.Match[str], now: datetime) -> str:
    moved = timedelta()
    if said[2]:
        try:
            moved = span(said[3]) if said[2] == "+" else -span(said[3])
        except ValueError as problem:
            raise StoryError(f"`{said[0]}`: {problem}.") from None
    if said[1] == "today":
        return (now.astimezone(LONDON).date() + moved).isoformat()
    return (now + moved).astimezone(LONDON).isoformat(timespec="seconds")
