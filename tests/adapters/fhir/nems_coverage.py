"""The coverage list of NEMS as data, and the golden messages that it is held to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from kinbridge_fhir.codes import Reading
from kinbridge_fhir.facts import Account
from kinbridge_fhir.message import Message
from kinbridge_fhir.nems import facts_of_event
from kinbridge_fhir.nems.events import BIRTH
from kinbridge_fhir.nodes import read_xml
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.fhir.messages import as_xml
from tests.adapters.fhir.tracing import TracedNode, fields
from tests.adapters.mapping import PSEUDONYMS

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "adapters" / "coverage-nems.md"
GOLDEN: Final = ROOT / "tests" / "golden" / "fhir-message"
EVERY: Final = "every event"
BUT_BIRTHS: Final = "every event but a birth"
GROUPS: Final = (EVERY, BUT_BIRTHS)

_NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
_SECTION: Final = re.compile(r"^## `?([^`\n]+?)`?$")
_NAMED: Final = re.compile(r"`([^`]+)`")
_USED, _LEFT = "Used:", "Left out on purpose:"


@dataclass(frozen=True, slots=True)
class Listed:
    """What the page says of one event: fields that are used, and that are left out."""

    used: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()

    def __or__(self, other: Listed) -> Listed:
        return Listed(self.used | other.used, self.left | other.left)

    def line_of(self, field: str) -> str | None:
        """Give the line that a field falls under: the one that says most of it."""
        return max(filter(lambda line: under(field, line), self.used | self.left), default=None)


def under(field: str, line: str) -> bool:
    return field == line or field.startswith((f"{line}.", f"{line}["))


@cache
def page() -> Mapping[str, Listed]:
    """Read the page: a heading for each event, and the two lists below it."""
    found: dict[str, dict[str, set[str]]] = {}
    section, part = "", ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if (heading := _SECTION.match(line)) is not None:
            section, part = heading[1].lower(), ""
        elif line in (_USED, _LEFT):
            part = line
        elif line.startswith("- ") and part:
            names = _NAMED.findall(line.partition(": ")[0])
            found.setdefault(section, {_USED: set(), _LEFT: set()})[part] |= set(names)
    return {
        name: Listed(frozenset(parts[_USED]), frozenset(parts[_LEFT]))
        for name, parts in found.items()
    }


def listed(code: str) -> Listed:
    """Give what the page says of an event, with what it says of all."""
    shared = page()[EVERY] if code == BIRTH else page()[EVERY] | page()[BUT_BIRTHS]
    return shared | page()[code]


@dataclass(slots=True)
class Fields:
    """The fields that messages of one event have, and those that were read of them."""

    there: set[str]
    read: set[str]


def traced(messages: Iterable[bytes]) -> dict[str, Fields]:
    """Map messages, as XML, and give by event what they have and what was read."""
    found: dict[str, Fields] = {}
    for content in messages:
        seen = set[str]()
        message = Message(TracedNode(read_xml(content), "Bundle", seen))
        if message.reading is not Reading.NEMS or message.event is None:
            continue
        _mapped(message)
        its = found.setdefault(message.event.code, Fields(set(), set()))
        its.there |= fields(content)
        its.read |= seen
    return found


def _mapped(message: Message) -> None:
    account = Account(message, "example-trust", PSEUDONYMS, _NOW)
    assert message.message_id
    assert message.version
    try:
        assert tuple(facts_of_event(message, account))
    except UnreadableError as problem:
        assert problem.reason  # noqa: PT017 - what was read until then counts as well


@cache
def golden() -> dict[str, Fields]:
    return traced(_golden())


def _golden() -> Iterator[bytes]:
    for path in sorted(GOLDEN.glob("*/in*")):
        content = path.read_bytes()
        yield content if path.suffix == ".xml" else as_xml(json.loads(content))
