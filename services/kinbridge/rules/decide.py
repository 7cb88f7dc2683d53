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
from kinbridge.rules.sharing import Outcome, Says, Terms, evaluated
from kinbridge.rules.state import ChildState
from kinbridge.stage import At, Decision, Message, Output
from kinbridge_schemas.concerns import AlertProposed, SharingDecision
from kinbridge_schemas.identifiers import AuthorityCode, Pseudonymiser
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.retrieval import Retrieval


@dataclass(frozen=True, slots=True)
class Rules:
    """The stage's decisions, by the policies of those authorities that take part.

    `proposed`, `decisions` and `retrievals` are the topics that it writes to.
    """

    partnerships: Mapping[AuthorityCode, Partnership]
    pseudonymiser: Pseudonymiser
    proposed: str
    decisions: str
    retrievals: str

    def decide(self, state: ChildState, message: Message, at: At, /) -> Decision[ChildState]:
        """Take one event in. Raises UnreadableError for a body that is no linked event."""
        linked = message.body
        if not isinstance(linked, LinkedEvent):
            raise UnreadableError("contract-unexpected")
        policy = self.partnerships.get(linked.child.authority)
        if policy is None:
            return Decision("authority-unknown", state, due=state.due)
        before = self._advanced(state, at.clock, policy)
        if not matters(before.state.picture, linked):
            return self._decision(before, "not-relevant")
        picture = fold(before.state.picture, linked, at.now)
        if only_shown(before.state.picture, linked):
            seen = before.state.model_copy(update={"picture": picture})
            return self._decision(Outcome(seen, before.says), "nothing-new")
        if purges(linked) and picture.record == linked.child:
            state = before.state.model_copy(update={"picture": picture})
            ended = Outcome(*severed(state, linked.child, policy, message.envelope.id))
            return self._decision(Outcome(ended.state, (*before.says, *ended.says)), "purged")
        after = evaluated(
            before.state.model_copy(update={"picture": picture}),
            Terms(policy, self.pseudonymiser),
            message.envelope.id,
            stepping=False,
        )
        both = Outcome(after.state, (*before.says, *after.says))
        return self._decision(both, after.reason)

    def on_due(self, state: ChildState, _key: str, at: At, /) -> Decision[ChildState]:
        """Judge what the clock has reached."""
        record = state.picture.record
        policy = self.partnerships.get(record.authority) if record else None
        if policy is None:
            return Decision("authority-unknown", state.model_copy(update={"due": None}))
        outcome = self._advanced(state, at.clock, policy)
        return self._decision(outcome, outcome.reason)

    def _decision(self, outcome: Outcome, reason: str) -> Decision[ChildState]:
        outputs = tuple(self._output(body) for body in outcome.says)
        return Decision(reason, outcome.state, outputs, outcome.state.due)

    def _output(self, body: Says) -> Output:
        match body:
            case AlertProposed():
                return Output(self.proposed, body.family_ref, body)
            case SharingDecision():
                return Output(self.decisions, body.child_ref, body)
            case Retrieval():
                return Output(self.retrievals, body.destination, body)

    def _advanced(self, state: ChildState, clock: datetime, policy: Partnership) -> Outcome:
        """Move the clock: settle the picture, and evaluate if a time of interest was reached."""
        if clock <= state.clock:
            return Outcome(state)
        picture = step(state.picture, clock, timedelta(days=policy.keep_days))
        awaited = state.due is not None and state.due <= clock
        state = state.model_copy(update={"picture": picture, "clock": clock})
        if not awaited:
            return Outcome(state)
        cause = f"clock {clock.isoformat()}"
        return evaluated(state, Terms(policy, self.pseudonymiser), cause, stepping=True)
