"""Decide what follows from one event of a child, or from the clock. Pure.

Rules are evaluated at the stage's own clock, never at a record's time, so that the order of
facts between two clock records makes no difference (see `findings`). Before the first fact
after the clock has moved, and when a due time comes, the state takes a step: deadlines are
judged on what was known until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kinbridge.partnership.model import Partnership
from kinbridge.rules.picture import fold, matters, only_shown, step
from kinbridge.rules.severing import purges, severed
from kinbridge.rules.sharing import Outcome, evaluated
from kinbridge.rules.state import ChildState
from kinbridge.stage import At, Decision, Message
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.problems import UnreadableError


@dataclass(frozen=True, slots=True)
class Rules:
    """The stage's decisions, by the policies of those authorities that take part."""

    partnerships: Mapping[AuthorityCode, Partnership]

    def decide(self, state: ChildState, message: Message, at: At, /) -> Decision[ChildState]:
        """Take one event in. Raises UnreadableError for a body that is no linked event."""
        linked = message.body
        if not isinstance(linked, LinkedEvent):
            raise UnreadableError("contract-unexpected")
        policy = self.partnerships.get(linked.child.authority)
        if policy is None:
            return Decision("authority-unknown", state, due=state.due)
        before = _advanced(state, at.clock, policy)
        if not matters(before.state.picture, linked):
            return _decision(before, "not-relevant")
        picture = fold(before.state.picture, linked, at.now)
        if only_shown(before.state.picture, linked):
            seen = before.state.model_copy(update={"picture": picture})
            return _decision(Outcome(seen, before.outputs), "nothing-new")
        if purges(linked) and picture.record == linked.child:
            state = before.state.model_copy(update={"picture": picture})
            ended = Outcome(*severed(state, linked.child, policy, message.envelope.id))
            return _decision(Outcome(ended.state, (*before.outputs, *ended.outputs)), "purged")
        after = evaluated(
            before.state.model_copy(update={"picture": picture}),
            policy,
            message.envelope.id,
            stepping=False,
        )
        both = Outcome(after.state, (*before.outputs, *after.outputs))
        return _decision(both, after.reason)

    def on_due(self, state: ChildState, _key: str, at: At, /) -> Decision[ChildState]:
        """Judge what the clock has reached."""
        record = state.picture.record
        policy = self.partnerships.get(record.authority) if record else None
        if policy is None:
            return Decision("authority-unknown", state.model_copy(update={"due": None}))
        outcome = _advanced(state, at.clock, policy)
        return _decision(outcome, outcome.reason)


def _advanced(state: ChildState, clock: datetime, policy: Partnership) -> Outcome:
    """Move the clock: settle the picture, and evaluate if a time of interest was reached."""
    if clock <= state.clock:
        return Outcome(state)
    picture = step(state.picture, clock, timedelta(days=policy.keep_days))
    awaited = state.due is not None and state.due <= clock
    state = state.model_copy(update={"picture": picture, "clock": clock})
    if not awaited:
        return Outcome(state)
    return evaluated(state, policy, f"clock {clock.isoformat()}", stepping=True)


def _decision(outcome: Outcome, reason: str) -> Decision[ChildState]:
    return Decision(reason, outcome.state, outcome.outputs, outcome.state.due)
