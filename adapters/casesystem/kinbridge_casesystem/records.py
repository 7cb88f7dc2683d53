"""What intake may read of a case system's bodies: where each record begins, and its id.

A body is cut where the sender's own records end, byte for byte: what goes on is the evidence
of what was sent and nothing that was made of it here. The one thing left out is a child's other
numbers, which nobody here reads: a former one would name the record from before an adoption.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kinbridge_schemas.problems import UnreadableError

MOST_RECORDS: Final = 100
"""As the DfE API allows in one request."""

_OTHER_NUMBERS: Final = frozenset(
    {"mis_child_id", "unique_pupil_number", "former_unique_pupil_number"}
)
_MAX_DEPTH: Final = 64
_CHILD_ID: Final = re.compile(r"[A-Za-z0-9]{1,20}")
_RECORD_ID: Final = re.compile(r".{1,200}", re.DOTALL)
_AUTHORITY: Final = re.compile(r"\d{3}", re.ASCII)
_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Part:
    """One record of a body: its bytes, the sender's id of it, the authority where it says so."""

    content: bytes
    id: str
    authority: str | None = None


def events(content: bytes) -> tuple[Part, ...]:
    """Cut a body of one event, or of an array of at most 100. Raises UnreadableError."""
    # The whole body is cut before any record is looked at: broken comes before wrong.
    found = [
        Part(
            piece,
            _text(record, "id", _RECORD_ID, path),
            _text(record, "authority", _AUTHORITY, path),
        )
        for piece, record, path in list(_records(content, may_be_single=True))
    ]
    return _some(found)


def children(content: bytes) -> tuple[Part, ...]:
    """Cut a body of the DfE API, an array of at most 100 children. Raises UnreadableError."""
    found = [
        Part(_kept(piece, record), _text(record, "la_child_id", _CHILD_ID, path))
        for piece, record, path in list(_records(content, may_be_single=False))
    ]
    return _some(found)


def _kept(piece: bytes, record: dict[str, object]) -> bytes:
    """Give a child's bytes, written anew where they hold numbers that are not kept."""
    details = record.get("child_details")
    told = details if isinstance(details, dict) else {}
    if not (_OTHER_NUMBERS & {*record, *told}):
        return piece
    record = {name: value for name, value in record.items() if name not in _OTHER_NUMBERS}
    if told:
        kept = {name: value for name, value in told.items() if name not in _OTHER_NUMBERS}
        record["child_details"] = kept
    return json.dumps(record).encode()


def _some(found: list[Part]) -> tuple[Part, ...]:
    if not found:
        raise UnreadableError("no-records")
    return tuple(found)


def _records(
    content: bytes, *, may_be_single: bool
) -> Iterator[tuple[bytes, dict[str, object], str]]:
    try:
        body = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableError("json-invalid") from None
    if _too_deep(body):
        raise UnreadableError("json-too-deep")
    at = _skip(body, 0)
    if body[at : at + 1] == "{" and may_be_single:
        record, end = _one(body, at, "")
        _nothing_after(body, end)
        yield body[at:end].encode(), record, ""
        return
    if body[at : at + 1] != "[":
        _, end = _any(body, at)
        _nothing_after(body, end)
        raise UnreadableError("not-an-array")
    yield from _array(body, at + 1)


def _array(body: str, at: int) -> Iterator[tuple[bytes, dict[str, object], str]]:
    at, index = _skip(body, at), 0
    if body[at : at + 1] == "]":
        _nothing_after(body, at + 1)
        return
    while True:
        if index == MOST_RECORDS:
            raise UnreadableError("too-many-records")
        record, end = _one(body, at, f"[{index}]")
        yield body[at:end].encode(), record, f"[{index}]"
        at, index = _skip(body, end), index + 1
        if body[at : at + 1] == "]":
            _nothing_after(body, at + 1)
            return
        if body[at : at + 1] != ",":
            raise UnreadableError("json-invalid")
        at = _skip(body, at + 1)


def _one(body: str, at: int, path: str) -> tuple[dict[str, object], int]:
    record, end = _any(body, at)
    if not isinstance(record, dict):
        raise UnreadableError("record-not-an-object", path)
    return record, end


def _any(body: str, at: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(body, at)
    except (json.JSONDecodeError, RecursionError):
        raise UnreadableError("json-invalid") from None
    except ValueError:  # a number of more digits than Python reads
        raise UnreadableError("json-invalid") from None


def _skip(body: str, at: int) -> int:
    found = _SPACE.match(body, at)
    return found.end() if found is not None else at


def _nothing_after(body: str, at: int) -> None:
    if _skip(body, at) != len(body):
        raise UnreadableError("json-invalid")


def _too_deep(body: str) -> bool:
    depth = deepest = 0
    for mark in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', body):
        sign = mark.group()
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest > _MAX_DEPTH


def _text(record: dict[str, object], name: str, shape: re.Pattern[str], path: str) -> str:
    value = record.get(name)
    where = f"{path}.{name}" if path else name
    if value is None:
        raise UnreadableError("field-missing", where)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise UnreadableError("field-invalid", where)
    return value
