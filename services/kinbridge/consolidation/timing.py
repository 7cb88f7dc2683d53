"""When an alert is next looked at. Every open alert always has such a time. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kinbridge.consolidation.items import News, news, urgency_of
from kinbridge.consolidation.state import Alert, Kept
from kinbridge.consolidation.terms import Terms
from kinbridge_schemas.disclosure import ON_HOLD

_NEVER: Final = timedelta(days=36_500)
"""Time alone does not end a hold for a disclosure risk: a named person does."""


def next_step(alert: Alert, terms: Terms) -> datetime | None:
    """Give when the alert is next looked at; None only for a closed one."""
    if alert.stage == "closed":
        return None
    times = [item_due(alert, kept, terms) for kept in alert.items]
    times += [answer_due(alert, terms), closing_due(alert, terms)]
    return min((t for t in times if t is not None), default=None)


def item_due(alert: Alert, kept: Kept, terms: Terms) -> datetime | None:
    """When the news of an item is said, or None where there is none."""
    what = news(kept)
    if what is None or kept.since is None:
        return None
    settled = kept.since + terms.settle[urgency_of(kept)]
    held = held_back(alert, kept, what, terms)
    return settled if held is None else max(settled, held)


def held_back(alert: Alert, kept: Kept, what: News, terms: Terms) -> datetime | None:
    """Until when an item waits for another reason than to settle: a move, a rule, a snooze.

    A correction waits for none of them: it is never an alarm.
    """
    if what is News.CORRECTED or kept.since is None:
        return None
    if kept.said is None and ON_HOLD in kept.concern.handling:
        return kept.since + _NEVER
    times = [kept.held_until, terms.quiet_until(kept.concern, kept.since)]
    if alert.stage == "snoozed" and not wakes(alert, kept):
        times.append(alert.snoozed_until)
    return max((t for t in times if t is not None), default=None)


def wakes(alert: Alert, kept: Kept) -> bool:
    """Whether the news of an item ends an acknowledgement or a snooze."""
    if alert.calm is None or news(kept) in (None, News.CORRECTED):
        return False
    if kept.concern.urgency.more_urgent_than(alert.calm) or kept.concern.never_suppressed:
        # Whoever took on the alarm has not thereby taken on the birth.
        return True
    return alert.stage == "snoozed" and kept.concern.rule not in alert.known


def answer_due(alert: Alert, terms: Terms) -> datetime | None:
    """When the lack of an answer, or the end of one, has its consequence."""
    if alert.stage == "snoozed":
        return alert.snoozed_until
    if alert.stage == "acknowledged":
        return alert.acknowledgement.until if alert.acknowledgement else None
    if not alert.asks or alert.answer_by is None:
        return None
    if alert.escalated < len(alert.escalation):
        return terms.step_due(alert.answer_by, alert.escalation[alert.escalated])
    last = alert.reminded or alert.answer_by
    return terms.reminder_due(last, alert.urgency, alert.reminders)


def closing_due(alert: Alert, terms: Terms) -> datetime | None:
    """When an alert of which nothing stands any more closes by itself.

    It is the same whether the alert was ever said or not, so that an alarm and its withdrawal
    between two clock records leave the same alert in either order.
    """
    if alert.live or not alert.items:
        return None
    return terms.closes(max(k.seen for k in alert.items))
