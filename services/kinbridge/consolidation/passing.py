"""What time brings to an open alert: told now, not answered, ended, closed. Pure.

Judged on the stage's own clock only, when nothing earlier can still be on its way. A step that
is long overdue is taken once, not once for each time it was missed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from kinbridge.consolidation.openings import Result
from kinbridge.consolidation.saying import Saying, awake, say, say_news
from kinbridge.consolidation.state import Alert, Arm
from kinbridge.consolidation.terms import Terms
from kinbridge.consolidation.timing import answer_due, closing_due, item_due
from kinbridge_schemas.alerts import AlertRevision, Reason

_Step = Callable[[Alert, Terms, datetime], Saying]


def passed(arm: Arm, terms: Terms, clock: datetime) -> Result:
    """Take every step of the open alert that is due, and forget what is long closed."""
    arm = _forgotten(arm, terms, clock)
    alert = arm.open
    if alert is None:
        return Result(arm, "nothing-due")
    said: list[AlertRevision] = []
    reasons: list[str] = []
    for step in _STEPS:
        saying = step(alert, terms, clock)
        if saying.alert is alert:
            continue
        alert = saying.alert
        if saying.revision is not None:
            said.append(saying.revision)
        reasons.append(saying.revision.reason if saying.revision else step.__name__.strip("_"))
    reason = reasons[0] if reasons else "nothing-due"
    return Result(arm.with_alert(alert), reason, tuple(said))


def close(alert: Alert, terms: Terms, now: datetime) -> Saying:
    """Close an alert: say so to its readers, if it had any."""
    closed = alert.model_copy(update={"stage": "closed", "closed": now, "snoozed_until": None})
    return say(closed, Reason.CLOSED, terms, now)


def forgotten_at(alert: Alert, terms: Terms) -> datetime | None:
    return None if alert.closed is None else alert.closed + terms.remembers


def _forgotten(arm: Arm, terms: Terms, clock: datetime) -> Arm:
    kept = tuple(
        a for a in arm.closed if (at := forgotten_at(a, terms)) is not None and at > clock
    )
    return arm if len(kept) == len(arm.closed) else arm.model_copy(update={"closed": kept})


def _settled(alert: Alert, terms: Terms, clock: datetime) -> Saying:
    due = [item_due(alert, kept, terms) for kept in alert.items]
    if any(at is not None and at <= clock for at in due):
        return say_news(alert, terms, clock)
    return Saying(alert)


def _answer_over(alert: Alert, terms: Terms, clock: datetime) -> Saying:
    due = answer_due(alert, terms)
    if alert.stage not in {"acknowledged", "snoozed"} or due is None or due > clock:
        return Saying(alert)
    why = Reason.ACK_EXPIRED if alert.stage == "acknowledged" else Reason.SNOOZE_ENDED
    again = awake(alert)
    if not again.asks:
        # Nothing stands that anybody was told of: there is nothing to take up again.
        return Saying(again)
    return say(again, why, terms, clock)


def _escalated(alert: Alert, terms: Terms, clock: datetime) -> Saying:
    if alert.stage != "open" or not alert.asks or alert.answer_by is None:
        return Saying(alert)
    steps = [terms.step_due(alert.answer_by, step) for step in alert.escalation]
    reached = sum(at <= clock for at in steps)
    if reached <= alert.escalated:
        return Saying(alert)
    up = alert.model_copy(update={"escalated": reached, "reminded": clock})
    return say(up, Reason.ESCALATED_NO_ACK, terms, clock)


def _reminded(alert: Alert, terms: Terms, clock: datetime) -> Saying:
    waits = alert.stage == "open" and alert.escalated >= len(alert.escalation)
    due = answer_due(alert, terms) if waits else None
    if due is None or due > clock:
        return Saying(alert)
    again = alert.model_copy(update={"reminded": clock, "reminders": alert.reminders + 1})
    return say(again, Reason.REMINDER, terms, clock)


def _closed(alert: Alert, terms: Terms, clock: datetime) -> Saying:
    due = closing_due(alert, terms)
    if due is None or due > clock:
        return Saying(alert)
    return close(alert, terms, clock)


_STEPS: tuple[_Step, ...] = (_answer_over, _settled, _escalated, _reminded, _closed)
