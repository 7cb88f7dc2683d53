"""The formats of files that become snapshots: how each is cut, and how its parts are read.

It loads the readers of workbooks, and is for those who take files in; mapping needs only
`snapshots`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kinbridge_casesystem.annex_a import read_annex_a
from kinbridge_casesystem.annex_a_file import cut_annex_a
from kinbridge_casesystem.cin import read_cin
from kinbridge_casesystem.cin_file import cut_cin
from kinbridge_casesystem.cutting import Format, Loading, Progress, Read, SourceFile
from kinbridge_casesystem.differ import Reader
from kinbridge_casesystem.quality import Finding, Tally
from kinbridge_casesystem.records import Part
from kinbridge_casesystem.ssda903 import cut_903, read_903
from kinbridge_schemas.problems import UnreadableError

_Cut = Callable[[Sequence[SourceFile], Loading, Progress], Iterator[Part]]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format whose cutter and reader are functions."""

    route: str
    content_type: str
    cutter: _Cut
    reader: Reader

    def cut(
        self, files: Sequence[SourceFile], loading: Loading, progress: Progress, /
    ) -> Iterator[Part]:
        return self.cutter(files, loading, progress)

    def read(self, content: bytes, now: datetime, /) -> Read:
        return self.reader(content, now)


FORMATS: Final[Mapping[str, Format]] = {
    format_.route: format_
    for format_ in (
        FileFormat("cin-census", "application/xml", cut_cin, read_cin),
        FileFormat("ssda903", "application/json", cut_903, read_903),
        FileFormat("annex-a", "application/json", cut_annex_a, read_annex_a),
    )
}
"""The formats of files that need nothing configured, by route."""


def count(tally: Tally, read: Reader, part: Part, now: datetime) -> None:
    """Count what the reader of a part finds odd, or why it cannot be read."""
    try:
        tally.add(read(part.content, now).findings)
    except UnreadableError as problem:
        tally.add_unreadable(Finding(problem.reason, problem.path))
