"""Recorded input: files of records, as they once came by a route.

A file is one record; of a `.jsonl` file each line is one. Of a folder each file is one, in the
order of their names, and files with one name before the first dot are accounts of one record:
`C100.1.json`, `C100.2.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LINES: Final = frozenset({".jsonl", ".ndjson"})
_TYPES: Final = {
    ".json": "application/json",
    ".jsonl": "application/json",
    ".ndjson": "application/json",
    ".xml": "application/xml",
    ".hl7": "application/hl7-v2",
}
_OTHER: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Record:
    """One account of one record. `key` is the same for all accounts of one."""

    name: str
    key: str
    content: bytes
    content_type: str


def read_records(path: Path, route: str, content_type: str = "") -> tuple[Record, ...]:
    """Read the records of a file or a folder. Raises OSError where it cannot be read."""
    return tuple(_records(path, route, content_type))


def _records(path: Path, route: str, content_type: str) -> Iterator[Record]:
    if path.is_dir():
        for each in sorted(path.iterdir()):
            if each.is_file() and not each.name.startswith("."):
                kind = content_type or content_type_of(each.suffix, route)
                yield Record(each.name, each.name.partition(".")[0], each.read_bytes(), kind)
        return
    kind, content = content_type or content_type_of(path.suffix, route), path.read_bytes()
    if path.suffix not in _LINES:
        yield Record(path.name, path.stem, content, kind)
        return
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            yield Record(f"{path.name}:{number}", f"{path.stem}-{number}", line, kind)


def content_type_of(ending: str, route: str) -> str:
    """Give the media type that the ending of a file's name stands for on a route."""
    found = _TYPES.get(ending.lower(), _OTHER)
    if route.startswith("fhir-"):
        return found.replace("application/", "application/fhir+") if found != _OTHER else found
    return found
