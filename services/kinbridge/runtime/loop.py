"""The one loop of a worker: take what waits, turn, acknowledge. For every stage the same.

Runs arrive from Faust as they were fetched; a turn takes all that wait, of all partitions, so
that it is one record when idle and hundreds under load.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final

import structlog

from kinbridge.runtime.database import RaceError, UnavailableError
from kinbridge.runtime.engine import Engine
from kinbridge.runtime.exits import Exit
from kinbridge.runtime.folded import Folded, Hole, Stuck, Suspended
from kinbridge.runtime.pauses import Pauses
from kinbridge.runtime.reader import Fail, Pace, Place, Reader, Run
from kinbridge.runtime.records import Record
from kinbridge.runtime.resuming import Resuming
from kinbridge.runtime.sender import UndeliveredError
from kinbridge.runtime.watch import Watch

log: Final = structlog.get_logger("kinbridge.runtime")

Done = Callable[[], Awaitable[object]]


class Loop:
    """The loop of one worker. Its coroutines all run in Faust's event loop."""

    def __init__(
        self, engine: Engine[Any], reader: Reader, watch: Watch, pace: Pace, fail: Fail
    ) -> None:
        self._engine: Final = engine
        self._reader: Final = reader
        self._watch: Final = watch
        self._pace: Final = pace
        self._fail: Final = fail
        self._thread: Final = ThreadPoolExecutor(1, thread_name_prefix="kinbridge-turn")
        self._resuming: Final = Resuming(engine, reader, self._thread, pace, fail)
        self._pauses: Final = Pauses(reader, watch, pace.look_again)
        self._waiting: Final[deque[Run]] = deque()
        self._held: dict[int, list[Record]] = {}
        self._wake: Final = asyncio.Event()
        self._races = 0
        self._holes = 0
        self._adrift: Mapping[Place, int] = {}
        self.committed: Callable[[], None] = lambda: None

    # -- what comes in

    def take(self, run: Run) -> None:
        """Let a run wait for the next turn."""
        self._waiting.append(run)
        self._wake.set()

    async def resume(self, assigned: frozenset[Place]) -> Mapping[Place, int]:
        """Take up the assigned partitions from the store; what waited is fetched again."""
        self._forget()
        positions = await self._resuming.resume(assigned)
        if positions or not assigned:
            # What came in meanwhile was fetched from where reading was before.
            self._forget()
            self._watch.resumed(self._engine.progress)
        return positions

    def stored(self, topic: str, partition: int) -> tuple[int, int] | None:
        """Give the stored offset of a partition and its epoch, for Kafka to know."""
        return self._engine.stored(topic, partition)

    async def in_thread(self, work: Callable[..., Any], *args: Any) -> Any:
        """Run store work in the one thread that does it, after what is under way."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def stop(self) -> None:
        """Wait for the turn under way, and leave no acknowledged row behind."""
        try:
            await self.in_thread(self._engine.tidy)
        except UnavailableError as why:
            log.warning("store.away", error=str(why))
        self._thread.shutdown()

    def _forget(self) -> None:
        self._waiting.clear()
        self._held.clear()
        self._pauses.forget()

    # -- the turns

    async def run(self) -> None:
        """Go on until cancelled."""
        keep_house = monotonic()
        while True:
            if not self._held:
                try:
                    await asyncio.wait_for(self._wake.wait(), self._pace.housekeeping)
                except TimeoutError:
                    keep_house = 0.0
            self._wake.clear()
            if self._waiting or self._held:
                await self._turn()
            if monotonic() >= keep_house:
                await self._housekeeping()
                keep_house = monotonic() + 2 * self._pace.housekeeping
            if self._waiting:
                self._wake.set()

    async def _turn(self) -> None:
        generation = self._resuming.generation
        batch, done = self._batch()
        started = monotonic()
        folded: Mapping[int, Folded[Any]] = {}
        try:
            folded = await self.in_thread(self._engine.turn, batch)
        except (RaceError, UnavailableError) as why:
            await self._again(generation, why)
            return
        except UndeliveredError as why:
            self._fail(Exit.UNDELIVERED, str(why))
        except Exception as bug:  # noqa: BLE001 - told, and the record that has it is found
            log.error("turn.failed", bug=type(bug).__name__)  # noqa: TRY400 - no texts of errors
            await self._one_at_a_time(generation, batch)
        for each in done:
            await each()
        if folded:
            self._races = 0
            self._watch.turned(folded.values(), monotonic() - started)
            self.committed()
        if generation == self._resuming.generation:
            await self._after(batch, folded)

    def _batch(self) -> tuple[dict[int, list[Record]], list[Done]]:
        batch, self._held = self._held, {}
        done: list[Done] = []
        size = sum(len(records) for records in batch.values())
        while self._waiting and size < self._pace.turn_records:
            run = self._waiting.popleft()
            done.append(run.done)
            if not self._pauses.take(run):
                batch.setdefault(run.partition, []).extend(run.records)
                size += len(run.records)
        return batch, done

    async def _after(
        self, batch: Mapping[int, list[Record]], folded: Mapping[int, Folded[Any]]
    ) -> None:
        for partition, each in folded.items():
            rest = batch[partition][each.taken :]
            match each.stop:
                case Stuck() | Suspended() as why:
                    self._pauses.pause(partition, why, rest)
                case Hole(topic, offset, expected):
                    await self._fetch_again(f"{topic}: {offset} came, not {expected}")
                    return
                case None:
                    if each.taken:
                        self._holes = 0
                    if each.more or rest:
                        self._held[partition] = rest

    async def _one_at_a_time(self, generation: int, batch: Mapping[int, list[Record]]) -> None:
        """Find the record that a turn fails at: all others of the batch go on."""
        for partition, records in batch.items():
            for index, record in enumerate(records):
                if generation != self._resuming.generation:
                    return
                try:
                    folded = await self.in_thread(self._engine.turn, {partition: [record]})
                except (RaceError, UnavailableError) as why:
                    await self._again(generation, why)
                    return
                except UndeliveredError as why:
                    self._fail(Exit.UNDELIVERED, str(why))
                except Exception as bug:  # noqa: BLE001 - this is the one
                    stuck = Stuck(record.topic, record.offset, type(bug).__name__)
                    self._pauses.pause(partition, stuck, records[index:])
                    break
                self._watch.turned(folded.values(), 0)
                each = folded.get(partition)
                if each is not None and (each.stop or each.more):
                    await self._after({partition: records[index:]}, folded)
                    break

    # -- what goes wrong

    async def _again(self, generation: int, why: Exception) -> None:
        """Throw the turn away and begin anew from what the store says now."""
        if generation != self._resuming.generation:
            return
        self._watch.lost(type(why).__name__)
        if isinstance(why, RaceError):
            self._races += 1
            if self._races > self._pace.races:
                self._fail(Exit.RACE, str(why))
        await self._start_over()

    async def _fetch_again(self, missing: str) -> None:
        # After a seek one run that was fetched before it may still come: that is no hole yet.
        self._holes += 1
        if self._holes > self._pace.holes:
            self._fail(Exit.HOLE, missing)
        await self._start_over()

    async def _start_over(self) -> None:
        self._forget()
        await self._resuming.start_over(self._forget)

    # -- now and then

    async def _housekeeping(self) -> None:
        try:
            await self.in_thread(self._engine.tidy)
            for partition in self._pauses.to_try():
                await self.in_thread(self._engine.read_skips, partition)
                self._held[partition] = self._pauses.release(partition)
        except UnavailableError as why:
            log.warning("store.away", error=str(why))
        self._watch.looked(self._engine.progress)
        await self._look_for_drift()

    async def _look_for_drift(self) -> None:
        """Whatever was fetched must come: begin anew if it is neither here nor on its way."""
        if not self._reader.flows() or self._resuming.under_way:
            return
        progress = self._engine.progress
        unheld = {at for at in self._reader.assigned() if at[1] not in progress}
        adrift = {
            (topic, partition): fetched
            for (topic, partition), fetched in self._reader.positions().items()
            if partition in progress and partition not in self._pauses
            if fetched != progress[partition].positions.get(topic)
        }
        adrift |= dict.fromkeys(unheld, -1)
        lost = adrift.items() & self._adrift.items()
        self._adrift = adrift
        if lost and not (self._waiting or self._held):
            topics = sorted({topic for (topic, _), _ in lost})
            log.warning("position.adrift", topics=topics)
            self._adrift = {}
            await self._fetch_again(f"{topics}: what was fetched did not come")
