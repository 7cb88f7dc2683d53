"""Cells of files as values: what cannot be read is left out, and said by rule and field.

A statutory return is full of small errors, and a child is more important than any of them: only
what makes a record meaningless stops it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from kinbridge_casesystem.codes import CodeTable
from kinbridge_casesystem.quality import Finding
from kinbridge_schemas.times import start_of

_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ][0-9:.]+Z?)?", re.ASCII)
_ENGLISH: Final = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?: [0-9:.]+)?", re.ASCII)
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2200
_AHEAD: Final = timedelta(days=1)
_CHILD: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")
_YES: Final = frozenset({"1", "y", "yes", "true", "t"})
_NO: Final = frozenset({"0", "n", "no", "false", "f"})
_ANSWER: Final = re.compile(r"^(?:[a-z]\)|[01]\s*-)\s*")


@dataclass(slots=True)
class Reading:
    """The reading of one child. `found` gathers what is odd; nothing in it is a value.

    `lasting` turns False when a day that lies ahead is met.
    """

    now: datetime
    found: list[Finding] = field(default_factory=list)
    lasting: bool = True

    def odd(self, rule: str, where: str) -> None:
        self.found.append(Finding(rule, where))

    def day(self, text: str | None, where: str) -> date | None:
        """Read a day that has been; one that lies ahead is left out."""
        found = self.any_day(text, where)
        if found is not None and start_of(found) > self.now + _AHEAD:
            self.odd("date-in-future", where)
            return None
        return found

    def any_day(self, text: str | None, where: str) -> date | None:
        """Read a day that may lie ahead."""
        found = self.stated_day(text, where)
        if found is not None and start_of(found) > self.now:
            self.lasting = False
        return found

    def stated_day(self, text: str | None, where: str) -> date | None:
        """Read a day, as `2026-03-31` or `31/03/2026`, with or without a time after it."""
        if not text or not text.strip():
            return None
        found = _day(text.strip())
        if found is None:
            self.odd("date-invalid", where)
        return found

    def code(
        self, text: str | None, table: CodeTable, where: str, on: date | None = None
    ) -> str | None:
        """Read a code; one that did not hold on its day is kept, and said."""
        if not text or not text.strip():
            return None
        found = table.code(text)
        if found is None:
            self.odd("code-unknown", where)
        elif on is not None and not table.holds_on(found, on):
            self.odd("code-not-of-its-year", where)
        return found

    def flag(self, text: str | None, where: str) -> bool | None:
        """Read yes or no, as `true`, `1`, `Y`, `a) Yes`."""
        said = _ANSWER.sub("", (text or "").strip().lower())
        if not said:
            return None
        if said in _YES or said in _NO:
            return said in _YES
        self.odd("flag-invalid", where)
        return None

    def count(self, text: str | None, where: str) -> int | None:
        if not text or not text.strip():
            return None
        if text.strip().isascii() and text.strip().isdigit() and len(text.strip()) <= 4:  # noqa: PLR2004 - no count of plans has more
            return int(text.strip())
        self.odd("number-invalid", where)
        return None


def child_id_of(text: str) -> str | None:
    """Give an authority's id of a child as the line can carry it; else None."""
    found = text.strip()
    return found if _CHILD.fullmatch(found) else None


def _day(text: str) -> date | None:
    if iso := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in iso.groups())
    elif english := _ENGLISH.fullmatch(text):
        day, month, year = (int(part) for part in english.groups())
    else:
        return None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


@dataclass(slots=True)
class Numbers:
    """Ids of objects that have none: what does not change of them, and a number if repeated.

    To give two that are alike the same numbers in any order of the file, ask for them in the
    order of their content.
    """

    seen: dict[str, int] = field(default_factory=dict)

    def id(self, *parts: str) -> str:
        own = "|".join(parts)
        self.seen[own] = self.seen.get(own, 0) + 1
        return own if self.seen[own] == 1 else f"{own}|{self.seen[own]}"
