"""Perform the tasks of a stage: what its agent does outside, while the partitions go on.

A task stands in the store from the turn that decided it until a later decision replaces it.
It may be performed twice, after a crash or when a partition moves: its id is the same, and
what comes of it is a record like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from kinbridge.runtime.database import UnavailableError
from kinbridge.runtime.emit import Cause, StageError, draft
from kinbridge.runtime.engine import Engine
from kinbridge.runtime.loop import Loop
from kinbridge.runtime.meters import Meters
from kinbridge.runtime.plan import Plan
from kinbridge.runtime.records import Outgoing
from kinbridge.runtime.seen import Waiting
from kinbridge.runtime.sender import Sender
from kinbridge.runtime.store import Store
from kinbridge.stage import Closes, Perform

log: Final = structlog.get_logger("kinbridge.runtime")

LOOK_AGAIN: Final = timedelta(seconds=1)
"""How often due tasks are looked for, when no turn brought any."""


@dataclass(frozen=True, slots=True)
class Agent:
    """What stands outside: the stage's own part, how its outcomes are sent, and the time.

    At most `at_once` tasks are under way together. Time is the wall clock's: what lies outside
    the line does not wait for its clocks.
    """

    perform: Perform
    sender: Sender
    clock: Callable[[], datetime]
    at_once: int


class Performer:
    """Performs due tasks of the partitions held: one of a key at a time, so many at once."""

    def __init__(
        self,
        plan: Plan[Any],
        engine: Engine[Any],
        store: Store[Any],
        loop: Loop,
        agent: Agent,
        meters: Meters,
    ) -> None:
        self._plan: Final = plan
        self._engine: Final = engine
        self._store: Final = store
        self._loop: Final = loop
        self._agent: Final = agent
        self._meters: Final = meters
        self._sending: Final = ThreadPoolExecutor(1, thread_name_prefix="kinbridge-outcome")
        self._under_way: Final[dict[tuple[int, str], asyncio.Task[None]]] = {}
        self._performed: Final[dict[tuple[int, str], str]] = {}
        self._wake: Final = asyncio.Event()
        loop.committed = self._wake.set

    async def run(self) -> None:
        """Go on until cancelled. An exception of the agent is a bug, and ends this."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_AGAIN.total_seconds())
            self._wake.clear()
            self._raise_what_failed()
            if len(self._under_way) < self._agent.at_once:
                await self._begin()

    async def stop(self) -> None:
        """Let go of what is under way, which comes again after a start, and close the agent."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        if isinstance(self._agent.perform, Closes):
            await self._agent.perform.close()

    def _raise_what_failed(self) -> None:
        for at in [at for at, task in self._under_way.items() if task.done()]:
            self._under_way.pop(at).result()

    async def _begin(self) -> None:
        held = sorted(self._engine.progress)
        limit = self._agent.at_once + len(self._under_way) + len(self._performed)
        try:
            due = await self._loop.in_thread(
                self._store.due_tasks, held, self._agent.clock(), limit
            )
        except UnavailableError as why:
            log.warning("store.away", error=str(why))
            return
        self._forget_replaced(due, limit)
        for partition, key, waiting in due:
            at = (partition, key)
            if at in self._under_way or self._performed.get(at) == waiting.task.id:
                continue
            if len(self._under_way) >= self._agent.at_once:
                return
            self._under_way[at] = asyncio.create_task(self._perform_one(partition, key, waiting))

    def _forget_replaced(self, due: list[tuple[int, str, Waiting]], limit: int) -> None:
        """Forget what was performed and is due no more: a decision has replaced it."""
        if len(due) < limit:
            ids = {(partition, key): waiting.task.id for partition, key, waiting in due}
            for at in [at for at, done in self._performed.items() if ids.get(at) != done]:
                del self._performed[at]

    async def _perform_one(self, partition: int, key: str, waiting: Waiting) -> None:
        output = await self._agent.perform(key, waiting.task)
        if output.topic not in self._plan.stage.reads:
            raise StageError(f"An outcome goes to a topic the stage reads, not {output.topic}.")
        cause = Cause(self._agent.clock(), waiting.correlation, waiting.causation, waiting.mapping)
        record, _refused = draft(self._plan, output, cause)
        # Without a number: whoever reads it knows a repeat by its id.
        to = (record.topic, record.destination)
        row = Outgoing(partition, 0, *to, record.key, record.value, record.headers)
        running = asyncio.get_running_loop()
        await running.run_in_executor(self._sending, self._agent.sender.send, [row])
        self._performed[partition, key] = waiting.task.id
        self._meters.tasks.labels(self._plan.stage.name).inc()
        self._wake.set()
