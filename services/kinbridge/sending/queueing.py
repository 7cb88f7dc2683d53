"""What goes to a subscription next, and what an attempt's outcome means. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from kinbridge.partnership.model import Subscription
from kinbridge.sending.schedule import pause
from kinbridge.sending.state import Errand, Queue, Settled
from kinbridge_schemas.alerts import AlertId, Attempt, Delivery, Dispatch
from kinbridge_schemas.base import derive_id

End = Literal["delivered", "superseded", "refused", "gave-up"]

_RAISES: Final = frozenset({"refused", "gave-up"})


@dataclass(slots=True)
class Turn:
    """One record or due time of one queue: the queue as it becomes, and what ends."""

    queue: Queue
    subscription: Subscription
    now: datetime
    ended: list[Delivery] = field(default_factory=list)

    def queued(self, new: Dispatch) -> str:
        """Take in a dispatch behind, or in place of, what has not arrived."""
        if self._settled(new) or any(d.id == new.id for d in self._held()):
            return "dispatch-repeated"
        if self.queue.gone:
            self._end(new, "refused", "subscription-gone")
            return "subscription-gone"
        if self._latest(new.alert) > new.revision:
            self._end(new, "superseded", "later-revision")
            return "overtaken"
        for older in [d for d in self.queue.waiting if d.alert == new.alert]:
            self._end(older, "superseded", "later-revision")
        waiting = tuple(d for d in self.queue.waiting if d.alert != new.alert)
        self._with(waiting=(*waiting, new))
        errand = self.queue.on_its_way
        if errand is not None and errand.number > 1 and errand.dispatch.alert == new.alert:
            # It waits to be tried again: the later revision goes instead, unless asked to wait.
            self._replace(errand, max(self.now, errand.not_before or self.now))
            return "replaced"
        self.go_on()
        return "queued"

    def answered(self, attempt: Attempt) -> str:
        """Take in the outcome of an attempt."""
        errand = self.queue.on_its_way
        if errand is None or _awaited(errand) != (attempt.dispatch, attempt.number):
            return "attempt-not-awaited"
        match attempt.outcome:
            case "try-later":
                return self._tried(errand, attempt)
            case "gone":
                return self._gone(errand, attempt)
            case "delivered":
                self._with(arrived=errand.sequence)
                return self._done(errand, attempt, "delivered")
            case "refused":
                return self._done(errand, attempt, "refused")

    def go_on(self) -> None:
        """Give up what is too old, and put the next on its way unless this is paused."""
        self._give_up_old()
        queue = self.queue
        if queue.on_its_way is not None or self.subscription.paused or not queue.waiting:
            return
        number = queue.sequence + 1
        first, *rest = queue.waiting
        errand = Errand(dispatch=first, sequence=number, previous=queue.arrived, due=self.now)
        self._with(sequence=number, on_its_way=errand, waiting=tuple(rest))

    def _tried(self, errand: Errand, attempt: Attempt) -> str:
        asked = attempt.after_seconds
        wished = None if asked is None else attempt.attempted + timedelta(seconds=asked)
        if any(d.alert == errand.dispatch.alert for d in self.queue.waiting):
            self._replace(errand, max(self.now, wished or self.now), made=attempt.number)
            return "replaced"
        wait = pause(errand.dispatch.id, attempt.number, asked)
        if wait is None:
            return self._done(errand, attempt, "gave-up")
        again = {
            "number": errand.number + 1,
            "due": attempt.attempted + wait,
            "not_before": wished,
        }
        self._with(on_its_way=errand.model_copy(update=again))
        return "try-later"

    def _gone(self, errand: Errand, attempt: Attempt) -> str:
        self._end(errand.dispatch, "refused", "gone", attempt.number, errand.sequence)
        for dispatch in self.queue.waiting:
            self._end(dispatch, "refused", "subscription-gone")
        self._with(on_its_way=None, waiting=(), gone=True)
        return "subscription-gone"

    def _done(self, errand: Errand, attempt: Attempt, end: End) -> str:
        self._end(errand.dispatch, end, attempt.reason, attempt.number, errand.sequence)
        self._with(on_its_way=None)
        self.go_on()
        return end

    def _replace(self, errand: Errand, due: datetime, made: int | None = None) -> None:
        """Let the later revision of the alert take the place and number of the earlier."""
        later = next(d for d in self.queue.waiting if d.alert == errand.dispatch.alert)
        attempts = errand.number - 1 if made is None else made
        self._end(errand.dispatch, "superseded", "later-revision", attempts)
        taken = Errand(dispatch=later, sequence=errand.sequence, previous=errand.previous, due=due)
        waiting = tuple(d for d in self.queue.waiting if d.id != later.id)
        self._with(on_its_way=taken, waiting=waiting)

    def _give_up_old(self) -> None:
        oldest = self.now - timedelta(days=self.subscription.oldest_days)
        for dispatch in self.queue.waiting:
            if dispatch.said < oldest:
                self._end(dispatch, "gave-up", "too-old")
        self._with(waiting=tuple(d for d in self.queue.waiting if d.said >= oldest))
        errand = self.queue.on_its_way
        if errand is not None and errand.dispatch.said < oldest:
            made = errand.number - 1
            self._end(errand.dispatch, "gave-up", "too-old", made, errand.sequence)
            self._with(on_its_way=None)
        # What is too old is not sent, so nobody need know any more how it ended.
        kept = tuple(s for s in self.queue.settled if s.said >= oldest)
        if len(kept) < len(self.queue.settled):
            self._with(settled=kept)

    def _end(
        self,
        dispatch: Dispatch,
        end: End,
        reason: str,
        attempts: int = 0,
        sequence: int | None = None,
    ) -> None:
        self.ended.append(
            Delivery(
                id=derive_id("delivery", dispatch.id),
                subscription=dispatch.subscription,
                dispatch=dispatch.id,
                alert=dispatch.alert,
                revision=dispatch.revision,
                sequence=sequence,
                end=end,
                reason=reason,
                attempts=attempts,
                raises=end in _RAISES,
                ended=self.now,
            )
        )
        known = next((s for s in self.queue.settled if s.alert == dispatch.alert), None)
        settled = Settled(
            alert=dispatch.alert,
            revisions=(*(known.revisions if known else ()), dispatch.revision),
            said=max(dispatch.said, known.said) if known else dispatch.said,
        )
        others = tuple(s for s in self.queue.settled if s.alert != dispatch.alert)
        self._with(settled=(*others, settled))

    def _held(self) -> tuple[Dispatch, ...]:
        errand = self.queue.on_its_way
        return (*self.queue.waiting, errand.dispatch) if errand else self.queue.waiting

    def _settled(self, new: Dispatch) -> bool:
        return any(
            s.alert == new.alert and new.revision in s.revisions for s in self.queue.settled
        )

    def _latest(self, alert: AlertId) -> int:
        held = [d.revision for d in self._held() if d.alert == alert]
        settled = [n for s in self.queue.settled if s.alert == alert for n in s.revisions]
        return max((*held, *settled), default=0)

    def _with(self, **fields: object) -> None:
        self.queue = self.queue.model_copy(update=fields)


def _awaited(errand: Errand) -> tuple[str, int]:
    return (errand.dispatch.id, errand.number)
