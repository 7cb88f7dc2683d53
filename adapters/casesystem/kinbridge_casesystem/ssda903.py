"""The return on looked-after children (SSDA903): tables as CSV, or one XML file, and its reader.

An episode of the return is a step of a period of care: reason S begins a period, reason X1 goes
on in the next step, an E code ends it. E11, E12 and placements A3 to A6 are adoptions: each
starts the shield. DATE_PLACED is left out on purpose: it is the day of the decision that a child
should be placed, who lives where they did and may never be. A step is named by the day on which
it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from lxml import etree

from kinbridge_casesystem.child import (
    ChildSnapshot,
    Details,
    Missing,
    Placement,
)
from kinbridge_casesystem.codes_care import END_REASONS, LEGAL_STATUSES, PLACEMENTS, START_REASONS
from kinbridge_casesystem.csv_table import read_table
from kinbridge_casesystem.cutting import (
    ChildRows,
    Loading,
    Progress,
    Read,
    Row,
    SourceFile,
    child_of,
    gathered,
    rows_of,
)
from kinbridge_casesystem.quality import Finding
from kinbridge_casesystem.quality_rules import oddities
from kinbridge_casesystem.reading import Numbers, Reading
from kinbridge_casesystem.records import Part
from kinbridge_casesystem.xml_file import elements, local_name, text_of
from kinbridge_schemas.problems import UnreadableError

FEED: Final = "ssda903"
# The columns by which each table is known, and those that are kept of it.
_TABLES: Final = {
    "episodes": ("DECOM", ("DECOM", "RNE", "LS", "PLACE", "DEC", "REC")),
    "missing": ("MIS_START", ("MISSING", "MIS_START", "MIS_END")),
}
_AWAY: Final = "A"
"""Away from placement without authorisation: not missing."""


def cut_903(files: Sequence[SourceFile], loading: Loading, progress: Progress) -> Iterator[Part]:
    """Cut the tables of one return, or its XML file. Raises UnreadableError before a part."""
    if not files:
        raise UnreadableError("file-missing")
    rows = (row for file in files for row in _rows(file, progress))
    return gathered(rows, loading.about)


def read_903(content: bytes, now: datetime) -> Read:
    """Read one child's rows. Raises UnreadableError."""
    rows = rows_of(content)
    child = child_of(rows, "CHILD")
    reading, numbers = Reading(now), Numbers()
    snapshot = ChildSnapshot(
        child=child,
        feed=FEED,
        complete_since=reading.stated_day(rows.about.get("complete_since"), "complete_since"),
        as_of=reading.stated_day(rows.about.get("as_of"), "as_of"),
        details=_details(rows, reading),
        placements=tuple(_placements(rows, reading, numbers)),
        missing=tuple(_missing(rows, reading, numbers)),
    )
    return Read(snapshot, (*reading.found, *_oddities(snapshot)), reading.lasting)


def _rows(file: SourceFile, progress: Progress) -> Iterator[Row]:
    if file.name.lower().endswith(".xml"):
        yield from _xml_rows(file, progress)
        return
    for cells in read_table(file, progress):
        if "CHILD" not in cells:
            raise UnreadableError("column-missing", "CHILD")
        yield from _kept(cells["CHILD"], cells)


def _xml_rows(file: SourceFile, progress: Progress) -> Iterator[Row]:
    found = False
    for element in elements(file, ("CHILD",), progress):
        if not len(element):
            continue
        found, child = True, text_of(element.find(".//{*}CHILDID"))
        for table in element.iter("{*}HEADER", "{*}EPISODE", "{*}AMISSING"):
            yield from _kept(child, _cells(table))
    if not found:
        raise UnreadableError("no-records")


def _cells(table: etree._Element) -> dict[str, str]:
    cells = {local_name(e): text_of(e) for e in table if not len(e)}
    # The XML calls the type of placement PL, the tables PLACE.
    return {"PLACE" if name == "PL" else name: text for name, text in cells.items()}


def _kept(child: str, cells: dict[str, str]) -> Iterator[Row]:
    yield Row(child, "children", {"DOB": cells.get("DOB", "")})
    for table, (mark, columns) in _TABLES.items():
        if cells.get(mark):
            yield Row(child, table, {name: cells.get(name, "") for name in columns})


def _details(rows: ChildRows, reading: Reading) -> Details | None:
    told = {row["DOB"] for row in rows.tables.get("children", ()) if row.get("DOB")}
    days = {reading.day(text, "DOB") for text in told} - {None}
    if len(days) > 1:
        # Which one is right is unsaid, and a wrong one finds the wrong person.
        reading.odd("date-contradicted", "DOB")
    return Details(born=days.pop()) if len(days) == 1 else None


def _placements(rows: ChildRows, reading: Reading, numbers: Numbers) -> Iterator[Placement]:
    for row in _last_told(rows.tables.get("episodes", ()), reading):
        start = reading.day(row.get("DECOM"), "episodes.DECOM")
        if start is None:
            continue
        end = reading.day(row.get("DEC"), "episodes.DEC")
        yield Placement(
            id=numbers.id(start.isoformat()),
            start=start,
            start_reason=reading.code(row.get("RNE"), START_REASONS, "episodes.RNE"),
            kind=reading.code(row.get("PLACE"), PLACEMENTS, "episodes.PLACE"),
            legal_status=reading.code(row.get("LS"), LEGAL_STATUSES, "episodes.LS"),
            end=end,
            end_reason=reading.code(row.get("REC"), END_REASONS, "episodes.REC", end),
        )


def _missing(rows: ChildRows, reading: Reading, numbers: Numbers) -> Iterator[Missing]:
    for row in _unlike(rows.tables.get("missing", ())):
        start = reading.day(row.get("MIS_START"), "missing.MIS_START")
        if start is not None and row.get("MISSING", "").upper() != _AWAY:
            end = reading.day(row.get("MIS_END"), "missing.MIS_END")
            yield Missing(id=numbers.id(start.isoformat()), start=start, end=end)


def _oddities(snapshot: ChildSnapshot) -> Iterator[Finding]:
    if snapshot.details is None:
        yield Finding("field-missing", "header.DOB")
        return
    yield from oddities(snapshot)


def _last_told(rows: Iterable[dict[str, str]], reading: Reading) -> Iterator[dict[str, str]]:
    """Give each step once: a later year repeats a step that was open, now with its end."""
    steps: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in _unlike(rows):
        own = tuple(row.get(name, "") for name in ("DECOM", "RNE", "LS", "PLACE"))
        steps.setdefault(own, []).append(row)
    for alike in steps.values():
        ended = [row for row in alike if row.get("DEC")]
        if len(alike) > 1:
            reading.odd("row-repeated", "episodes.DECOM")
        yield from ended or alike[:1]


def _unlike(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Give each row once, in the order of their content: years' files repeat their rows."""
    return [dict(row) for row in sorted({tuple(sorted(row.items())) for row in rows})]
