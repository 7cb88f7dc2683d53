"""The sentence that says what changed: our own words, from codes and dates. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kinbridge.consolidation.items import team_changed
from kinbridge.consolidation.state import Alert, Kept
from kinbridge_schemas.alerts import Reason
from kinbridge_schemas.times import LONDON

_MOST: Final = 600
_SILENT: Final = "no-longer-applies"
_OPENING: Final = {
    Reason.FIRST: "First alert of this family to this team.",
    Reason.REOPENED_AS_SUCCESSOR: "New since the last alert of this family was closed.",
    Reason.URGENCY_RAISED: "More urgent than when last told.",
    Reason.LINK_CHANGED: "The family's record changed: items moved with a child.",
    Reason.ESCALATED_NO_ACK: "Nobody has acknowledged this alert in time.",
    Reason.ACK_EXPIRED: "The acknowledgement ran out without an outcome.",
    Reason.SNOOZE_ENDED: "The time for which this alert was set aside is over.",
    Reason.REMINDER: "Reminder: this alert still waits for an acknowledgement.",
    Reason.CLOSED: "This alert is closed.",
}


def what_changed(
    why: Reason, before: Alert, new: Sequence[Kept], corrected: Sequence[Kept]
) -> str:
    """Give what is new since readers were last told, in at most 600 characters."""
    parts = [_OPENING[why]] if why in _OPENING else []
    if new:
        count = f"{len(new)} new{_since(before)}:" if before.told else f"{len(new)} new:"
        parts += [count, *(kept.concern.why for kept in new)]
    parts += [_corrected(kept) for kept in corrected]
    return _short(" ".join(parts))


def _since(before: Alert) -> str:
    return f" since {_moment(before.told[-1].at)}"


def _moment(at: datetime) -> str:
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%B %Y, %H:%M}"


def _corrected(kept: Kept) -> str:
    concern = kept.concern
    if kept.left:
        return f"No longer with this family's alerts: {concern.why}"
    if concern.status == "withdrawn":
        return f"No longer applies{_because(concern.withdrawn)}: {concern.why}"
    if concern.status == "ended":
        return f"Ended: {concern.why}"
    if concern.whom.restriction != "none":
        return f"Corrected, or restricted since we told you: {concern.why}"
    if concern.team is not None and team_changed(kept):
        return f"Now for {concern.team.title}: {concern.why}"
    return f"What we told you has been corrected: {concern.why}"


def _because(code: str | None) -> str:
    return "" if code in {None, _SILENT} else f" ({_plain(str(code))})"


def _plain(code: str) -> str:
    return code.replace("-", " ").replace("_", " ")


def _short(text: str) -> str:
    if len(text) <= _MOST:
        return text
    return text[: _MOST - 1].rsplit(" ", 1)[0] + "…"
