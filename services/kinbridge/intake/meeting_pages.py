"""What the doors of meetings say of themselves in OpenAPI, with an example of each command."""

from __future__ import annotations

from typing import Any, Final

from kinbridge.intake.description import DESCRIPTIONS, schema_of
from kinbridge.intake.meetings import PATHS
from kinbridge.meetings.calendar import MEDIA_TYPE

_SUMMARIES: Final = {
    "request": "A meeting is needed.",
    "schedule": "A meeting has a time.",
    "reschedule": "A meeting has another time.",
    "cancel": "The authority cancelled a meeting.",
    "invite": "Invitations were sent.",
    "reply": "An agency answered its invitation.",
    "attendance": "Who took part in a meeting.",
    "outcome": "A meeting took place.",
}
_SEAT: Final = {"agency": "health", "role": "macpt_health_lead"}
_MORE: Final[dict[str, dict[str, Any]]] = {
    "request": {
        "kind": "strategy-discussion",
        "children": [{"la_child_id": "C100", "unborn": True}],
        "decision_at": "2026-03-02T09:00:00Z",
    },
    "schedule": {
        "kind": "strategy-discussion",
        "start_at": "2026-03-03T10:00:00Z",
        "minutes": 60,
        "children": [{"la_child_id": "C100", "unborn": True}],
        "mode": "remote",
    },
    "reschedule": {"start_at": "2026-03-04T10:00:00Z"},
    "cancel": {"reason": "facts-established"},
    "invite": {"invitations": [_SEAT, {"agency": "police", "role": "police_officer"}]},
    "reply": {**_SEAT, "response": "accept"},
    "attendance": {"parts": [{**_SEAT, "participation": "attended-remote"}]},
    "outcome": {"outcome": "s47-joint"},
}
_WITH_ENTRY: Final = frozenset({"schedule", "reschedule", "cancel"})
_ENTRY: Final = """
With `Accept: text/calendar` the answer is the meeting's iCalendar entry, and the header
`X-Receipt-Id` the receipt. An entry holds no personal data: when, and nothing of whom or why.
"""


def example(path: str) -> dict[str, Any]:
    """Give an example of the command that a path takes."""
    said = "2026-03-02T09:15:00Z"
    return {"id": f"{path}-1", "meeting": "SD-2041", "at": said, "by": "staff-12", **_MORE[path]}


def page(path: str) -> dict[str, Any]:
    """Give what is said of one path alone."""
    content = {"schema": schema_of(PATHS[path]), "example": example(path)}
    body = {"required": True, "content": {"application/json": content}}
    told: dict[str, Any] = {
        "summary": _SUMMARIES[path],
        "description": DESCRIPTIONS["meetings"] + (_ENTRY if path in _WITH_ENTRY else ""),
        "openapi_extra": {"requestBody": body},
    }
    if path in _WITH_ENTRY:
        entry = {MEDIA_TYPE: {"schema": {"type": "string"}}}
        told["openapi_extra"]["responses"] = {"202": {"content": entry}}
    return told
