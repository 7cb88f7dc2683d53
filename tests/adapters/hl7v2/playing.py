"""What HL7 v2 messages are mapped to, in short."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from kinbridge_fhir.hl7v2 import FeedCodes, Hl7v2
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Given, Mapped, Remembered
from kinbridge_schemas.received import Received
from tests.adapters.mapping import NOW, PSEUDONYMS, SOURCES

GOLDEN: Final = Path(__file__).parents[2] / "golden"
MESSAGES: Final = {path.parent.name: path for path in sorted(GOLDEN.glob("hl7v2/*/in.hl7"))}
"""The golden messages by the names of their cases."""


def mapped(content: bytes, codes: FeedCodes | None = None) -> Mapped:
    """Map one message of a feed. Raises UnreadableError."""
    received = Received(
        id="received-0123456789abcdef",
        content=content,
        content_type="application/hl7-v2",
        source=SOURCES["hl7v2"],
        route="hl7v2",
    )
    adapter = Hl7v2({SOURCES["hl7v2"]: codes} if codes is not None else None)
    return adapter(received, Given(PSEUDONYMS, NOW, Remembered()))


def events(*contents: bytes) -> list[ChildEvent]:
    return [event for content in contents for event in mapped(content).events]


def latest(told: Iterable[ChildEvent]) -> Mapping[str, ChildEvent]:
    """Give the account of each fact that stands in the end, by the kind of its detail."""
    found: dict[str, ChildEvent] = {}
    for event in told:
        before = found.get(event.fact)
        if before is None or event.version.later_than(before.version):
            found[event.fact] = event
    return {event.detail.kind: event for event in found.values()}


def told(route: str, case: str) -> list[dict[str, Any]]:
    """Give what a golden case is expected to tell, without what differs by nature.

    That is ids, times, numbers, people's names and the source's own codes.
    """
    text = (GOLDEN / route / case / "expect.json").read_text(encoding="utf-8")
    (expected,) = json.loads(text)
    return in_short(expected)


def in_short(expected: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the same of what a message was mapped to, as JSON."""
    kept = ("kind", "status", "planned", "maternity", "responsible")
    return [
        *(
            {
                "act": event["act"],
                "roles": [subject["role"] for subject in event["subjects"]],
                **{name: event["detail"].get(name) for name in kept},
            }
            for event in expected["events"]
        ),
        *({"reason": end["reason"]} for end in expected["ends"]),
    ]
