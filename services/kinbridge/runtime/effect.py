"""What one record or one due time does, worked out whole before any of it is kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from kinbridge.runtime.emit import Cause, StageError, cause_of, dead_letter, draft
from kinbridge.runtime.plan import Plan
from kinbridge.runtime.prepare import Fact, Unread
from kinbridge.runtime.records import Draft, Record
from kinbridge.runtime.seen import Due, Kept, Shelf, Waiting
from kinbridge.stage import At, Decision
from kinbridge_schemas.base import Value
from kinbridge_schemas.problems import UnreadableError

S = TypeVar("S", bound=Value)


@dataclass(slots=True)
class Effect(Generic[S]):
    """All that one record or due time does. `kept` is None when no state was decided about."""

    key: str = ""
    kept: Kept[S] | None = None
    task: Waiting | None = None
    documents: Mapping[str, Value | None] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    reason: str = ""
    dead: list[str] = field(default_factory=list)


def decided(
    plan: Plan[S], record: Record, fact: Fact, state: S, *, clock: datetime, shelf: Shelf
) -> Effect[S]:
    """Ask the stage about a fact. One it cannot read becomes a dead letter."""
    stage, message = plan.stage, fact.message
    found = _found(plan, fact, shelf) if stage.documents else {}
    at = At(now=message.envelope.recorded, clock=clock, found=found)
    try:
        decision = stage.decide(state, message, at)
    except UnreadableError as fault:
        return buried(plan, record, Unread(fault.reason, fault.path, message.envelope))
    return _effect_of(plan, fact.key, decision, cause_of(message.envelope))


def looked_again(plan: Plan[S], state: S, due: Due, time: datetime) -> Effect[S]:
    """Ask the stage about a key that is due. Raises StageError if it would be due for ever."""
    stage, (when, key) = plan.stage, due
    if stage.on_due is None:
        raise StageError(f"{stage.name} has a due time and no on_due.")
    decision = stage.on_due(state, key, At(now=time, clock=time))
    if decision.due is not None and decision.due <= when:
        raise StageError(f"{stage.name} would look again at the same time for ever.")
    return _effect_of(plan, key, decision, Cause(time))


def buried(plan: Plan[S], record: Record, why: Unread) -> Effect[S]:
    """Make the effect of a record that cannot be read: its dead letter and nothing else."""
    return Effect(drafts=[dead_letter(plan, record, why)], dead=[why.reason])


def _found(plan: Plan[S], fact: Fact, shelf: Shelf) -> dict[str, Value]:
    found: dict[str, Value] = {}
    asked: frozenset[str] = frozenset()
    while more := plan.stage.wants(fact.message, found) - asked:
        asked |= more
        found = shelf.get(asked)
    return found


def _effect_of(plan: Plan[S], key: str, decision: Decision[S], cause: Cause) -> Effect[S]:
    _check(plan, decision)
    effect: Effect[S] = Effect(
        key=key,
        kept=Kept(decision.state, decision.due),
        documents=decision.documents,
        reason=decision.reason,
    )
    if decision.task is not None:
        effect.task = Waiting(decision.task, cause.correlation, cause.causation, cause.mapping)
    for output in decision.outputs:
        made, refused = draft(plan, output, cause)
        effect.drafts.append(made)
        if refused:
            effect.dead.append(refused)
    return effect


def _check(plan: Plan[S], decision: Decision[S]) -> None:
    stage = plan.stage
    if decision.due is not None and stage.on_due is None:
        raise StageError(f"{stage.name} sets a due time and has no on_due.")
    if decision.task is not None and (
        stage.task is None or not isinstance(decision.task.body, stage.task)
    ):
        raise StageError(f"{stage.name} sets a task of a type it does not declare.")
    if any(name.partition(":")[0] not in stage.documents for name in decision.documents):
        raise StageError(f"{stage.name} writes a document it does not declare.")
