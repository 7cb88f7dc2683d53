"""What a stage is: a declaration and pure functions. The engine does everything else.

A stage never reads the clock, a topic or a table. It is given a state, a message and the time,
and gives back a decision: the next state, what to say, when to look again, and the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from kinbridge_schemas.base import Contract, Value
from kinbridge_schemas.envelope import Envelope

S = TypeVar("S", bound=Value)


@dataclass(frozen=True, slots=True)
class Message:
    """One record as a stage sees it: decoded, and stripped of where it came from.

    `topic` is the name in topics.yaml. `body` is the contract of that topic, or for a topic
    whose schema is `bytes` a `Received`.
    """

    topic: str
    key: str
    envelope: Envelope
    body: Contract


@dataclass(frozen=True, slots=True)
class At:
    """When a decision is taken, and what was looked up for it.

    `now` is the record's recorded time, or the clock when a due time is evaluated. `clock` is
    the stage's own time: the least of the last clocks of its sources, so that nothing earlier
    still waits upstream. Only `clock` may decide that something did not happen.
    `found` holds the documents the stage asked for by `wants`; a missing one is absent.
    """

    now: datetime
    clock: datetime
    found: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """One thing to say. The partition, sequence and headers are the engine's.

    `parameters` fill a templated topic: `alerts.macpt.{authority}` with `{"authority": "209"}`.
    `mapping` is the version of the mapping that made it, for the envelope.
    """

    topic: str
    key: str
    body: Contract
    parameters: Mapping[str, str] = field(default_factory=dict)
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """The one thing a key waits for from outside, performed by the stage's agent when due.

    It replaces the key's earlier task. `id` is the same for the same attempt, so that
    performing it twice is harmless.
    """

    id: str
    due: datetime
    body: Value


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """What a stage decided about one message or one due time, and why.

    `state` replaces the key's state; `due` is when to look at the key again (None: only when
    something comes). `task` is what the key waits for from outside: like `due` it replaces what
    was there, so None ends an earlier one. `documents` are written to the stage's shared
    documents (None deletes).
    """

    reason: str
    state: S
    outputs: tuple[Output, ...] = ()
    due: datetime | None = None
    task: Task | None = None
    documents: Mapping[str, Value | None] = field(default_factory=dict)


class Decide(Protocol[S]):
    """`decide(state, message, at)`: pure. UnreadableError sends the record to dead-letters."""

    def __call__(self, state: S, message: Message, at: At, /) -> Decision[S]: ...


class OnDue(Protocol[S]):
    """`on_due(state, key, at)`: the same, when the clock has reached the key's due time."""

    def __call__(self, state: S, key: str, at: At, /) -> Decision[S]: ...


def nothing_wanted(_message: Message, _found: Mapping[str, Value], /) -> frozenset[str]:
    return frozenset()


def by_record_key(message: Message, /) -> str:
    return message.key


@dataclass(frozen=True, slots=True)
class Stage(Generic[S]):
    """The declaration of a stage.

    `reads` and `writes` are names of topics.yaml. `fresh` is the state of a key never seen.
    `key` names the state of a message; it must be a function of the record's key, so that the
    state lives in the record's partition. `wants` is asked again with what it was given until
    it wants nothing more; all that a turn wants is read in bulk. `documents` gives the type of
    each shared document by the prefix of its name before the first `:`; a stage that has any
    is folded inside its transaction, because its partitions share them.
    `version` is part of where the stage's state lies: raise it to rebuild.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    state: type[S]
    fresh: Callable[[], S]
    decide: Decide[S]
    on_due: OnDue[S] | None = None
    key: Callable[[Message], str] = by_record_key
    wants: Callable[[Message, Mapping[str, Any]], frozenset[str]] = nothing_wanted
    documents: Mapping[str, type[Value]] = field(default_factory=dict)
    task: type[Value] | None = None
    version: int = 1


class Perform(Protocol):
    """What a stage's agent does with a due task, outside. It answers with a record to write.

    Called for one task of a key at a time. It never raises for what a destination does: that
    is an outcome, and the outcome is the output. An exception is a bug and stops the worker.
    """

    async def __call__(self, key: str, task: Task, /) -> Output: ...


@runtime_checkable
class Closes(Protocol):
    """An agent that keeps something open. It is closed once, when the worker stops."""

    async def close(self) -> None: ...
