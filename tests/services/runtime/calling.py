"""A stage with tasks: it calls once for each thing of a key, one call after the other."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import Final

from kinbridge.stage import At, Decision, Message, Output, Stage, Task
from kinbridge_schemas.base import Value, derive_id
from kinbridge_schemas.problems import UnreadableError
from tests.services.runtime.counting import START, Thing

CLOSED: Final = "the caller is closed"


class Calls(Value):
    """What a key waits for: the origins to call about, the first of them under way."""

    waiting: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


class Call(Value):
    """What the agent is told."""

    origin: str


def _decided(reason: str, calls: Calls, outputs: tuple[Output, ...] = ()) -> Decision[Calls]:
    task = None
    if calls.waiting:
        origin = calls.waiting[0]
        task = Task(derive_id("call", origin), START, Call(origin=origin))
    return Decision(reason, calls, outputs, task=task)


def calling(heads: str, tries: str, ones: str, version: int = 1) -> Stage[Calls]:
    """Make the stage. An outcome that comes twice counts once."""

    def decide(state: Calls, message: Message, _at: At, /) -> Decision[Calls]:
        thing = message.body
        if not isinstance(thing, Thing):
            raise UnreadableError("not-a-thing", "contract")
        origin = thing.origin
        if message.topic == heads:
            if origin in state.waiting or origin in state.done:
                return _decided("known", state)
            more = state.model_copy(update={"waiting": (*state.waiting, origin)})
            return _decided("asked", more)
        if origin not in state.waiting:
            return _decided("answered-before", state)
        rest = tuple(each for each in state.waiting if each != origin)
        after = Calls(waiting=rest, done=(*state.done, origin))
        said = thing.model_copy(update={"id": derive_id("called", origin)})
        return _decided("answered", after, (Output(ones, message.key, said),))

    return Stage(
        name="one",
        reads=(heads, tries),
        writes=(tries, ones),
        state=Calls,
        fresh=Calls,
        decide=decide,
        task=Call,
        version=version,
    )


class Caller:
    """The agent: says how many calls of the key were under way beside this one."""

    def __init__(self, tries: str) -> None:
        self._tries: Final = tries
        self._under_way: Final[Counter[str]] = Counter()

    async def __call__(self, key: str, task: Task, /) -> Output:
        if not isinstance(task.body, Call):
            raise TypeError(type(task.body).__name__)
        self._under_way[key] += 1
        beside = self._under_way[key] - 1
        for _ in range(20):
            await asyncio.sleep(0)
        self._under_way[key] -= 1
        origin = task.body.origin
        outcome = Thing(id=task.id, key=key, origin=origin, number=beside)
        return Output(self._tries, key, outcome)

    async def close(self) -> None:
        sys.stdout.write(f"{CLOSED}\n")
