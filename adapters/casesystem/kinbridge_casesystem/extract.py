"""The reader of the route `case-extract`: one child, as a mapping file's rules found it.

Rows that name the same object by its id add up: a plan that begins in one table and is reviewed
in another is one plan. A field of which they say two different things is left out and said,
since which of them is right is unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, cast

from kinbridge_casesystem.child import (
    Adoption,
    Assessment,
    ChildSnapshot,
    CinPlan,
    Contact,
    CpPlan,
    Details,
    Enquiry,
    Episode,
    Help,
    Missing,
    Placement,
    Purge,
    Relation,
    Worker,
)
from kinbridge_casesystem.cutting import ChildRows, Read, child_of, rows_of
from kinbridge_casesystem.extract_kinds import CHILD, DETAILS, KINDS, Kind
from kinbridge_casesystem.quality_rules import oddities
from kinbridge_casesystem.reading import Reading
from kinbridge_schemas.problems import UnreadableError

REMOVED: Final = "removed"
"""The cell of a row that says that its object no longer is."""

_DEFAULT_FEED: Final = "extract"


def read_extract(content: bytes, now: datetime) -> Read:
    """Read one child's rows. Raises UnreadableError."""
    rows = rows_of(content)
    child = child_of(rows, "child")
    if unknown := sorted(set(rows.tables) - set(KINDS)):
        raise UnreadableError("table-unknown", f"tables.{len(unknown)}")
    reading = Reading(now)
    snapshot = _snapshot(child, rows, reading)
    return Read(snapshot, (*reading.found, *oddities(snapshot)), reading.lasting)


def _snapshot(child: str, rows: ChildRows, reading: Reading) -> ChildSnapshot:
    found = {name: _Objects(name, kind, reading) for name, kind in KINDS.items()}
    for name, told in rows.tables.items():
        for row in told:
            found[name].add(row)
    about = rows.about

    def all_of(name: str) -> tuple[Any, ...]:
        return tuple(found[name].made())

    return ChildSnapshot(
        child=child,
        feed=about.get("feed", _DEFAULT_FEED),
        complete_since=reading.stated_day(about.get("complete_since"), "complete_since"),
        as_of=reading.stated_day(about.get("as_of"), "as_of"),
        details=_details(found[DETAILS], reading),
        relations=cast("tuple[Relation, ...]", all_of("relation")),
        contacts=cast("tuple[Contact, ...]", all_of("contact")),
        help=cast("tuple[Help, ...]", all_of("help")),
        episodes=cast("tuple[Episode, ...]", all_of("episode")),
        assessments=cast("tuple[Assessment, ...]", all_of("assessment")),
        cin_plans=cast("tuple[CinPlan, ...]", all_of("cin-plan")),
        enquiries=cast("tuple[Enquiry, ...]", all_of("s47")),
        cp_plans=cast("tuple[CpPlan, ...]", all_of("cp-plan")),
        workers=cast("tuple[Worker, ...]", all_of("worker")),
        placements=cast("tuple[Placement, ...]", all_of("placement")),
        adoptions=cast("tuple[Adoption, ...]", all_of("adoption")),
        missing=cast("tuple[Missing, ...]", all_of("missing")),
        purges=tuple(purge for each in found.values() for purge in each.purges()),
        purged=bool(found[CHILD].removed),
    )


def _details(objects: _Objects, reading: Reading) -> Details | None:
    told = objects.told.get("")
    if told is None:
        return None
    values = objects.values(told)
    born, due = values.get("born"), values.get("due")
    if isinstance(born, date) and born > reading.now.date():
        # Some systems write the expected date of an unborn child where a birth belongs.
        values |= {"born": None, "due": due or born}
    return Details(**values)


@dataclass(slots=True)
class _Objects:
    """The objects of one kind, by id, and what the rows said of each field."""

    name: str
    kind: Kind
    reading: Reading
    told: dict[str, dict[str, set[Any]]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def add(self, row: dict[str, str]) -> None:
        values = self._read(row)
        own = self._own(values)
        if own is None:
            self.reading.odd("field-missing", f"{self.name}.{self.kind.own[0]}")
        elif row.get(REMOVED):
            self.removed.add(own)
        else:
            fields = self.told.setdefault(own, {})
            for name, value in values.items():
                fields.setdefault(name, set()).add(value)

    def made(self) -> Iterator[object]:
        make = self.kind.make
        for own, told in sorted(self.told.items()):
            if own in self.removed or make is None:
                continue
            values = self.values(told)
            missing = [name for name in self.kind.needs if values.get(name) is None]
            if missing:
                self.reading.odd("field-missing", f"{self.name}.{missing[0]}")
                continue
            given = {self.kind.names.get(name, name): value for name, value in values.items()}
            yield make(**({"id": own} | given if "id" in self.kind.fields else given))

    def values(self, told: dict[str, set[Any]]) -> dict[str, Any]:
        """Give what is said of each field, once; lists add up."""
        found: dict[str, Any] = {}
        for name, values in told.items():
            first = next(iter(values))
            if isinstance(first, tuple):
                found[name] = tuple(sorted({each for value in values for each in value}))
            elif len(values) == 1:
                found[name] = first
            else:
                self.reading.odd("value-contradicted", f"{self.name}.{name}")
        return found

    def purges(self) -> Iterator[Purge]:
        if self.name != CHILD:
            for own in sorted(self.removed):
                yield Purge(kind=cast("Any", self.name), id=own)

    def _read(self, row: dict[str, str]) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, text in row.items():
            reader = self.kind.fields.get(name)
            if reader is not None and text:
                value = reader(self.reading, text, f"{self.name}.{name}")
                if value is not None:
                    found[name] = value
        return found

    def _own(self, values: dict[str, object]) -> str | None:
        """Give the id of the object that a row is about: its own, or what does not change."""
        if not self.kind.own:
            return ""
        if "id" in self.kind.own:
            given = next((values[n] for n in self.kind.own if n in values), None)
            return None if given is None else str(given)
        parts = [values.get(name) for name in self.kind.own]
        return None if None in parts else "|".join(str(part) for part in parts)
