"""The outside of loads: cutting beside the loop, writing batch by batch, looking at folders."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, Literal

import structlog

from kinbridge.intake.agent import Clock, Durable, NotWritten, write
from kinbridge.intake.entries import Arrival
from kinbridge.intake.files.decide import (
    MARKER,
    REFUSED,
    TAKEN,
    End,
    Loaded,
    LoadRefused,
    LoadRepeated,
    LoadWaits,
    Seen,
    Shape,
    complete,
    report_of,
)
from kinbridge.intake.files.taking import Taking
from kinbridge.intake.files.unpack import Copies, chunks_of
from kinbridge_casesystem.cutting import Loading, unheard
from kinbridge_casesystem.formats import count
from kinbridge_casesystem.quality import Tally
from kinbridge_casesystem.records import Part
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.problems import UnreadableError

_AT_ONCE: Final = 200
_TOLD_EVERY: Final = 10_000
_REPORT: Final = "report.txt"

_log = structlog.get_logger("kinbridge.intake.files")


@dataclass(frozen=True, slots=True)
class Writing:
    """Where loads go, under which pseudonyms, at what time."""

    durable: Durable
    pseudonymiser: Pseudonymiser
    clock: Clock


async def load(copies: Copies, taken: Taking, writing: Writing) -> End:
    """Take in one load. Nothing of it is written unless all of it can be cut."""
    if copies.refused is not None:
        return LoadRefused(copies.digest, copies.refused.reason, copies.refused.path)

    def cut(loading: Loading) -> Iterator[Part]:
        return taken.format.cut(copies.files, loading, unheard)

    return await load_parts(cut, copies.digest, taken, writing)


async def load_parts(
    cutter: Callable[[Loading], Iterator[Part]], digest: str, taken: Taking, writing: Writing
) -> End:
    """Take in what a cutter gives, which raises UnreadableError before its first part."""
    now = writing.clock()
    arrival = Arrival(writing.pseudonymiser, now)
    tally, records = Tally(), 0

    def cut() -> Iterator[Part]:
        return cutter(taken.loading(now.date()))

    def some(parts: Iterator[Part]) -> list[Part]:
        found = list(islice(parts, _AT_ONCE))
        for part in found:
            count(tally, taken.format.read, part, now)
        return found

    try:
        parts = await asyncio.to_thread(cut)
        while batch := await asyncio.to_thread(some, parts):
            written = await write(writing.durable, taken.entries(batch, arrival))
            if isinstance(written, NotWritten):
                return LoadWaits(digest, written.reason)
            records += len(batch)
            if records % _TOLD_EVERY == 0:
                _log.info("files.progress", source=taken.source, load=digest, records=records)
    except UnreadableError as problem:
        return LoadRefused(digest, problem.reason, problem.path)
    return Loaded(digest, records, tally.report())


@dataclass(frozen=True, slots=True)
class Folder:
    """A watched folder on a disk."""

    root: Path
    max_bytes: int

    def look(self) -> Seen:
        """Give what lies there now. Raises OSError where it cannot be read or written."""
        for place in (TAKEN, REFUSED):
            (self.root / place).mkdir(exist_ok=True)
        return {
            path.name: _shape(path)
            for path in self.root.iterdir()
            if not path.is_symlink() and path.name not in (TAKEN, REFUSED)
        }

    def copy(self, name: str, shape: Shape) -> Copies | None:
        """Copy a load to read it; None where it changed meanwhile: it was not complete."""
        path, copies = self.root / name, Copies(self.max_bytes)
        try:
            for file in _files(path):
                with file.open("rb") as opened:
                    copies.add(file.name, chunks_of(opened))
        except FileNotFoundError:
            copies.close()
            return None
        if _shape(path) == shape:
            return copies
        copies.close()
        return None

    def is_repeated(self, name: str, digest: str) -> bool:
        """Whether it is what was taken last, of all loads or of those of its name.

        What was taken before something else is no repeat: the source went back to it.
        """
        reports = sorted((self.root / TAKEN).glob(f"*/{_REPORT}"), key=_changed, reverse=True)
        last = [report.parent for report in reports]
        named = [place for place in last if (place / name).exists()]
        return digest in {place.name for place in (*last[:1], *named[:1])}

    def move(self, name: str, place: str, digest: str, report: str | None) -> None:
        """Move a load aside, with its report beside it. Raises OSError."""
        aside = self.root / place / digest
        aside.mkdir(parents=True, exist_ok=True)
        target = aside / name
        if target.is_dir():
            shutil.rmtree(target)  # the same files, taken before
        (self.root / name).replace(target)
        if report is not None:
            (aside / _REPORT).write_text(report, encoding="utf-8")
        (self.root / f"{name}{MARKER}").unlink(missing_ok=True)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [each for each in sorted(path.iterdir()) if each.is_file() and not each.is_symlink()]


def _shape(path: Path) -> Shape:
    try:
        return tuple(
            (file.name, (stat := file.stat()).st_size, stat.st_mtime_ns) for file in _files(path)
        )
    except FileNotFoundError:
        return ()


@dataclass(slots=True)
class Watcher:
    """One folder being watched. Each `look` is one round; whoever runs it decides when."""

    folder: Folder
    taken: Taking
    writing: Writing
    complete_by: Literal["rename", "marker"] = "rename"
    _seen: Seen = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)

    async def look(self) -> list[End]:
        """Take what is complete, and give how each load ended. Raises OSError."""
        found = await asyncio.to_thread(self.folder.look)
        ready, self._seen = complete(self._seen, found, self.complete_by), found
        ends = []
        for name in ready:
            copies = await asyncio.to_thread(self.folder.copy, name, found[name])
            if copies is None:
                continue
            try:
                ends.append(await self._take(name, copies))
            finally:
                copies.close()
        return ends

    async def _take(self, name: str, copies: Copies) -> End:
        digest = copies.digest
        again = await asyncio.to_thread(self.folder.is_repeated, name, digest)
        if digest in self._done or again:
            end: End = LoadRepeated(digest)
        else:
            end = await load(copies, self.taken, self.writing)
        if isinstance(end, Loaded):
            # Should moving fail, the next look only moves: nothing is written twice.
            self._done.add(digest)
        if not isinstance(end, LoadWaits):
            await asyncio.to_thread(self._move, name, end)
            self._done.discard(digest)
        _tell(self.taken.source, end)
        return end

    def _move(self, name: str, end: Loaded | LoadRefused | LoadRepeated) -> None:
        match end:
            case LoadRepeated(digest=digest):
                self.folder.move(name, TAKEN, digest, None)
            case Loaded(digest=digest):
                self.folder.move(name, TAKEN, digest, self._report(end))
            case LoadRefused(digest=digest):
                self.folder.move(name, REFUSED, digest, self._report(end))

    def _report(self, end: Loaded | LoadRefused) -> str:
        taken = self.taken
        return report_of(end, taken.source, taken.format.route, self.writing.clock())


def _tell(source: str, end: End) -> None:
    match end:
        case Loaded(digest=digest, records=records, report=report):
            _log.info(
                "files.taken",
                source=source,
                load=digest,
                records=records,
                clean=report.clean,
                unreadable=report.unreadable,
            )
        case LoadRepeated(digest=digest):
            _log.info("files.repeated", source=source, load=digest)
        case LoadRefused(digest=digest, reason=reason, path=path):
            _log.warning("files.refused", source=source, load=digest, reason=reason, place=path)
        case LoadWaits(digest=digest, reason=reason):
            _log.warning("files.waiting", source=source, load=digest, reason=reason)
