"""Plays a child's events and the clock through the stage, as the engine would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from kinbridge.partnership.loader import load_all
from kinbridge.partnership.model import Partnership
from kinbridge.rules.decide import Rules
from kinbridge.rules.state import ChildState
from kinbridge.stage import At, Decision
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.concerns import AlertProposed, Concern, SharingDecision
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.retrieval import Retrieval
from tests.builders import PSEUDONYMS, a_message

POLICIES: Final = load_all(Path(__file__).parents[3] / "deploy" / "partnerships")
LEWISHAM: Final = POLICIES["209"]


def changed_policy(change: Callable[[dict[str, Any]], object]) -> Partnership:
    """Lewisham's policy with a change."""
    data = LEWISHAM.model_dump(mode="json")
    change(data)
    return Partnership.model_validate(data)


def an_id(kind: str, name: str = "1") -> str:
    return derive_id(kind, name)


def rules_of(policy: Partnership) -> Rules:
    """The stage's decisions under one policy."""
    topics = ("alerts-proposed", "sharing-decisions", "retrievals")
    return Rules({policy.authority: policy}, PSEUDONYMS, *topics)


class Play:
    """One child's stage. `clock` moves it; `send` gives it events at the present clock."""

    def __init__(self, clock: datetime, policy: Partnership = LEWISHAM) -> None:
        self.rules = rules_of(policy)
        self.state = ChildState()
        self.now = clock
        self.proposed: list[AlertProposed] = []
        self.decisions: list[SharingDecision] = []
        self.asked: list[Retrieval] = []
        self.reasons: list[str] = []

    def clock(self, at: datetime) -> list[Concern]:
        """Move the clock; the due time is evaluated only if it has come."""
        self.now = at
        # Through JSON, as the store would: what does not survive it must not be relied on.
        self.state = ChildState.model_validate_json(self.state.model_dump_json())
        if self.state.due is None or self.state.due > at:
            return []
        return self._took(self.rules.on_due(self.state, "child", At(now=at, clock=at)))

    def send(self, *events: LinkedEvent, recorded: datetime | None = None) -> list[Concern]:
        """Give events, recorded now unless said otherwise; give what they led to."""
        said: list[Concern] = []
        for event in events:
            now = recorded or self.now
            message = a_message(event, recorded=now)
            said += self._took(self.rules.decide(self.state, message, At(now=now, clock=self.now)))
        return said

    def _took(self, decision: Decision[ChildState]) -> list[Concern]:
        self.state = decision.state
        assert decision.due == self.state.due
        self.reasons.append(decision.reason)
        said: list[Concern] = []
        for output in decision.outputs:
            if isinstance(output.body, AlertProposed):
                assert output.key == output.body.family_ref
                self.proposed.append(output.body)
                said.append(output.body.concern)
            if isinstance(output.body, Retrieval):
                assert output.key == output.body.destination
                self.asked.append(output.body)
            if isinstance(output.body, SharingDecision):
                assert output.key == output.body.child_ref
                self.decisions.append(output.body)
        return said

    @property
    def last(self) -> dict[str, Concern]:
        """Each concern as it was told last."""
        return {p.concern.concern: p.concern for p in self.proposed}

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        return [(d.decision, d.reason) for d in self.decisions]

    def of(self, rule: str, arm: str = "macpt") -> list[Concern]:
        """The concerns of a rule as they were told last."""
        return [c for c in self.last.values() if c.rule == rule and c.arm == arm]
