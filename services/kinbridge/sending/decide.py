"""Decide what goes to a subscription next, and what an attempt's outcome means. Pure.

One dispatch of a subscription is on its way at a time. A revision that has not arrived gives
way to a later one of the same alert, so that no alarm follows its correction: the later one
takes its place and its sequence number, at once. If an attempt had arrived after all without
our learning of it, the destination sees that number twice, and the later revision stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kinbridge.partnership.model import Subscription
from kinbridge.sending.queueing import Turn
from kinbridge.sending.state import Errand, Queue
from kinbridge.stage import At, Decision, Message, Output, Task
from kinbridge_schemas.alerts import Attempt, Dispatch
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.problems import UnreadableError

LOOK_AGAIN: Final = timedelta(hours=1)
"""How often a paused subscription is looked at: was it started again, is something too old."""


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
        turn = Turn(state, subscription, at.now)
        match body:
            case Dispatch():
                reason = turn.queued(body)
            case Attempt():
                reason = turn.answered(body)
            case _:
                raise UnreadableError("contract-unexpected")
        return self._decision(turn, reason)

    def on_due(self, state: Queue, key: str, at: At) -> Decision[Queue]:
        """Look at a paused queue."""
        subscription = self.subscriptions.get(key)
        if subscription is None:
            return Decision("subscription-not-known", state)
        turn = Turn(state, subscription, at.clock)
        turn.go_on()
        return self._decision(turn, "looked-again")

    def _decision(self, turn: Turn, reason: str) -> Decision[Queue]:
        queue, paused = turn.queue, turn.subscription.paused
        errand = queue.on_its_way
        stands_still = paused and (queue.waiting or errand is not None)
        return Decision(
            reason=reason,
            state=queue,
            outputs=tuple(Output(self.deliveries, d.subscription, d) for d in turn.ended),
            due=turn.now + LOOK_AGAIN if stands_still else None,
            task=None if errand is None or paused else task(errand),
        )


def task(errand: Errand) -> Task:
    """Give what the agent performs. The same attempt has the same id."""
    return Task(derive_id("errand", errand.dispatch.id, str(errand.number)), errand.due, errand)
