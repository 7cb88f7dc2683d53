"""Which alert an account of a concern belongs to: the open one, a closed one, or a new one. Pure.

A concern that was withdrawn before anybody was told of it is kept as well, and takes a number
of opening like any other. So the alarm and its withdrawal may come in either order between two
clock records and leave one and the same alert, with the same items, that closes at the same
time. Only what was said differs, because what is said cannot be unsaid: first the alarm, and
its correction follows it; first the withdrawal, and nothing is said at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kinbridge.consolidation.items import News, merged, news
from kinbridge.consolidation.saying import Saying, say_news, urgent
from kinbridge.consolidation.state import Alert, Arm, Kept
from kinbridge.consolidation.terms import Terms
from kinbridge_schemas.alerts import AlertRevision, alert_id
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.identifiers import FamilyRef


@dataclass(frozen=True, slots=True)
class Result:
    """An arm after a step, the revisions that were said, and why."""

    arm: Arm
    reason: str
    revisions: tuple[AlertRevision, ...] = ()


def take(
    arm: Arm,
    family: FamilyRef,
    concern: Concern,
    terms: Terms,
    recorded: datetime,
    *,
    held_until: datetime | None = None,
) -> Result:
    """Take one account of a concern into the arm, and say at once what cannot wait.

    `held_until` is set while another family still has to hand over the child's items.
    """
    if arm.open is None or arm.open.find(concern.concern) is None:
        found = in_closed(arm, concern)
        if found is not None:
            closed, kept = found
            after = merged(kept, concern, recorded)
            if after is kept:
                return Result(arm, "known")
            if news(after) not in {News.NEW, News.RAISED}:
                return _corrected(arm, closed.with_item(after), terms, recorded)
    return _into_open(arm, family, concern, terms, recorded, held_until)


def placed(arm: Arm, family: FamilyRef, kept: Iterable[Kept], terms: Terms) -> Arm:
    """The arm with items in its open alert, which opens if there is none. Nothing is said."""
    items = tuple(kept)
    if not items:
        return arm
    alert = arm.open or _opened(arm, family, items[0].concern, terms)
    for item in items:
        alert = alert.with_item(item)
    number = max(arm.openings, alert.opening)
    return arm.model_copy(update={"open": alert, "openings": number})


def in_closed(arm: Arm, concern: Concern) -> tuple[Alert, Kept] | None:
    """The last closed alert that holds the concern, of a child who is still here."""
    for alert in reversed(arm.closed):
        kept = alert.find(concern.concern)
        if kept is not None and not kept.left:
            return alert, kept
    return None


def _corrected(arm: Arm, closed: Alert, terms: Terms, now: datetime) -> Result:
    # A closed alert has no clocks any more: who had the alarm hears the correction at once.
    # That a need ended after somebody closed the alert is no correction.
    ended = all(k.concern.status == "ended" for k in closed.items if news(k) is not None)
    saying = Saying(closed) if ended else say_news(closed, terms, now)
    return _result(arm, saying, "recorded")


def _into_open(
    arm: Arm,
    family: FamilyRef,
    concern: Concern,
    terms: Terms,
    recorded: datetime,
    held_until: datetime | None,
) -> Result:
    before = arm.open.find(concern.concern) if arm.open is not None else None
    kept = merged(before, concern, recorded)
    if kept is before:
        return Result(arm, "known")
    if before is None or before.left:
        # The child is here now, or is here again: what it brings along is waited for.
        kept = kept.model_copy(update={"left": False, "held_until": held_until})
    arm = placed(arm, family, (kept,), terms)
    alert = arm.open
    if alert is None or not urgent(alert, terms):
        return Result(arm, "waits" if news(kept) is not None else "recorded")
    return _result(arm, say_news(alert, terms, recorded), "waits")


def _opened(arm: Arm, family: FamilyRef, concern: Concern, terms: Terms) -> Alert:
    number = arm.openings + 1
    said = [alert.alert for alert in arm.closed if alert.revision]
    return Alert(
        alert=alert_id(family, arm.arm, number),
        opening=number,
        authority=concern.authority,
        arm=arm.arm,
        escalation=terms.escalation,
        predecessor=said[-1] if said else None,
    )


def _result(arm: Arm, saying: Saying, otherwise: str) -> Result:
    arm = arm.with_alert(saying.alert)
    if saying.revision is None:
        return Result(arm, otherwise)
    return Result(arm, saying.revision.reason, (saying.revision,))


def recalled(arm: Arm, family: FamilyRef, concern: Concern, terms: Terms, now: datetime) -> Result:
    """Take in how a concern ended elsewhere, where an alert of this family holds it."""
    here = arm.open.find(concern.concern) if arm.open is not None else None
    if here is not None and not here.left:
        return take(arm, family, concern, terms, now)
    found = in_closed(arm, concern)
    if found is None:
        return Result(arm, "nothing-to-recall")
    closed, kept = found
    return _corrected(arm, closed.with_item(merged(kept, concern, now)), terms, now)
