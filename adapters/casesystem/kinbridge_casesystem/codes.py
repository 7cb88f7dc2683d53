"""Code lists of the statutory returns: which codes there are, since when, and until when.

A code that is not on its list is no code: it is left out, and said so. Systems write codes with
words around them (`q) 6: Police`, `N1 - Abuse or neglect`), or the words alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

_LETTERED: Final = re.compile(r"^\s*[a-z]{1,2}\)\s*")
_CODE: Final = re.compile(r"^([A-Za-z]{0,4}[0-9]{0,2}[A-Za-z]?)\s*(?:[:\-\u2013(\[]|\s-|$|\s)")
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: what it says, and the first and last day on which it may begin something."""

    words: str
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True, slots=True)
class CodeTable:
    """A code list with its source. `also` are other words that stand for a code."""

    name: str
    source: str
    entries: Mapping[str, Entry]
    also: Mapping[str, str]

    def code(self, text: str) -> str | None:
        """Give the code that a cell stands for, with or without words around it; else None."""
        bare = _LETTERED.sub("", text).strip()
        found = _CODE.match(bare)
        if found is not None and found.group(1).upper() in self.entries:
            return found.group(1).upper()
        return self._by_words(bare)

    def holds_on(self, code: str, day: date) -> bool:
        return code in self.entries and self.entries[code].holds_on(day)

    def _by_words(self, text: str) -> str | None:
        said = _plain(text)
        for words, code in self.also.items():
            if said == _plain(words):
                return code
        return next((c for c, e in self.entries.items() if said == _plain(e.words)), None)


def _plain(text: str) -> str:
    return _NO_WORD.sub(" ", text.lower()).strip()


def table(
    name: str, source: str, words: Mapping[str, str | Entry], also: Mapping[str, str] | None = None
) -> CodeTable:
    """Make a table of codes and their words, or of entries where they are dated."""
    entries = {c: w if isinstance(w, Entry) else Entry(w) for c, w in words.items()}
    return CodeTable(name, source, entries, also or {})
