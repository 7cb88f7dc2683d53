"""Our driver under Faust: runs of records, and offsets from the store's progress.

A subclass of Faust's aiokafka driver, found by the scheme `kinbridge` through Faust's own
entry-point group. Faust pays its cost for each message, so one message is one run of records
fetched from a partition. What Faust believes about offsets is never used: after every
assignment, and after every stop of the flow, reading goes on where the store says, and what is
committed to Kafka is a hint for lag and for telling an old store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from time import monotonic
from typing import Any, Final, Protocol, cast

import aiokafka
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message

from kinbridge.runtime.world import Bounds

VERIFIED: Final = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
"""The only versions these subclasses were tested with: they reach into both."""

EPOCH: Final = "epoch="

BOUNDS_SECONDS: Final = 10.0


class VersionError(Exception):
    """Faust or aiokafka is not the version that the driver was tested with."""


def check_versions() -> None:
    """Refuse any other version. Raises VersionError with both."""
    for name, verified in VERIFIED.items():
        if (found := version(name)) != verified:
            raise VersionError(f"{name} is {found}; the driver was verified with {verified}.")


class Holder(Protocol):
    """What the driver asks the worker that holds partitions."""

    fetch_wait: float
    most_runs: int

    async def resume(self, assigned: frozenset[TP]) -> Mapping[TP, int]:
        """Take up the assigned partitions and give the offsets to go on from."""

    def stored(self, tp: TP) -> tuple[int, int] | None:
        """Give the stored offset and its epoch, or None where nothing is held."""


def holder_of(app: object) -> Holder:
    """Give the holder that our application carries; Faust's own type does not know it."""
    return cast("Holder", app.holder)  # type: ignore[attr-defined]  # set by our App


