"""Take up assigned partitions from the store, however often the store or a rival says no."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final

import structlog

from kinbridge.runtime.database import RaceError, UnavailableError
from kinbridge.runtime.engine import Engine
from kinbridge.runtime.exits import Exit, WorldError
from kinbridge.runtime.reader import Fail, Pace, Place, Reader
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
        self.generation = 0

    async def resume(self, assigned: frozenset[Place]) -> Mapping[Place, int]:
        """Give the offsets to go on from; nothing when a later beginning has overtaken."""
        self.generation += 1
        generation, doubts = self.generation, 0
        while generation == self.generation:
            bounds = await self._bounds(assigned)
            if generation != self.generation:
                break
            try:
                found: Mapping[Place, int] = await self._resumed(bounds)
            except (UnavailableError, RaceError) as why:
                await self.wait_for_store(why)
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

    async def start_over(self) -> None:
        """Begin anew, in the middle of an assignment, from what the store says now."""
        positions = await self.resume(self._reader.assigned())
        still = self._reader.assigned()
        await self._reader.seek({at: to for at, to in positions.items() if at in still})

    async def wait_for_store(self, why: Exception) -> None:
        """Wait, longer each time; give up when the store has been away for too long."""
        now = monotonic()
        self._away_since = self._away_since or now
        away = now - self._away_since
        if away > self._pace.store_away:
            self._fail(Exit.STORE, str(why))
        log.warning("store.away", error=str(why), seconds=round(away))
        await asyncio.sleep(min(2.0, 0.1 + away / 4))

    async def _bounds(self, assigned: frozenset[Place]) -> dict[int, dict[str, Bounds]]:
        bounds: dict[int, dict[str, Bounds]] = defaultdict(dict)
        for (topic, partition), bound in (await self._reader.bounds(assigned)).items():
            bounds[partition][topic] = bound
        return bounds

    async def _resumed(self, bounds: Mapping[int, Mapping[str, Bounds]]) -> Mapping[Place, int]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._engine.resume, bounds)
