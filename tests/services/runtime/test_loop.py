"""The loop with a consumer of lists: what it does when records, rivals or the store go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest
from prometheus_client import CollectorRegistry

from kinbridge.runtime.database import MovedError, UnavailableError
from kinbridge.runtime.engine import Engine
from kinbridge.runtime.exits import Exit
from kinbridge.runtime.hooks import Hooks
from kinbridge.runtime.loop import Loop
from kinbridge.runtime.meters import Meters
from kinbridge.runtime.partitioner import partition_of
from kinbridge.runtime.plan import make_plan
from kinbridge.runtime.reader import Pace, Place, Run
from kinbridge.runtime.records import Record
from kinbridge.runtime.store import open_store
from kinbridge.runtime.watch import Watch
from kinbridge.runtime.world import Bounds
from tests.services.runtime.counting import codec, counting, minutes, thing, topics
from tests.services.runtime.folding import WORLD, fact
from tests.services.runtime.test_engine import Said


class FailedError(Exception):
    """What stands for the end of the process."""


class ListReader:
    """A consumer whose topics are lists: it hands over a run of all that is left."""

    def __init__(self, records: Mapping[int, list[Record]]) -> None:
        self.records = records
        self.fetched = dict.fromkeys(records, 0)
        self.stopped: set[int] = set()
        self.seeks = 0
        self.skips_offsets = False
        self.take: Callable[[Run], None] = lambda _run: None

    def assigned(self) -> frozenset[Place]:
        return frozenset(("heads", partition) for partition in self.records)

    def flows(self) -> bool:
        return True

    def positions(self) -> Mapping[Place, int]:
        return {("heads", p): at for p, at in self.fetched.items()}

    async def bounds(self, places: frozenset[Place]) -> Mapping[Place, Bounds]:
        return {at: Bounds(0, len(self.records[at[1]])) for at in places}

    async def seek(self, positions: Mapping[Place, int]) -> None:
        self.seeks += 1
        for (_, partition), at in positions.items():
            self.fetched[partition] = at + self.skips_offsets
        self.fetch()

    def pause(self, places: frozenset[Place]) -> None:
        self.stopped |= {partition for _, partition in places}

    def resume(self, places: frozenset[Place]) -> None:
        self.stopped -= {partition for _, partition in places}

    def fetch(self) -> None:
        for partition, records in self.records.items():
            run = records[self.fetched[partition] :]
            self.fetched[partition] = len(records)
            if run:
                self.take(Run(partition, run, self._done))

    async def _done(self) -> None:
        return


class Trouble(Hooks):
    """Raises what is next in its list, if anything, when a turn is about to be committed."""

    def __init__(self) -> None:
        self.coming: list[Exception | None] = []

    def before_commit(self) -> None:
        bug = self.coming.pop(0) if self.coming else None
        if bug is not None:
            raise bug


class Rig:
    """A loop over real turns and a real store."""

    def __init__(self, folder: str, records: Mapping[int, list[Record]]) -> None:
        stage = counting("one", "heads", "ones")
        plan = make_plan(stage, topics(2), codec())
        self.said, self.trouble, self.reader = Said(), Trouble(), ListReader(records)
        self.store = open_store(f"sqlite:///{folder}", stage)
        engine = Engine(plan, self.store, self.said, WORLD, self.trouble)
        meters = Meters(CollectorRegistry())
        watch = Watch(plan, meters, lambda: minutes(0), stale_after=timedelta(minutes=2))
        pace = Pace(housekeeping=0.02, look_again=0.05, races=3, holes=3)
        self.loop = Loop(engine, self.reader, watch, pace, self._fail)
        self.reader.take = self.loop.take
        self.ended: tuple[Exit, str] | None = None

    def _fail(self, code: Exit, text: str) -> NoReturn:
        self.ended = (code, text)
        raise FailedError

    async def run(self, until: Callable[[], bool]) -> None:
        """Take up the partitions and go on until something can be seen."""
        positions = await self.loop.resume(self.reader.assigned())
        await self.reader.seek(positions)
        running = asyncio.create_task(self.loop.run())
        async with asyncio.timeout(30):
            while not until() and not running.done():  # noqa: ASYNC110 - nobody tells it
                await asyncio.sleep(0.001)
        running.cancel()
        with suppress(asyncio.CancelledError, FailedError):
            await running
        await self.loop.stop()
        self.store.close()

    @property
    def counted(self) -> int:
        return len(self.said.rows)


def records(count: int, partition: int = 0) -> list[Record]:
    """Make records that are at home in a partition of two."""
    found = [n for n in range(1_000) if at_home(n) == partition][:count]
    return [replace(fact(at, thing(n)), partition=partition) for at, n in enumerate(found)]


def at_home(number: int) -> int:
    return partition_of(thing(number).key.encode(), 2)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("stores"))


async def test_all_that_waits_is_dealt_with(folder: str) -> None:
    rig = Rig(folder, {0: records(30, 0), 1: records(20, 1)})

    await rig.run(lambda: rig.counted == 50)

    assert (rig.counted, rig.ended) == (50, None)


async def test_a_store_that_was_away_loses_nothing(folder: str) -> None:
    rig = Rig(folder, {0: records(30)})
    rig.trouble.coming = [UnavailableError("away"), UnavailableError("away")]

    await rig.run(lambda: rig.counted == 30)

    assert (rig.counted, rig.ended, rig.reader.seeks) == (30, None, 3)


async def test_a_progress_that_others_keep_moving_ends_the_worker(folder: str) -> None:
    rig = Rig(folder, {0: records(3)})
    rig.trouble.coming = [MovedError("progress-moved") for _ in range(9)]

    await rig.run(lambda: False)

    assert rig.ended == (Exit.RACE, "progress-moved")
    assert rig.counted == 0


async def test_a_hole_that_stays_ends_the_worker_and_passes_nothing_over(folder: str) -> None:
    rig = Rig(folder, {0: records(9)})
    rig.reader.skips_offsets = True

    await rig.run(lambda: False)

    assert rig.ended == (Exit.HOLE, "heads: 1 came, not 0")
    assert rig.counted == 0


async def test_a_fault_that_only_a_turn_shows_is_found_a_record_at_a_time(folder: str) -> None:
    rig = Rig(folder, {0: records(6, 0), 1: records(4, 1)})
    # The whole turn fails, then its third record alone, which is tried again later.
    rig.trouble.coming = [ZeroDivisionError(), None, None, ZeroDivisionError()]

    await rig.run(lambda: rig.counted == 10)

    numbers = [row.partition for row in rig.said.rows]
    assert (rig.counted, rig.ended) == (10, None)
    assert numbers == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0], "the other partition did not wait"


async def test_what_was_fetched_and_never_came_is_fetched_again(folder: str) -> None:
    rig = Rig(folder, {0: records(5)})
    lost: list[Run] = []
    rig.reader.take = lost.append

    def found_out() -> bool:
        if rig.reader.seeks == 1:
            rig.reader.take = rig.loop.take
        return rig.counted == 5

    await rig.run(found_out)

    assert lost
    assert (rig.counted, rig.ended) == (5, None)
