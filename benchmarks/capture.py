"""What each stage was asked while the load of `mix` went through the line.

The stages are called one after the other with nothing of the engine between them: no bytes, no
partitions, one clock. That is enough to find them in the states they are in on a working day.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.ground import ROOT
from benchmarks.mix import SECRET, Families, Happening
from kinbridge import pipeline
from kinbridge.partnership.loader import load_all
from kinbridge.stage import At, Decision, Message, Stage
from kinbridge_schemas.base import Value
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import Envelope, from_headers
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.received import Received
from kinbridge_schemas.topics import Topics, load_topics

FAMILIES: Final = 200
A_SECOND: Final = 500
"""How many events pass between two clock records."""


@dataclass(slots=True)
class Asked:
    """The calls of one stage, in order: facts with what was found for them, and due times."""

    stage: Stage[Any]
    facts: list[tuple[Any, Message, At]] = field(default_factory=list)
    due: list[tuple[Any, str, At]] = field(default_factory=list)
    states: dict[str, Any] = field(default_factory=dict)
    dues: dict[str, datetime] = field(default_factory=dict)
    documents: dict[str, Value] = field(default_factory=dict)

    def take(self, message: Message, clock: datetime) -> Decision[Any]:
        """Decide about a fact, and keep what was decided."""
        key = self.stage.key(message)
        state = self.states.get(key) or self.stage.fresh()
        found = wanted(self.stage, message, self.documents)
        at = At(message.envelope.recorded, clock, found)
        self.facts.append((state, message, at))
        return self._kept(key, self.stage.decide(state, message, at))

    def look_again(self, clock: datetime) -> list[Decision[Any]]:
        """Decide about every key that is due."""
        on_due = self.stage.on_due
        ready = [key for key, due in self.dues.items() if due <= clock]
        if on_due is None:
            return []
        at = At(clock, clock)
        self.due += ((self.states[key], key, at) for key in ready)
        return [self._kept(key, on_due(self.states[key], key, at)) for key in ready]

    def _kept(self, key: str, decision: Decision[Any]) -> Decision[Any]:
        self.states[key] = decision.state
        self.dues.pop(key, None)
        if decision.due is not None:
            self.dues[key] = decision.due
        for name, document in decision.documents.items():
            self.documents.pop(name, None)
            if document is not None:
                self.documents[name] = document
        return decision


@dataclass(frozen=True, slots=True)
class Captured:
    """Every stage's calls, and the topics they were about."""

    topics: Topics
    stages: Mapping[str, Asked]


def the_stages() -> tuple[Stage[Any], ...]:
    """Give the stages of the line under the policies that are shipped."""
    policies = load_all(ROOT / "deploy" / "partnerships")
    return pipeline.stages(Pseudonymiser(SECRET.encode()), policies)


def opened(families: Families, now: datetime, *names: str) -> dict[str, Asked]:
    """Give the stages, all or those named, as they are once the families' cases are open."""
    chosen = [stage for stage in the_stages() if not names or stage.name in names]
    asked = {stage.name: Asked(stage) for stage in chosen}
    play(asked, families.opened(), now - timedelta(hours=1))
    for each in asked.values():
        # Opening the cases is not what goes on all day.
        each.facts.clear()
        each.due.clear()
    return asked


def capture(count: int, now: datetime) -> Captured:
    """Let so many relevant events go through the stages, and note each call."""
    families = Families(FAMILIES, now)
    asked = opened(families, now)
    play(asked, families.relevant(0, count), now)
    return Captured(load_topics(ROOT / "topics.yaml"), asked)


def play(asked: Mapping[str, Asked], happenings: Sequence[Happening], clock: datetime) -> None:
    """Let events go through stages, and time with them."""
    for number, happening in enumerate(happenings):
        if number % A_SECOND == 0:
            clock += timedelta(seconds=1)
            for each in asked.values():
                for decision in each.look_again(clock):
                    _on(asked, _said(each.stage.name, decision, clock, ""), clock)
        _on(asked, [_received(happening)], clock)


def _on(asked: Mapping[str, Asked], messages: Sequence[Message], clock: datetime) -> None:
    waiting = deque(messages)
    while waiting:
        message = waiting.popleft()
        for name, each in asked.items():
            if message.topic in each.stage.reads:
                recorded, correlation = message.envelope.recorded, message.envelope.correlation
                waiting += _said(name, each.take(message, clock), recorded, correlation)


def _said(
    stage: str, decision: Decision[Any], recorded: datetime, correlation: str
) -> list[Message]:
    return [
        Message(
            said.topic,
            said.key,
            Envelope(
                id=said.body.id,
                type=said.body.contract,
                source=f"stage:{stage}",
                recorded=recorded,
                correlation=correlation or said.body.id,
            ),
            said.body,
        )
        for said in decision.outputs
    ]


def _received(happening: Happening) -> Message:
    record = happening.record
    envelope = from_headers(dict(record.headers))
    body = codec().decode(Received.contract, envelope, record.value)
    return Message(record.topic, record.key.decode(), envelope, body)


def wanted(
    stage: Stage[Any], message: Message, documents: Mapping[str, Value]
) -> dict[str, Value]:
    """Give the documents a fact needs, asked for in rounds as the engine does."""
    given: dict[str, Value] = {}
    asked: frozenset[str] = frozenset()
    while more := stage.wants(message, given) - asked:
        asked |= more
        given = {name: documents[name] for name in asked if name in documents}
    return given
