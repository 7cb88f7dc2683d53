"""What each stage was asked while the load of `mix` went through the line in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.ground import ROOT
from benchmarks.mix import SECRET, Families, Happening
from kinbridge import pipeline
from kinbridge.partnership.loader import load_all
from kinbridge.runtime.memory import Line
from kinbridge.stage import At, Decision, Message, Output, Stage, Task
from kinbridge_schemas.base import Value
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.topics import Topics, load_topics

FAMILIES: Final = 200

Performed = Callable[[str, Task], Output]


@dataclass(slots=True)
class Asked:
    """The calls of one stage, in order: facts with what was found for them, and due times."""

    stage: Stage[Any]
    facts: dict[str, tuple[Any, Message, At]] = field(default_factory=dict)
    due: list[tuple[Any, str, At]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Captured:
    """Every stage's calls, and the topics they were about."""

    topics: Topics
    stages: Mapping[str, Asked]


def the_stages() -> tuple[Stage[Any], ...]:
    """Give the stages of the line under the policies that are shipped."""
    policies = load_all(ROOT / "deploy" / "partnerships")
    return pipeline.stages(Pseudonymiser(SECRET.encode()), policies)


def capture(count: int, now: datetime) -> Captured:
    """Send so many relevant events through the line in memory, and note each call."""
    topics = load_topics(ROOT / "topics.yaml")
    asked = {stage.name: Asked(stage) for stage in the_stages()}
    line = Line([_noting(each) for each in asked.values()], topics, codec())
    families = Families(FAMILIES, now)
    _put(line, families.opened(), now - timedelta(seconds=2))
    for each in asked.values():
        # Opening the cases is not what goes on all day.
        each.facts.clear()
        each.due.clear()
    events = families.relevant(0, count)
    for part in range(0, count, 500):
        _put(line, events[part : part + 500], now + timedelta(seconds=part // 500))
    return Captured(topics, asked)


def _put(line: Line, happenings: Sequence[Happening], clock: datetime) -> None:
    for each in happenings:
        record = each.record
        line.send_bytes(record.topic, record.key, record.value, tuple(record.headers))
    line.run()
    line.tick(clock)
    line.run()


def _noting(asked: Asked) -> Stage[Any]:
    stage = asked.stage
    on_due = stage.on_due

    def decide(state: Any, message: Message, at: At, /) -> Decision[Any]:
        # By id: the fold asks again when it has had to read more.
        asked.facts[message.envelope.id] = (state, message, at)
        return stage.decide(state, message, at)

    def due(state: Any, key: str, at: At, /) -> Decision[Any]:
        asked.due.append((state, key, at))
        if on_due is None:
            raise LookupError(stage.name)
        return on_due(state, key, at)

    return replace(stage, decide=decide, on_due=due if on_due else None)


def wanted(stage: Stage[Any], message: Message, found: Mapping[str, Value]) -> None:
    """Ask for the documents a fact needs, in rounds, as the engine does."""
    given: dict[str, Value] = {}
    asked: frozenset[str] = frozenset()
    while more := stage.wants(message, given) - asked:
        asked |= more
        given = {name: found[name] for name in asked if name in found}
