"""Which fields messages have, which of them the adapter reads, and what its page says of both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

from kinbridge_fhir.hl7v2 import FeedCodes
from kinbridge_fhir.hl7v2.er7 import Element, Segment, read
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.hl7v2.playing import mapped

PAGE: Final = Path(__file__).parents[3] / "docs" / "adapters" / "nhs-hl7v2.md"
USED, LEFT = "Used:", "Left out on purpose:"
_NAMED: Final = re.compile(r"`([A-Z][A-Z0-9]{2}(?:-\d+)?)`")
_FEEDS: Final = (
    FeedCodes(),
    FeedCodes(appointment_number="SCH-2"),
    FeedCodes(appointment_number="PV1-19"),
)


def listed(part: str) -> frozenset[str]:
    """Give the fields and segments on one of the two lists of the page."""
    found, now = set[str](), ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line in (USED, LEFT) or line.startswith("## "):
            now = line
        elif line.startswith("- ") and now == part:
            found |= set(_NAMED.findall(line.partition(": ")[0]))
    return frozenset(found)


def there(contents: Iterable[bytes]) -> set[str]:
    """Give every field that has a value. MSH-1 and MSH-2 are what a message is written with."""
    return {
        f"{segment.name}-{number}"
        for content in contents
        for segment in read(content, "iso-8859-1").segments
        for number, field in enumerate(segment.fields)
        if field and number > (2 if segment.name == "MSH" else 0)
    }


def traced(contents: Iterable[bytes]) -> set[str]:
    """Map messages by several feeds, and give every field with a value that was read."""
    seen, original = set[str](), Segment.each

    def each(segment: Segment, field: int) -> Iterator[Element]:
        if field < len(segment.fields) and segment.fields[field]:
            seen.add(f"{segment.name}-{field}")
        return original(segment, field)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Segment, "each", each)
        for content in contents:
            for codes in _FEEDS:
                try:
                    mapped(content, codes)
                except UnreadableError:
                    # What was read until then counts as well.
                    continue
    return seen


def not_on(fields: Iterable[str], lines: frozenset[str]) -> list[str]:
    """Give the fields that a list names neither by themselves nor by their segment."""
    return sorted(f for f in fields if not {f, f.partition("-")[0]} & lines)
