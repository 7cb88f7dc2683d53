"""The port of files: cut into one record a child, whole or not at all, in bounded memory.

A file is taken twice: `cut` looks through all of it before it gives the first part, so that
what is broken or cut short anywhere is refused before anything of it was taken in. What is
given is the evidence of what the file said of one child, in one order whatever the order of
its lines: the same file, shuffled, gives the same parts.
"""

from __future__ import annotations

import heapq
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import IO, Final, Protocol

from pydantic import ValidationError

from kinbridge_casesystem.child import ChildSnapshot
from kinbridge_casesystem.quality import Finding
from kinbridge_casesystem.reading import child_id_of
from kinbridge_casesystem.records import Part
from kinbridge_schemas.base import Value
from kinbridge_schemas.identifiers import Pseudonymiser, SubjectKey
from kinbridge_schemas.problems import UnreadableError

Progress = Callable[[int, int], None]
"""Called now and then with how many bytes have been read, and how many there are in all."""


def unheard(_read: int, _of: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was sent: its name without a folder, its bytes (seekable), and their number."""

    name: str
    content: IO[bytes]
    size: int


@dataclass(frozen=True, slots=True)
class Loading:
    """What is known of a load beside its files.

    `complete_since` is the first day of the span of which the files tell all, and `as_of` the
    day that they speak of: see `ChildSnapshot`. A format that says so itself (the CIN census)
    needs none.
    """

    complete_since: date | None = None
    as_of: date | None = None

    @property
    def about(self) -> dict[str, str]:
        """Give what each part carries of it."""
        days = {"complete_since": self.complete_since, "as_of": self.as_of}
        return {name: day.isoformat() for name, day in days.items() if day is not None}


@dataclass(frozen=True, slots=True)
class Read:
    """One child as read, and what is odd about it. A finding never holds a value.

    `lasting` is False where a day in it lies ahead: then the same bytes may mean more later.
    """

    snapshot: ChildSnapshot
    findings: tuple[Finding, ...] = ()
    lasting: bool = False


class Format(Protocol):
    """One format of files. `route` is the adapter of its parts, `content_type` their type.

    Each part becomes one received record, with the key that `record_key` gives.
    """

    @property
    def route(self) -> str: ...

    @property
    def content_type(self) -> str: ...

    def cut(
        self, files: Sequence[SourceFile], loading: Loading, progress: Progress, /
    ) -> Iterator[Part]:
        """Cut files that belong together. Raises UnreadableError before the first part.

        A part's `id` is the authority's own id of the child.
        """
        ...

    def read(self, content: bytes, now: datetime, /) -> Read:
        """Read one part. `now` tells what lies ahead. Raises UnreadableError."""
        ...


def record_key(pseudonymiser: Pseudonymiser, route: str, source: str, part: Part) -> SubjectKey:
    """Give the key of a part's record, by which mapping remembers what was said of the child.

    The route is in it: each feed of a case system is compared with itself only.
    """
    return pseudonymiser.of_source_record(f"{route}:{source}", part.id)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: which child it is about, which list it stands in, its cells."""

    child: str
    table: str
    cells: dict[str, str]


UNNAMED: Final = "unnamed"
"""The id of a part whose child has none: its reader says what is missing."""

_AT_ONCE: Final = 20_000
"""Rows that are sorted in memory at a time: some tens of megabytes."""


def gathered(
    rows: Iterable[Row], about: dict[str, str], *, at_once: int = _AT_ONCE
) -> Iterator[Part]:
    """Give one part a child out of the rows of any number of tables, in any order.

    The part is JSON: `about` beside `tables`, each a list of rows in the order of their
    content. What does not fit in memory waits in temporary files without a name, which
    vanish with the process. `rows` is read to its end before the first part is given.
    """
    runs: list[IO[bytes]] = []
    try:
        waiting: list[bytes] = []
        for row in rows:
            waiting.append(_line(row))
            if len(waiting) >= at_once:
                runs.append(_spilled(waiting))
                waiting = []
        merged = heapq.merge(sorted(waiting), *runs)
        for child, lines in groupby(merged, key=lambda line: line.partition(b"\t")[0]):
            yield _part(json.loads(child), lines, about)
    finally:
        for run in runs:
            run.close()


def _line(row: Row) -> bytes:
    # JSON holds no tab and no line break of its own, so that a line can be cut at them.
    kept = {name: cell for name, cell in row.cells.items() if cell}
    fields = (row.child, row.table, kept)
    return "\t".join(json.dumps(f, sort_keys=True) for f in fields).encode() + b"\n"


def _spilled(lines: list[bytes]) -> IO[bytes]:
    run: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `gathered`
    run.writelines(sorted(lines))
    run.seek(0)
    return run


def _part(child: str, lines: Iterable[bytes], about: dict[str, str]) -> Part:
    tables: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        _, table, cells = line.rstrip(b"\n").split(b"\t")
        tables.setdefault(json.loads(table), []).append(json.loads(cells))
    body = {"about": about, "child": child, "tables": tables}
    return Part(json.dumps(body, sort_keys=True).encode(), child or UNNAMED)


class ChildRows(Value):
    """A part that `gathered` made, read again: the rows of one child by table."""

    child: str
    about: dict[str, str]
    tables: dict[str, tuple[dict[str, str], ...]]


def child_of(rows: ChildRows, path: str) -> str:
    """Give the child that rows are of. Raises UnreadableError with `path` where they name none."""
    child = child_id_of(rows.child)
    if child is None:
        raise UnreadableError("la-child-id-invalid" if rows.child else "field-missing", path)
    return child


def rows_of(content: bytes) -> ChildRows:
    """Read a part that `gathered` made. Raises UnreadableError."""
    try:
        return ChildRows.model_validate_json(content)
    except ValidationError:
        raise UnreadableError("json-invalid") from None
