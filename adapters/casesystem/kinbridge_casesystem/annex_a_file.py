"""The Annex A workbook, cut: the rows of its lists gathered into one part a child.

Lists are known by the names of their sheets (`List 5`, or the words), and columns by their
headings, in any order. List 11 is of adopters: it is not read. Text is kept as it was written;
a day is written `2026-03-31`, whatever the cell's format.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any, Final

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from kinbridge_casesystem.cutting import Loading, Progress, Row, SourceFile, gathered
from kinbridge_casesystem.records import Part
from kinbridge_schemas.problems import UnreadableError

MOST_BYTES: Final = 2 << 30
"""How large the sheets of a workbook may be when they are unpacked."""

_HEADING_WITHIN: Final = 10
_EVERY: Final = 1_000
_NUMBERED: Final = re.compile(r"^\W*(?:list|lst)?\W*(\d{1,2})(?:\D.*)?$", re.IGNORECASE)
_CHILD: Final = re.compile(r"\bchild\b.*\b(id|identifier)\b|\b(id|identifier)\b.*\bchild\b")
_SPACE: Final = re.compile(r"[^a-z0-9]+")

_NAMES: Final = {
    "contacts": 1,
    "early help": 2,
    "referrals": 3,
    "assessments": 4,
    "section 47": 5,
    "s47": 5,
    "children in need": 6,
    "cin": 6,
    "child protection": 7,
    "cpp": 7,
    "children in care": 8,
    "children looked after": 8,
    "cla": 8,
    "care leavers": 9,
    "adoption": 10,
}
_DAY_OF_BIRTH: Final = ("born", r"date.*birth")
_COLUMNS: Final[Mapping[int, tuple[tuple[str, str], ...]]] = {
    1: (("on", r"date.*contact"), ("source", r"contact.*source")),
    2: (("start", r"assessment start"), ("done", r"assessment completion")),
    3: (
        ("referred", r"date of.*referral"),
        ("source", r"referral.*source"),
        ("nfa", r"referral nfa"),
    ),
    4: (
        ("start", r"assessment start|assessment actual start"),
        ("done", r"assessment.*authoris"),
    ),
    5: (
        ("start", r"strategy discussion.*date|section 47 enquiry start"),
        ("unneeded", r"conference deemed unnecessary"),
        ("conference", r"^date of initial child protection conference"),
        ("plan", r"conference result in a child protection plan"),
    ),
    6: (
        ("start", r"cin start date"),
        ("need", r"primary need"),
        ("closed", r"cin closure date"),
        ("reason", r"reason for closure"),
        ("status", r"case status"),
    ),
    7: (
        ("start", r"plan start date"),
        ("category", r"initial category"),
        ("latest", r"latest category"),
        ("review", r"latest review conference"),
        ("end", r"plan end date"),
        ("previous", r"number of previous"),
    ),
    8: (
        ("start", r"date started to be looked after"),
        ("status_from", r"start date of current legal status"),
        ("status", r"child.*legal status"),
        ("end", r"date ceased to be looked after"),
        ("reason", r"reason ceased"),
        ("placed", r"start date of most recent placement"),
        ("kind", r"placement type"),
    ),
    9: (),
    10: (
        ("placed", r"date placed for adoption"),
        ("order", r"date of adoption order"),
        ("withdrawn", r"no longer be placed"),
    ),
}
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    KeyError,
    ValueError,
    TypeError,
    EOFError,
    SyntaxError,  # what XML parsers of openpyxl raise
)


def cut_annex_a(
    files: Sequence[SourceFile], loading: Loading, progress: Progress
) -> Iterator[Part]:
    """Cut one workbook. Raises UnreadableError before the first part."""
    if len(files) != 1:
        raise UnreadableError("one-file-expected")
    return gathered(_rows(files[0], progress), loading.about)


def _rows(file: SourceFile, progress: Progress) -> Iterator[Row]:
    _small_enough(file.content)
    try:
        workbook = load_workbook(file.content, read_only=True, data_only=True)
    except _UNREADABLE:
        raise UnreadableError("workbook-unreadable") from None
    try:
        yield from _sheets(workbook, file, progress)
    except _UNREADABLE:
        raise UnreadableError("workbook-unreadable") from None
    finally:
        workbook.close()
    progress(file.size, file.size)


def _sheets(workbook: Any, file: SourceFile, progress: Progress) -> Iterator[Row]:
    found: set[int] = set()
    sheets = workbook.worksheets
    for at, sheet in enumerate(sheets):
        number = _number(sheet.title)
        if number is None or number not in _COLUMNS:
            continue
        if number in found:
            raise UnreadableError("list-repeated", f"list_{number}")
        found.add(number)
        for row_number, row in enumerate(_children(sheet, number)):
            if row_number % _EVERY == 0:
                progress(file.size * at // len(sheets), file.size)
            yield row
    if not found:
        raise UnreadableError("no-lists")


def _small_enough(content: IO[bytes]) -> None:
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as packed:
            unpacked = sum(info.file_size for info in packed.infolist())
    except zipfile.BadZipFile:
        # The index of a workbook stands at its end: one that was cut short has none.
        raise UnreadableError("workbook-unreadable") from None
    if unpacked > MOST_BYTES:
        raise UnreadableError("workbook-too-large")
    content.seek(0)


def _number(title: str) -> int | None:
    numbered = _NUMBERED.match(title)
    if numbered is not None:
        return int(numbered.group(1))
    said = _plain(title)
    return next((n for name, n in _NAMES.items() if said.startswith(name)), None)


def _children(sheet: Any, number: int) -> Iterator[Row]:
    rows = sheet.iter_rows(values_only=True)
    columns = _columns(rows, number)
    for values in rows:
        cells = {name: _text(values[at]) for name, at in columns.items() if at < len(values)}
        child = cells.pop("child", "")
        if child or any(cells.values()):
            yield Row(child, f"list_{number}", cells)


def _columns(rows: Iterator[tuple[Any, ...]], number: int) -> dict[str, int]:
    """Find the row of headings, and where each column stands that is read."""
    for _ in range(_HEADING_WITHIN):
        headings = [_plain(_text(value)) for value in next(rows, ())]
        child = next((at for at, h in enumerate(headings) if _CHILD.search(h)), None)
        if child is not None:
            break
    else:
        raise UnreadableError("header-missing", f"list_{number}")
    columns = {"child": child}
    for name, pattern in (_DAY_OF_BIRTH, *_COLUMNS[number]):
        at = _found(headings, pattern, columns.values())
        if at is None and name in ("start", "on", "referred"):
            raise UnreadableError("column-missing", f"list_{number}.{name}")
        if at is not None:
            columns[name] = at
    return columns


def _found(headings: list[str], pattern: str, taken: Iterable[int]) -> int | None:
    used = set(taken)
    matches = (at for at, h in enumerate(headings) if at not in used and re.search(pattern, h))
    return next(matches, None)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text.lower()).strip()


def _text(value: object) -> str:
    """Write a cell as text: a whole number without a point, a day without a time."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value).strip()
