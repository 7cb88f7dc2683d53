"""The stage rules: linked events in, proposed concerns and sharing decisions out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinbridge.partnership.model import Partnership
from kinbridge.rules.decide import Outcome, advance, take
from kinbridge.rules.picture import matters
from kinbridge.rules.state import ChildState
from kinbridge.stage import At, Decision, Message, Stage
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
        before = advance(state, at.clock, policy) if at.clock > state.clock else Outcome(state)
        if not matters(before.state.picture, linked):
            return _decision(before, "not-relevant")
        after = take(before.state, linked, at.now, message.envelope.id, policy)
        both = Outcome(after.state, (*before.outputs, *after.outputs), after.reason)
        return _decision(both, after.reason)

    def on_due(self, state: ChildState, _key: str, at: At, /) -> Decision[ChildState]:
        """Judge what the clock has reached."""
        record = state.picture.record
        policy = self.partnerships.get(record.authority) if record else None
        if policy is None or at.clock <= state.clock:
            return Decision("nothing-new", state, due=state.due)
        outcome = advance(state, at.clock, policy)
        return _decision(outcome, outcome.reason)


def _decision(outcome: Outcome, reason: str) -> Decision[ChildState]:
    return Decision(reason, outcome.state, outcome.outputs, outcome.state.due)


def declare(partnerships: Mapping[AuthorityCode, Partnership]) -> Stage[ChildState]:
    """The declaration of the stage for these partnerships."""
    rules = Rules(partnerships)
    return Stage(
        name="rules",
        reads=("linked-events",),
        writes=("alerts-proposed", "sharing-decisions"),
        state=ChildState,
        fresh=ChildState,
        decide=rules.decide,
        on_due=rules.on_due,
    )
