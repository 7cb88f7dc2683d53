"""Take up assigned partitions from the store, however often the store or a rival says no."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final

import structlog

from kinbridge.runtime.database import RaceError, UnavailableError
from kinbridge.runtime.engine import Engine
from kinbridge.runtime.exits import Exit, WorldError
from kinbridge.runtime.reader import BrokerAwayError, Fail, Pace, Place, Reader
from kinbridge.runtime.sender import UndeliveredError
from kinbridge.runtime.world import Bounds

log: Final = structlog.get_logger("kinbridge.runtime")

WORLD_TRIES: Final = 4


class Resuming:
    """The way from an assignment to the offsets to go on from.

    `generation` counts the beginnings: whoever waited over another one gives up.
    """

    def __init__(
        self,
        engine: Engine[Any],
        reader: Reader,
        thread: ThreadPoolExecutor,
        pace: Pace,
        fail: Fail,
    ) -> None:
        self._engine: Final = engine
        self._reader: Final = reader
        self._thread: Final = thread
        self._pace: Final = pace
        self._fail: Final = fail
        self._away_since: float | None = None
        self._under_way: Final[set[asyncio.Task[Mapping[Place, int]]]] = set()
        self.generation = 0

    @property
    def under_way(self) -> bool:
        return bool(self._under_way)

    async def resume(self, assigned: frozenset[Place]) -> Mapping[Place, int]:
        """Give the offsets to go on from; nothing when a later beginning has overtaken.

        It goes on when the caller is cancelled: Faust gives up waiting after a while.
        """
        task = asyncio.create_task(self._resume(assigned))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _resume(self, assigned: frozenset[Place]) -> Mapping[Place, int]:
        self.generation += 1
        generation, doubts = self.generation, 0
        while generation == self.generation:
            try:
                bounds = await self._bounds(assigned)
                if generation != self.generation:
                    break
                found: Mapping[Place, int] = await self._resumed(bounds)
            except (UnavailableError, RaceError) as why:
                await self._wait(why, self._pace.store_away, Exit.STORE)
            except (BrokerAwayError, TimeoutError) as why:
                await self._wait(why, self._pace.broker_away, Exit.BROKER)
            except WorldError as why:
                # A broker that just came back may tell an end it has not finished reading.
                doubts += 1
                if doubts == WORLD_TRIES:
                    self._fail(Exit.WORLD, str(why))
                await asyncio.sleep(1)
            except UndeliveredError as why:
                self._fail(Exit.UNDELIVERED, str(why))
            else:
                self._away_since = None
                return {at: found[at] for at in assigned}
        return {}

    async def start_over(self, forget: Callable[[], None]) -> None:
        """Begin anew, in the middle of an assignment, from what the store says now.

        `forget` is called just before the seek: what came until then was fetched elsewhere.
        What comes after it may be right, and is kept.
        """
        positions = await self.resume(self._reader.assigned())
        still = self._reader.assigned()
        forget()
        await self._reader.seek({at: to for at, to in positions.items() if at in still})

    async def _wait(self, why: Exception, longest: float, code: Exit) -> None:
        """Wait, longer each time; give up when what is needed has been away for too long."""
        now = monotonic()
        self._away_since = self._away_since or now
        away = now - self._away_since
        if away > longest:
            self._fail(code, str(why))
        log.warning("resume.waits", code=code.name.lower(), error=str(why), seconds=round(away))
        await asyncio.sleep(min(2.0, 0.1 + away / 4))

    async def _bounds(self, assigned: frozenset[Place]) -> dict[int, dict[str, Bounds]]:
        bounds: dict[int, dict[str, Bounds]] = defaultdict(dict)
        for (topic, partition), bound in (await self._reader.bounds(assigned)).items():
            bounds[partition][topic] = bound
        return bounds

    async def _resumed(self, bounds: Mapping[int, Mapping[str, Bounds]]) -> Mapping[Place, int]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._engine.resume, bounds)
