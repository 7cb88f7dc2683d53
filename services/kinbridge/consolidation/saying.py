"""Say a revision: what is in it, what is new, why, and what the alert is after. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kinbridge.consolidation import words
from kinbridge.consolidation.items import News, news, told
from kinbridge.consolidation.state import Alert, Kept
from kinbridge.consolidation.terms import Terms
from kinbridge.consolidation.timing import held_back, item_due, next_step, wakes
from kinbridge_schemas.alerts import AlertRevision, Item, Reason, Told
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.disclosure import without_places
from kinbridge_schemas.identifiers import ChildRef


@dataclass(frozen=True, slots=True)
class Saying:
    """An alert after a step, and the revision that was said, if one was."""

    alert: Alert
    revision: AlertRevision | None = None


def say_news(alert: Alert, terms: Terms, now: datetime) -> Saying:
    """Say what is released of an alert's news; nothing where there is none."""
    if not _released(alert, terms, now):
        return Saying(alert)
    return say(alert, None, terms, now)


def urgent(alert: Alert, terms: Terms) -> bool:
    """Whether an item is to be said at once, without waiting for a clock.

    Corrections without settling wait for the next clock all the same, a tick later: one fact
    often takes back several items, and that is one thing to say.
    """
    return any(
        kept.since is not None and item_due(alert, kept, terms) == kept.since
        for kept in alert.items
        if news(kept) is not News.CORRECTED
    )


def say(alert: Alert, reason: Reason | None, terms: Terms, now: datetime) -> Saying:
    """Say the alert as it stands, with all its released news.

    `reason` is why, where it is not the news itself. Nothing is said of an alert in which
    nobody was told of anything and there is no news.
    """
    taken = _released(alert, terms, now)
    if reason is Reason.CLOSED:
        taken = tuple(kept for kept in taken if news(kept) is News.CORRECTED)
    before = {k.concern.concern for k in alert.items if k.said is not None}
    if not before and not taken:
        return Saying(alert)
    why = reason or _reason(alert, taken)
    after = _after(alert, taken, why, terms, now)
    return Saying(after, _revision(after, alert, taken, why, now, terms))


def _released(alert: Alert, terms: Terms, now: datetime) -> tuple[Kept, ...]:
    """Items with news that nothing but settling holds back."""
    return tuple(
        kept
        for kept in alert.items
        if (what := news(kept)) is not None
        and ((until := held_back(alert, kept, what, terms)) is None or until <= now)
    )


def _reason(alert: Alert, taken: Sequence[Kept]) -> Reason:
    kinds = {news(kept) for kept in taken}
    if alert.revision == 0:
        return Reason.REOPENED_AS_SUCCESSOR if alert.predecessor else Reason.FIRST
    if alert.stage == "snoozed" and any(wakes(alert, kept) for kept in taken):
        return Reason.URGENCY_RAISED
    if News.NEW in kinds:
        return Reason.NEW_ITEM
    return Reason.URGENCY_RAISED if News.RAISED in kinds else Reason.CORRECTION


def _after(alert: Alert, taken: Sequence[Kept], why: Reason, terms: Terms, now: datetime) -> Alert:
    names = {kept.concern.concern for kept in taken}
    items = tuple(
        told(k) if k.concern.concern in names or k.said is not None else k for k in alert.items
    )
    number = alert.revision + 1
    after = alert.model_copy(
        update={
            "items": items,
            "revision": number,
            "told": (*alert.told, Told(revision=number, reason=why, at=now)),
        }
    )
    if any(wakes(alert, kept) for kept in taken):
        after = awake(after)
    return _awaiting(alert, after, terms, now)


def awake(alert: Alert) -> Alert:
    """The alert open again: its acknowledgement or snooze is over, the plan starts anew."""
    return alert.model_copy(
        update={
            "stage": "open",
            "acknowledgement": None,
            "snoozed_until": None,
            "calm": None,
            "known": frozenset(),
            "answer_by": None,
            "escalated": 0,
            "reminded": None,
            "reminders": 0,
        }
    )


def _awaiting(before: Alert, after: Alert, terms: Terms, now: datetime) -> Alert:
    """Set until when an acknowledgement is awaited: by the earliest saying that asked for it."""
    if after.stage != "open" or not after.asks:
        return after
    by = terms.answer_by(now, after.urgency)
    had = [k.said.urgency for k in before.items if k.live and k.said is not None]
    raised = bool(had) and after.urgency.more_urgent_than(min(had))
    if raised and (after.escalated or after.reminders):
        return awake(after).model_copy(update={"answer_by": by})
    if after.answer_by is not None:
        by = min(by, after.answer_by)
    return after.model_copy(update={"answer_by": by})


def _revision(
    alert: Alert,
    before: Alert,
    taken: Sequence[Kept],
    why: Reason,
    now: datetime,
    terms: Terms,
) -> AlertRevision:
    shown = [k for k in alert.items if k.said is not None]
    head = min([k for k in shown if k.live] or shown, key=_most_urgent_first)
    asks = [k.concern.asked.by for k in shown if k.live and k.concern.asked.by is not None]
    new = [k for k in taken if news(k) is not News.CORRECTED]
    corrected = [k for k in taken if news(k) is News.CORRECTED]
    corrected += [k for k in shown if k.left and _had(before, k)]
    family = head.concern.family
    return AlertRevision(
        id=derive_id("revision", alert.alert, str(alert.revision), why),
        alert=alert.alert,
        family=family,
        authority=alert.authority,
        arm=alert.arm,
        team=head.concern.team,
        opening=alert.opening,
        revision=alert.revision,
        reason=why,
        state=alert.stage,
        urgency=alert.urgency,
        owner=head.concern.asked.owner,
        cover=head.concern.asked.cover,
        ask_by=min(asks, default=alert.answer_by),
        items=tuple(_item(k, alert) for k in shown),
        new=tuple(k.concern.concern for k in new),
        corrected=tuple(k.concern.concern for k in corrected),
        what_changed=words.what_changed(why, before, new, corrected),
        told=before.told,
        acknowledgement=alert.acknowledgement,
        escalation=alert.escalation,
        escalated_to=tuple(s.role for s in alert.escalation[: alert.escalated]),
        suppressed=tuple(
            hit
            for k in alert.items
            if k.concern.status == "active"
            for hit in terms.suppressed(k.concern, k.since or k.seen)
        ),
        predecessor=alert.predecessor,
        next_step=next_step(alert, terms),
        settled_at=now,
        as_of=now,
    )


def _most_urgent_first(kept: Kept) -> tuple[str, datetime, str]:
    return (kept.concern.urgency, kept.added, kept.concern.concern)


def _had(before: Alert, kept: Kept) -> bool:
    earlier = before.find(kept.concern.concern)
    return earlier is not None and earlier.said is not None and earlier.said.status == "active"


def _restricted(alert: Alert, child: ChildRef) -> bool:
    """Whether the child is restricted by the latest account of its record in the alert."""
    accounts = [k.concern for k in alert.items if k.concern.child == child]
    latest = max(accounts, key=lambda c: c.record_revision)
    return latest.whom.restriction != "none"


def _item(kept: Kept, alert: Alert) -> Item:
    concern = kept.concern
    if _restricted(alert, concern.child):
        # An item that ended before the child was restricted still has its places.
        concern = without_places(concern)
    if kept.left:
        gone = {"status": "withdrawn", "withdrawn": "link-changed"}
        concern = concern.model_copy(update=gone)
    return Item(
        concern=concern,
        added=kept.added,
        changed=kept.concern.as_of,
        answered=kept.answered,
    )
