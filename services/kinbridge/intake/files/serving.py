"""The process that watches folders: each by itself, Kafka behind them, a watch beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from pydantic import SecretStr

from kinbridge.intake.agent import open_durable, wall_clock
from kinbridge.intake.files.agent import Folder, Watcher, Writing
from kinbridge.intake.files.decide import End, Loaded, LoadWaits
from kinbridge.intake.files.meters import Meters
from kinbridge.intake.files.taking import taking
from kinbridge.intake.hearing import Hearing
from kinbridge.intake.watching import Watching, on_signal, rest, run_each
from kinbridge.sources.files import WatchedFolder
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.model import Sources
from kinbridge_schemas.identifiers import Pseudonymiser

_log = structlog.get_logger("kinbridge.intake.files")

_ENDS: Final = {
    "Loaded": "taken",
    "LoadRefused": "refused",
    "LoadRepeated": "repeated",
    "LoadWaits": "waiting",
}


def watcher_of(
    told: WatchedFolder, sources: Sources, setting: Callable[[str], SecretStr], writing: Writing
) -> Watcher:
    """Make the watcher of a folder. Raises SourcesError where there is no such folder."""
    root = Path(setting(told.folder_setting).get_secret_value())
    if not root.is_dir():
        raise SourcesError(f"The sources: folders, {told.source}: there is no such folder.")
    found = taking(sources, told.source, told.kind, told.complete_days)
    if found is None:
        raise SourcesError(f"The sources: folders, {told.source}: there is no mapping file.")
    return Watcher(Folder(root, told.max_bytes), found, writing, told.complete_by)


@dataclass(slots=True)
class Round:
    """The rounds of one folder: look, count, wait, until told to stop."""

    told: WatchedFolder
    watcher: Watcher
    meters: Meters
    stopping: asyncio.Event
    failing: str = ""
    _hearing: Hearing = field(init=False)

    def __post_init__(self) -> None:
        now = self.watcher.writing.clock()
        self._hearing = Hearing(self.source, self.told.expect_within, self.meters, now)

    @property
    def source(self) -> str:
        return self.told.source

    async def run(self) -> None:
        while not self.stopping.is_set() and self.watcher.writing.durable.ready:
            await self.once()
            await rest(self.stopping, self.told.look_every.total_seconds())

    async def once(self) -> None:
        """Look once, and count what was found."""
        now = self.watcher.writing.clock()
        try:
            ends = await self.watcher.look()
        except OSError as problem:
            self._fail("folder-unreadable", type(problem).__name__)
            self._hearing.look(now)
            return
        waits = [end.reason for end in ends if isinstance(end, LoadWaits)]
        self._fail(waits[0] if waits else "", "")
        self.meters.polled.labels(self.source).set(now.timestamp())
        for end in ends:
            self._count(end)
        now = self.watcher.writing.clock()
        if ends:
            self._hearing.heard(now)
        else:
            self._hearing.look(now)

    def _count(self, end: End) -> None:
        self.meters.loads.labels(self.source, _ENDS[type(end).__name__]).inc()
        if isinstance(end, Loaded):
            self.meters.records.labels(self.source).inc(end.records)

    def _fail(self, reason: str, problem: str) -> None:
        if reason and reason != self.failing:
            _log.error("files.failing", source=self.source, reason=reason, problem=problem)
        self.failing = reason
        self.meters.failing.labels(self.source).set(bool(reason))


def serve(
    sources: Sources,
    setting: Callable[[str], SecretStr],
    kafka: Mapping[str, str],
    pseudonymiser: Pseudonymiser,
    watching: Watching,
) -> int:
    """Watch until SIGTERM or SIGINT, then finish the load in hand. Gives the exit code.

    Raises SourcesError where a folder could never be watched.
    """
    if not sources.folders:
        raise SourcesError("The file of sources names no folder.")
    with closing(open_durable(kafka, watching.within)) as durable:
        writing = Writing(durable, pseudonymiser, wall_clock)
        watchers = [
            (each, watcher_of(each, sources, setting, writing)) for each in sources.folders
        ]
        return asyncio.run(_serve(watchers, writing, watching))


async def _serve(
    watchers: Sequence[tuple[WatchedFolder, Watcher]], writing: Writing, watching: Watching
) -> int:
    stopping, meters = asyncio.Event(), Meters()
    on_signal(stopping.set)
    rounds = [Round(told, watcher, meters, stopping) for told, watcher in watchers]
    _log.info("files.started", folders=len(rounds))
    code = await run_each(rounds, writing.durable, watching, meters.registry)
    _log.info("files.stopped")
    return code
