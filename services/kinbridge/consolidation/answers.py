"""What an answer does to the alert it answers. Pure.

Answers are heard once each, by their id. One that comes too late, or asks for what the policy
does not allow, changes nothing and says why. A fact or health input that is sent in answer
acknowledges the alert; the fact itself comes back through the rules, as an account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kinbridge.consolidation.items import News, news
from kinbridge.consolidation.passing import close
from kinbridge.consolidation.saying import awake
from kinbridge.consolidation.state import Alert, Kept
from kinbridge.consolidation.terms import Terms
from kinbridge_schemas.alerts import Acknowledgement, AlertRevision
from kinbridge_schemas.responses import (
    Acknowledge,
    Close,
    Feedback,
    Response,
    Snooze,
    SupplyHealthInput,
    VerifyFact,
)

_HEARD_AT_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Answered:
    """The alert after an answer, why, and what it leaves to a successor when it is closed."""

    alert: Alert
    reason: str
    revision: AlertRevision | None = None
    left_over: tuple[Kept, ...] = ()


def answered(alert: Alert, response: Response, terms: Terms, now: datetime) -> Answered:
    """Apply one answer to its alert."""
    if response.id in alert.heard:
        return Answered(alert, "answer-repeated")
    heard = (*alert.heard, response.id)[-_HEARD_AT_MOST:]
    alert = alert.model_copy(update={"heard": heard})
    if isinstance(response.said, Feedback):
        return Answered(_with_feedback(alert, response.said), "feedback-kept")
    if alert.stage == "closed":
        return Answered(alert, "answer-after-closing")
    if not alert.revision:
        # It followed items that had all been taken back: of the rest nobody has been told.
        return Answered(alert, "answer-before-saying")
    match response.said:
        case Acknowledge():
            return Answered(_acknowledged(alert, response, terms, now), "acknowledged")
        case SupplyHealthInput() | VerifyFact():
            return _implied(alert, response, terms, now)
        case Snooze() as snooze:
            return _snoozed(alert, response, snooze, terms, now)
        case Close() as closing:
            return _closed(alert, closing, terms, now)


def _acknowledged(alert: Alert, response: Response, terms: Terms, now: datetime) -> Alert:
    by = Acknowledgement(
        by=response.by,
        role=response.role,
        at=response.at,
        until=terms.held_until(now, alert.urgency),
    )
    return _calm(alert, {"stage": "acknowledged", "acknowledgement": by})


def _implied(alert: Alert, response: Response, terms: Terms, now: datetime) -> Answered:
    if alert.stage == "acknowledged":
        return Answered(alert, "acknowledged-before")
    return Answered(_acknowledged(alert, response, terms, now), "acknowledged-by-answer")


def _snoozed(
    alert: Alert, response: Response, snooze: Snooze, terms: Terms, now: datetime
) -> Answered:
    length = snooze.until - now
    if length.total_seconds() <= 0:
        return Answered(alert, "snooze-refused-over")
    if length > terms.longest_snooze(alert.urgency):
        return Answered(alert, "snooze-refused-too-long")
    alone = snooze.second_person in {None, response.by}
    if alone and terms.second_person_needed(length, alert.urgency):
        return Answered(alert, "snooze-refused-second-person")
    fields = {"stage": "snoozed", "snoozed_until": snooze.until}
    return Answered(_calm(alert, fields), "snoozed")


def _calm(alert: Alert, fields: dict[str, object]) -> Alert:
    """The alert answered: nobody is told that it was not, until the answer runs out."""
    known = frozenset(k.concern.rule for k in alert.items)
    quiet = {"calm": alert.urgency, "known": known, **fields}
    return awake(alert).model_copy(update=quiet)


def _closed(alert: Alert, closing: Close, terms: Terms, now: datetime) -> Answered:
    # What nobody was told of yet cannot be closed by them: it opens the successor.
    unheard = [k for k in alert.items if news(k) in {News.NEW, News.RAISED}]
    left_over = tuple(k.model_copy(update={"said": None}) for k in unheard)
    names = {k.concern.concern for k in unheard}
    items = tuple(
        _with_answer(k.model_copy(update={"since": None}) if k in unheard else k, closing.outcome)
        for k in alert.items
        if k.said is not None or k.concern.concern not in names
    )
    saying = close(alert.model_copy(update={"items": items}), terms, now)
    return Answered(saying.alert, "closed", saying.revision, left_over)


def _with_feedback(alert: Alert, feedback: Feedback) -> Alert:
    items = tuple(
        _with_answer(k, feedback.outcome) if feedback.concern in {None, k.concern.concern} else k
        for k in alert.items
    )
    return alert.model_copy(update={"items": items})


def _with_answer(kept: Kept, outcome: str) -> Kept:
    if outcome in kept.answered:
        return kept
    return kept.model_copy(update={"answered": (*kept.answered, outcome)})
