"""The process that reads reporting copies: each at its times, Kafka behind, a watch beside."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from pydantic import SecretStr

from kinbridge.intake.agent import open_durable, wall_clock
from kinbridge.intake.files.agent import BROKER_LOST, Writing
from kinbridge.intake.files.decide import End, Loaded, LoadRefused, LoadWaits
from kinbridge.intake.files.meters import Meters
from kinbridge.intake.freshness import Freshness
from kinbridge.intake.sql.agent import Copy, CopyUnreadableError
from kinbridge.intake.sql.decide import next_reading
from kinbridge.intake.watching import Watch, watch_app
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.model import Sources
from kinbridge.sources.sql import ReportingCopy
from kinbridge_schemas.base import Value
from kinbridge_schemas.identifiers import Pseudonymiser

_log = structlog.get_logger("kinbridge.intake.sql")


class Watching(Value):
    """Where metrics and readiness are served, and how long Kafka may take, in seconds."""

    host: str = "127.0.0.1"
    port: int = 8085
    within: float = 5.0


def copies_of(
    sources: Sources, setting: Callable[[str], SecretStr]
) -> list[tuple[ReportingCopy, Copy]]:
    """Give every copy with where it is and its mapping file."""
    mapped = {each.source: each for each in sources.extracts}
    return [(told, Copy(setting(told.url_setting), mapped[told.source])) for told in sources.sql]


@dataclass(slots=True)
class Readings:
    """The readings of one copy: at start, then at its times, until told to stop."""

    told: ReportingCopy
    copy: Copy
    writing: Writing
    meters: Meters
    stopping: asyncio.Event
    fresh: Freshness
    failing: str = ""

    async def run(self) -> None:
        while not self.stopping.is_set() and self.writing.durable.ready:
            await self.once()
            now = self.writing.clock()
            wait = (next_reading(now, self.told.at) - now).total_seconds()
            try:
                await asyncio.wait_for(self.stopping.wait(), wait)
            except TimeoutError:
                continue

    async def once(self) -> None:
        """Read once, and count what came of it."""
        source = self.told.source
        try:
            end = await self.copy.read(self.writing)
        except CopyUnreadableError as problem:
            self.failing = problem.reason
            _log.error("sql.failing", source=source, reason=problem.reason, table=problem.table)
        else:
            self._count(end)
        now = self.writing.clock()
        heard = not self.failing
        self.fresh = self.fresh.heard_at(now) if heard else self.fresh.looked_at(now)
        if heard:
            self.meters.received.labels(source).set(now.timestamp())
            self.meters.polled.labels(source).set(now.timestamp())
        self.meters.failing.labels(source).set(bool(self.failing))
        self.meters.silent.labels(source).set(self.fresh.silent)

    def _count(self, end: End) -> None:
        source, self.failing = self.told.source, ""
        match end:
            case Loaded(records=records, report=report):
                self.meters.loads.labels(source, "taken").inc()
                self.meters.records.labels(source).inc(records)
                _log.info(
                    "sql.taken", source=source, records=records, unreadable=report.unreadable
                )
            case LoadRefused(reason=reason):
                self.meters.loads.labels(source, "refused").inc()
                self.failing = reason
                _log.error("sql.refused", source=source, reason=reason)
            case LoadWaits(reason=reason):
                self.meters.loads.labels(source, "waiting").inc()
                self.failing = reason
                _log.warning("sql.waiting", source=source, reason=reason)
            case _:
                raise AssertionError("a database is read each time")


def serve(
    sources: Sources,
    setting: Callable[[str], SecretStr],
    kafka: Mapping[str, str],
    pseudonymiser: Pseudonymiser,
    watching: Watching,
) -> int:
    """Read until SIGTERM or SIGINT. Gives the exit code. Raises SourcesError."""
    if not sources.sql:
        raise SourcesError("The file of sources names no reporting copy.")
    durable = open_durable(kafka, watching.within)
    try:
        writing = Writing(durable, pseudonymiser, wall_clock)
        return asyncio.run(_serve(copies_of(sources, setting), writing, watching))
    finally:
        durable.close()


async def _serve(
    copies: Sequence[tuple[ReportingCopy, Copy]], writing: Writing, watching: Watching
) -> int:
    stopping, meters, loop = asyncio.Event(), Meters(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    readings = [
        Readings(
            told, copy, writing, meters, stopping, Freshness(told.expect_within, wall_clock())
        )
        for told, copy in copies
    ]

    def failing() -> list[str]:
        found = [f"{each.told.source}:{each.failing}" for each in readings if each.failing]
        return found if writing.durable.ready else [*found, "kafka"]

    watch = Watch(watch_app(meters.registry, failing), watching.host, watching.port)
    async with asyncio.TaskGroup() as beside:
        beside.create_task(watch.serve())
        async with asyncio.TaskGroup() as tasks:
            for each in readings:
                tasks.create_task(each.run())
        watch.should_exit = True
    return 0 if writing.durable.ready else BROKER_LOST
