"""Meetings as a caller tells of them, mapped by the adapter itself, with all it remembers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Mapped, Remembered
from tests.adapters.mapping import map_one


@dataclass(slots=True)
class Caller:
    """Says commands one after the other; every command has an id of its own."""

    remembered: dict[str, Remembered] = field(default_factory=dict)
    events: list[ChildEvent] = field(default_factory=list)
    said: int = 0

    def says(self, command: str, meeting: str, at: str, **fields: Any) -> Mapped:
        self.said += 1
        body = {
            "id": f"command-{self.said}",
            "command": command,
            "meeting": meeting,
            "at": at,
            "by": "staff-12",
            **fields,
        }
        return self.sends(body)

    def sends(self, body: dict[str, Any]) -> Mapped:
        meeting = body["meeting"]
        before = self.remembered.get(meeting, Remembered())
        mapped = map_one("meeting", json.dumps(body).encode(), remembered=before)
        self.remembered[meeting] = mapped.remember
        self.events += mapped.events
        return mapped

    def schedules(
        self, meeting: str, at: str, start: str, children: int = 1, **fields: Any
    ) -> Mapped:
        named = [{"la_child_id": f"C{n}"} for n in range(children)]
        told = {"kind": "strategy-discussion", "start_at": start, "children": named, **fields}
        return self.says("schedule", meeting, at, **told)

    def invites(self, meeting: str, at: str, agency: str = "health") -> Mapped:
        seat = {"agency": agency, "role": "macpt_health_lead"}
        return self.says("invite", meeting, at, invitations=[seat])

    def holds(self, meeting: str, at: str, part: str | None = "attended") -> None:
        if part is not None:
            seat = {"agency": "health", "role": "macpt_health_lead", "participation": part}
            self.says("attendance", meeting, at, parts=[seat])
        self.says("outcome", meeting, at)


def told(mapped: Mapped) -> list[str]:
    """The kinds of event, or the reasons of the ends."""
    return [e.detail.kind for e in mapped.events] + [e.reason for e in mapped.ends]