class _NothingRead(dict[TP, Any]):
    """Faust's memory of what was read, which would make it drop what is read again."""

    def __getitem__(self, _tp: TP) -> None:
        return None

    def __setitem__(self, _tp: TP, _offset: object) -> None:
        return None


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread with aiokafka's consumer, set up as the line needs it."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Same partition of every topic on one worker: a state has one owner.
        consumer._partition_assignment_strategy = [RangePartitionAssignor]  # noqa: SLF001 - pinned
        consumer._fetch_max_wait_ms = int(holder_of(self.app).fetch_wait * 1_000)  # noqa: SLF001 - as above
        return consumer

    async def bounds(self, tps: frozenset[TP]) -> Mapping[TP, Bounds]:
        """Ask where partitions start and end, and what the group has committed."""
        found: Mapping[TP, Bounds] = await self.call_thread(self._bounds, tps)
        return found

    async def _bounds(self, tps: frozenset[TP]) -> Mapping[TP, Bounds]:
        consumer = self._ensure_consumer()
        wanted = [aiokafka.TopicPartition(tp.topic, tp.partition) for tp in tps]
        # Timed here, in its thread: a question left behind there would hold up all others.
        starts, ends, committed = await asyncio.wait_for(
            asyncio.gather(
                consumer.beginning_offsets(wanted),
                consumer.end_offsets(wanted),
                consumer._coordinator.fetch_committed_offsets(wanted),  # noqa: SLF001 - with metadata
            ),
            BOUNDS_SECONDS,
        )
        return {
            TP(tp.topic, tp.partition): _bound(starts[tp], ends[tp], committed.get(tp))
            for tp in wanted
        }

    def fetched(self) -> Mapping[tuple[str, int], int]:
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001 - pinned
        assignment = subscription.assignment if subscription else None
        if assignment is None:
            return {}
        states = {tp: assignment.state_value(tp) for tp in assignment.tps}
        # Its own `position` waits for one; this only looks whether there is one.
        found = {tp: getattr(state, "_position", None) for tp, state in states.items()}
        return {(tp.topic, tp.partition): at for tp, at in found.items() if at is not None}

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Report the stored progress, with the epoch it was made in."""
        report = {}
        for tp in set(offsets) & self.assignment():
            if (stored := holder_of(self.app).stored(tp)) is not None:
                where = aiokafka.TopicPartition(tp.topic, tp.partition)
                report[where] = OffsetAndMetadata(stored[0], f"{EPOCH}{stored[1]}")
        if not report:
            return False
        try:
            await self._ensure_consumer().commit(report)
        except (IllegalStateError, KafkaError):
            # A hint that could not be given is given again with the next one.
            return False
        # By this Faust sees that the commits go on; else it says every few seconds that none does.
        self.tp_last_committed_at.update(dict.fromkeys(offsets, monotonic()))
        return True


class Consumer(driver.Consumer):
    """Faust's consumer, which here only moves runs and asks the store where to go on."""

    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read_offset = _NothingRead()
        self._room = asyncio.Event()
        self._reported: dict[TP, int] = {}

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> AsyncIterator[tuple[TP, Any]]:
        """Fetch, and give one message for each partition's run."""
        await self._wait_for_room()
        generation = self.app.consumer_generation_id
        records, _active = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if not self._flows():
            # What was just fetched is dropped: what comes next must begin where it did. If the
            # assignment changes meanwhile, whoever has the partitions then will seek.
            with suppress(IllegalStateError, KafkaError, TimeoutError):
                await self.perform_seek()
            return
        for tp, run in records.items():
            if not self._flows() or self.app.consumer_generation_id != generation:
                return
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            message = self._to_message(tp, run[-1])
            message.value = run  # type: ignore[assignment]  # the run, which our codec lets by
            yield tp, message

    async def _wait_for_room(self) -> None:
        # Bounded here and not by Faust's buffer: a small buffer pauses partitions, and a fetch
        # already waiting on the others then blocks for its whole second.
        while self._flows() and not self.should_stop:
            self._clean_unacked_messages()
            if len(self._unacked_messages) < holder_of(self.app).most_runs:
                return
            self._room.clear()
            try:
                await asyncio.wait_for(self._room.wait(), 0.2)
            except TimeoutError:
                continue

    def _flows(self) -> bool:
        return bool(self.flow_active)

    def ack(self, message: Message) -> bool:
        acked = super().ack(message)
        self._room.set()
        return acked

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """No gap is normal here: none of our topics is compacted or transactional."""

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        stored = holder_of(self.app).stored(tp)
        return None if stored is None else stored[0]

    def _should_commit(self, tp: TP, offset: int) -> bool:
        return offset != self._reported.get(tp)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        # Faust takes a refused commit for made: what was really reported is kept here.
        if made := await super()._commit(offsets):
            self._reported.update(offsets)
        return made

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go on from the store's progress, once its outbox is sent."""
        self._reported.clear()
        assigned = frozenset(TP(tp.topic, tp.partition) for tp in self.assignment())
        positions = await holder_of(self.app).resume(assigned)
        if positions:
            await self.seek_wait(positions)
        return positions

    async def bounds(self, tps: frozenset[TP]) -> Mapping[TP, Bounds]:
        return await self._thread.bounds(tps)

    async def seek_in_flow(self, positions: Mapping[TP, int]) -> None:
        """Seek while records flow. A partition lost meanwhile is somebody else's to seek."""
        with suppress(IllegalStateError, KafkaError):
            await self.seek_wait(positions)

    def fetched(self) -> Mapping[tuple[str, int], int]:
        """Give how far each assigned partition has been fetched, where that is known."""
        return self._thread.fetched()


class Transport(driver.Transport):
    """The transport that Faust finds under `kinbridge://`."""

    Consumer = Consumer


def _bound(start: int, end: int, committed: OffsetAndMetadata | None) -> Bounds:
    if committed is None or committed.offset < 0:
        return Bounds(start, end)
    _, marked, epoch = committed.metadata.partition(EPOCH)
    return Bounds(start, end, committed.offset, int(epoch) if marked and epoch.isdigit() else 0)
