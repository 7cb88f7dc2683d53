"""Recorded input: files of records, as they once came by a route.

A file is one record; of a `.jsonl` file each line is one. Of a folder each file is one, in the
order of their names, and files with one name before the first dot are accounts of one record:
`one.1.json`, `one.2.json`. What our own doors and folders cut is cut here too: an array of events
or of children into each of them, and the files of a statutory return, a folder being one load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kinbridge_casesystem import records
from kinbridge_casesystem.cutting import Loading, SourceFile, unheard
from kinbridge_casesystem.formats import FORMATS

_LINES: Final = frozenset({".jsonl", ".ndjson"})
_TYPES: Final = {
    ".json": "application/json",
    ".jsonl": "application/json",
    ".ndjson": "application/json",
    ".xml": "application/xml",
    ".hl7": "application/hl7-v2",
}
_OTHER: Final = "application/octet-stream"
_ARRAYS: Final[Mapping[str, Callable[[bytes], tuple[records.Part, ...]]]] = {
    "case-webhook": records.events,
    "dfe-csc": records.children,
}


@dataclass(frozen=True, slots=True)
class Record:
    """One account of one record. `key` is the same for all accounts of one."""

    name: str
    key: str
    content: bytes
    content_type: str


def read_records(path: Path, route: str, content_type: str = "") -> tuple[Record, ...]:
    """Read the records of a file or a folder.

    Raises OSError, and UnreadableError for a file that cannot be cut into records.
    """
    if route in FORMATS:
        return tuple(_load(path, route))
    return tuple(_records(path, route, content_type))


def _records(path: Path, route: str, content_type: str) -> Iterator[Record]:
    if path.is_dir():
        for each in _files(path):
            kind = content_type or content_type_of(each.suffix, route)
            yield Record(each.name, each.name.partition(".")[0], each.read_bytes(), kind)
        return
    kind, content = content_type or content_type_of(path.suffix, route), path.read_bytes()
    if route in _ARRAYS and content.lstrip().startswith(b"["):
        for number, part in enumerate(_ARRAYS[route](content), 1):
            yield Record(f"{path.name}:{number}", part.id, part.content, kind)
    elif path.suffix not in _LINES:
        yield Record(path.name, path.stem, content, kind)
    else:
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                yield Record(f"{path.name}:{number}", f"{path.stem}-{number}", line, kind)


def _load(path: Path, route: str) -> Iterator[Record]:
    cutter = FORMATS[route]
    with ExitStack() as opened:
        files = [
            SourceFile(each.name, opened.enter_context(each.open("rb")), each.stat().st_size)
            for each in _files(path)
        ]
        # A part's id is the authority's id of a child: it makes the key, and is never shown.
        for number, part in enumerate(cutter.cut(files, Loading(), unheard), 1):
            yield Record(f"{path.name}:{number}", part.id, part.content, cutter.content_type)


def _files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return (path,)
    return [p for p in sorted(path.iterdir()) if p.is_file() and not p.name.startswith(".")]


def content_type_of(ending: str, route: str) -> str:
    """Give the media type that the ending of a file's name stands for on a route."""
    found = _TYPES.get(ending.lower(), _OTHER)
    if route.startswith("fhir-"):
        return found.replace("application/", "application/fhir+") if found != _OTHER else found
    return found
