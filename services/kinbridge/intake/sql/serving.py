"""The process that reads reporting copies: each at its times, Kafka behind, a watch beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import structlog
from pydantic import SecretStr

from kinbridge.intake.agent import open_durable, wall_clock
from kinbridge.intake.files.agent import Writing
from kinbridge.intake.files.decide import End, Loaded, LoadRefused, LoadWaits
from kinbridge.intake.files.meters import Meters
from kinbridge.intake.hearing import Hearing
from kinbridge.intake.sql.agent import Copy, CopyUnreadableError
from kinbridge.intake.sql.decide import next_reading
from kinbridge.intake.watching import Watching, on_signal, rest, run_each
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.model import Sources
from kinbridge.sources.sql import ReportingCopy
from kinbridge_schemas.identifiers import Pseudonymiser

_log = structlog.get_logger("kinbridge.intake.sql")


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
    failing: str = ""
    _hearing: Hearing = field(init=False)

    def __post_init__(self) -> None:
        now = self.writing.clock()
        self._hearing = Hearing(self.source, self.told.expect_within, self.meters, now)

    @property
    def source(self) -> str:
        return self.told.source

    async def run(self) -> None:
        while not self.stopping.is_set() and self.writing.durable.ready:
            await self.once()
            now = self.writing.clock()
            await rest(self.stopping, (next_reading(now, self.told.at) - now).total_seconds())

    async def once(self) -> None:
        """Read once, and count what came of it."""
        source = self.source
        try:
            end = await self.copy.read(self.writing)
        except CopyUnreadableError as problem:
            self.failing = problem.reason
            _log.error("sql.failing", source=source, reason=problem.reason, table=problem.table)
        else:
            self._count(end)
        now = self.writing.clock()
        if self.failing:
            self._hearing.look(now)
        else:
            self._hearing.heard(now)
            self.meters.polled.labels(source).set(now.timestamp())
        self.meters.failing.labels(source).set(bool(self.failing))

    def _count(self, end: End) -> None:
        source, self.failing = self.source, ""
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
    with closing(open_durable(kafka, watching.within)) as durable:
        writing = Writing(durable, pseudonymiser, wall_clock)
        return asyncio.run(_serve(copies_of(sources, setting), writing, watching))


async def _serve(
    copies: Sequence[tuple[ReportingCopy, Copy]], writing: Writing, watching: Watching
) -> int:
    stopping, meters = asyncio.Event(), Meters()
    on_signal(stopping.set)
    readings = [Readings(told, copy, writing, meters, stopping) for told, copy in copies]
    return await run_each(readings, writing.durable, watching, meters.registry)
