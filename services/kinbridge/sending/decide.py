"""Decide what goes to a subscription next, and what an attempt's outcome means. Pure.

One dispatch of a subscription is on its way at a time. A revision that has not arrived gives
way to a later one of the same alert, so that no alarm follows its correction: the later one
takes its place and its sequence number, at once. If an attempt had arrived after all without
our learning of it, the destination sees that number twice, and the later revision stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from kinbridge.partnership.model import Subscription
from kinbridge.sending.schedule import pause
from kinbridge.sending.state import Errand, Queue
from kinbridge.stage import At, Decision, Message, Output, Task
from kinbridge_schemas.alerts import Attempt, Delivery, Dispatch
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.problems import UnreadableError

LOOK_AGAIN: Final = timedelta(hours=1)
"""How often a paused subscription is looked at for what has grown too old."""

End = Literal["delivered", "superseded", "refused", "gave-up"]


@dataclass(frozen=True, slots=True)
class _Step:
    """A queue, why it is so now, and what ended."""

    queue: Queue
    reason: str
    ended: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Sending:
    """The stage's decisions, for the subscriptions of all partnerships by name."""

    subscriptions: Mapping[str, Subscription]
    deliveries: str

    def decide(self, state: Queue, message: Message, at: At) -> Decision[Queue]:
        """Take one dispatch or one outcome. Raises UnreadableError for no such subscription."""
        body = message.body
        subscription = self.subscriptions.get(message.key)
        if subscription is None:
            raise UnreadableError("subscription-not-known", "subscription")
        match body:
            case Dispatch():
                return self._decision(queued(state, body, subscription, at.now), at)
            case Attempt():
                return self._decision(told(state, body, subscription, at.now), at)
            case _:
                raise UnreadableError("contract-unexpected")

    def on_due(self, state: Queue, key: str, at: At) -> Decision[Queue]:
        """Look at a queue that waits: was it started again, has something grown too old."""
        subscription = self.subscriptions[key]
        return self._decision(_next(state, subscription, at.clock, "looked-again"), at)

    def _decision(self, step: _Step, at: At) -> Decision[Queue]:
        errand = step.queue.on_its_way
        return Decision(
            reason=step.reason,
            state=step.queue,
            outputs=tuple(Output(self.deliveries, d.subscription, d) for d in step.ended),
            due=at.now + LOOK_AGAIN if errand is None and step.queue.waiting else None,
            task=None if errand is None else task(errand),
        )


def task(errand: Errand) -> Task:
    """Give what the agent performs. The same attempt has the same id."""
    return Task(derive_id("errand", errand.dispatch.id, str(errand.number)), errand.due, errand)


def queued(queue: Queue, new: Dispatch, subscription: Subscription, now: datetime) -> _Step:
    """Take in a dispatch behind, or in place of, what has not arrived."""
    if queue.gone:
        end = _ended(new, None, 0, "refused", "subscription-gone", now)
        return _Step(queue, "subscription-gone", (end,))
    errand = queue.on_its_way
    older = tuple(d for d in queue.waiting if d.alert == new.alert)
    if _overtaken(new, errand, older):
        end = _ended(new, None, 0, "superseded", "later-revision", now)
        return _Step(queue, "overtaken", (end,))
    ended = tuple(_ended(d, None, 0, "superseded", "later-revision", now) for d in older)
    waiting = (*(d for d in queue.waiting if d not in older), new)
    if errand is not None and errand.dispatch.alert == new.alert and errand.number > 1:
        gone = _ended(
            errand.dispatch, None, errand.number - 1, "superseded", "later-revision", now
        )
        taken = Errand(dispatch=new, sequence=errand.sequence, due=now)
        rest = tuple(d for d in waiting if d != new)
        replaced = queue.model_copy(update={"on_its_way": taken, "waiting": rest})
        return _Step(replaced, "replaced", (*ended, gone))
    queue = queue.model_copy(update={"waiting": waiting})
    if errand is not None:
        return _Step(queue, "queued", ended)
    return _next(queue, subscription, now, "queued", ended)


def told(queue: Queue, attempt: Attempt, subscription: Subscription, now: datetime) -> _Step:
    """Take in the outcome of an attempt."""
    errand = queue.on_its_way
    known = errand is not None and (errand.dispatch.id, errand.number) == (
        attempt.dispatch,
        attempt.number,
    )
    if errand is None or not known:
        return _Step(queue, "attempt-not-awaited")
    if attempt.outcome == "try-later":
        return _tried(queue, errand, attempt, subscription, now)
    if attempt.outcome == "gone":
        return _gone(queue, errand, attempt, now)
    end: End = "delivered" if attempt.outcome == "delivered" else "refused"
    done = _ended(
        errand.dispatch, errand.sequence, attempt.number, end, attempt.reason, attempt.attempted
    )
    queue = queue.model_copy(update={"on_its_way": None})
    return _next(queue, subscription, now, end, (done,))


def _tried(
    queue: Queue, errand: Errand, attempt: Attempt, subscription: Subscription, now: datetime
) -> _Step:
    later = next((d for d in queue.waiting if d.alert == errand.dispatch.alert), None)
    if later is not None:
        ended = _ended(errand.dispatch, None, attempt.number, "superseded", "later-revision", now)
        rest = tuple(d for d in queue.waiting if d != later)
        taken = Errand(dispatch=later, sequence=errand.sequence, due=now)
        queue = queue.model_copy(update={"on_its_way": taken, "waiting": rest})
        return _Step(queue, "replaced", (ended,))
    wait = pause(errand.dispatch.id, attempt.number, attempt.after_seconds)
    if wait is None:
        ended = _ended(
            errand.dispatch, errand.sequence, attempt.number, "gave-up", attempt.reason, now
        )
        queue = queue.model_copy(update={"on_its_way": None})
        return _next(queue, subscription, now, "gave-up", (ended,))
    update = {"number": errand.number + 1, "due": attempt.attempted + wait}
    again = errand.model_copy(update=update)
    return _Step(queue.model_copy(update={"on_its_way": again}), "try-later")


def _gone(queue: Queue, errand: Errand, attempt: Attempt, now: datetime) -> _Step:
    ended = [_ended(errand.dispatch, errand.sequence, attempt.number, "refused", "gone", now)]
    ended += [_ended(d, None, 0, "refused", "subscription-gone", now) for d in queue.waiting]
    left = Queue(sequence=queue.sequence, gone=True)
    return _Step(left, "subscription-gone", tuple(ended))


def _next(
    queue: Queue,
    subscription: Subscription,
    now: datetime,
    reason: str,
    ended: tuple[Delivery, ...] = (),
) -> _Step:
    """Put the first that is not too old on its way, unless the subscription is paused."""
    oldest = now - timedelta(days=subscription.oldest_days)
    too_old = tuple(d for d in queue.waiting if d.said < oldest)
    ended += tuple(_ended(d, None, 0, "gave-up", "too-old", now) for d in too_old)
    waiting = tuple(d for d in queue.waiting if d.said >= oldest)
    queue = queue.model_copy(update={"waiting": waiting})
    if queue.on_its_way is not None or subscription.paused or not waiting:
        return _Step(queue, reason, ended)
    taken = Errand(dispatch=waiting[0], sequence=queue.sequence + 1, due=now)
    queue = queue.model_copy(
        update={"sequence": taken.sequence, "on_its_way": taken, "waiting": waiting[1:]}
    )
    return _Step(queue, reason, ended)


def _overtaken(new: Dispatch, errand: Errand | None, waiting: tuple[Dispatch, ...]) -> bool:
    known = [*waiting, *([errand.dispatch] if errand is not None else [])]
    return any(d.alert == new.alert and d.revision >= new.revision for d in known)


def _ended(
    dispatch: Dispatch, sequence: int | None, attempts: int, end: End, reason: str, at: datetime
) -> Delivery:
    return Delivery(
        id=derive_id("delivery", dispatch.id),
        subscription=dispatch.subscription,
        dispatch=dispatch.id,
        alert=dispatch.alert,
        revision=dispatch.revision,
        sequence=sequence,
        end=end,
        reason=reason,
        attempts=attempts,
        ended=at,
    )
