"""A census of many children: cut, told for the first time, and again with few changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from resource import RUSAGE_SELF, getrusage
from time import process_time
from typing import IO, Final

from benchmarks.figures import Figure, Part, Table, short
from kinbridge.mapping.routes import ROUTES
from kinbridge_casesystem.cutting import Loading, SourceFile, unheard
from kinbridge_casesystem.formats import FORMATS
from kinbridge_casesystem.records import Part as Cut
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Given, Remembered
from kinbridge_schemas.received import Received

ROUTE: Final = "cin-census"
CHILDREN: Final = 100_000
FEWER: Final = 2_000
EVERY: Final = 100
"""One child in so many is changed."""

METHOD: Final = """\
A made-up census, a file on disk: each child with two referrals, an enquiry with its conference \
and a plan, six facts. It is cut into children, each is told by difference from nothing, and then \
a second file, in which the plan of one child in a hundred has ended. What mapping remembers is \
kept as the store keeps it: as JSON, read again for each child. Seconds of processor time in one \
thread, without broker or store; memory is the peak of the process."""

_HEAD: Final = (
    "<Message><Header><CollectionDetails><Collection>CIN</Collection>"
    "<ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails></Header><Children>"
)
_CHILD: Final = (
    "<Child><ChildIdentifiers><LAchildID>C{n}</LAchildID>"
    "<PersonBirthDate>2019-09-01</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>"
    "<CINdetails><CINreferralDate>2025-06-02</CINreferralDate>"
    "<ReferralSource>1A</ReferralSource><ReferralNFA>0</ReferralNFA></CINdetails>"
    "<CINdetails><CINreferralDate>2025-12-01</CINreferralDate>"
    "<ReferralSource>3B</ReferralSource><Section47><S47ActualStartDate>2025-12-03"
    "</S47ActualStartDate><DateOfInitialCPC>2026-01-20</DateOfInitialCPC>"
    "<ICPCnotRequired>false</ICPCnotRequired></Section47><ReferralNFA>0</ReferralNFA>"
    "<ChildProtectionPlans><CPPstartDate>2026-01-20</CPPstartDate>{end}"
    "<InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>"
    "<LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse>"
    "<NumberOfPreviousCPP>0</NumberOfPreviousCPP></ChildProtectionPlans></CINdetails></Child>"
)
_ENDED: Final = "<CPPendDate>2026-03-02</CPPendDate>"
_NOW: Final = datetime(2026, 4, 2, tzinfo=UTC)
_PSEUDONYMS: Final = Pseudonymiser(b"benchmarks" * 4)


def bench(*, quick: bool) -> Part:
    """Measure a census of 100,000 children, or of fewer."""
    found = measured(FEWER if quick else CHILDREN)
    rows, figures = [], []
    for load in found:
        figures += [
            Figure(f"snapshots/{load.name}/cut", load.children / load.cutting, "children/s"),
            Figure(f"snapshots/{load.name}/told", load.children / load.telling, "children/s"),
            Figure(f"snapshots/{load.name}/memory", load.memory, "MB"),
        ]
        rows.append(load.shown())
    head = ("file", "children", "MB", "cut/s", "more memory, MB", "told/s", "events")
    table = Table("A census", head, tuple(rows))
    return Part("Snapshots of children", METHOD, tuple(figures), (table,))


@dataclass(frozen=True, slots=True)
class Load:
    """One file: how large it was, the seconds of its steps, and what cutting it took in memory."""

    name: str
    children: int
    size: int
    cutting: float
    telling: float
    memory: float
    events: int

    def shown(self) -> tuple[str, ...]:
        cut, told = short(self.children / self.cutting), short(self.children / self.telling)
        size, memory = f"{self.size / 1e6:.0f}", f"{self.memory:.0f}"
        return (self.name, f"{self.children:,}", size, cut, memory, told, f"{self.events:,}")


def measured(count: int) -> list[Load]:
    """Take in a first file and a changed one."""
    remembered: dict[str, bytes] = {}
    found = []
    for name, changed in (("first", False), ("changed", True)):
        with tempfile.TemporaryFile() as content:
            size = _written(content, count, changed=changed)
            before, began = _peak(), process_time()
            children = sum(1 for _ in _parts(content, size))
            cutting, memory = process_time() - began, _peak() - before
            began = process_time()
            events = sum(_told(part, remembered) for part in _parts(content, size))
            telling = process_time() - began - cutting
        found.append(Load(name, children, size, cutting, telling, memory, events))
    return found


def _written(content: IO[bytes], count: int, *, changed: bool) -> int:
    content.write(_HEAD.encode())
    for n in range(count):
        end = _ENDED if changed and n % EVERY == 0 else ""
        content.write(_CHILD.format(n=n, end=end).encode())
    content.write(b"</Children></Message>")
    return content.tell()


def _parts(content: IO[bytes], size: int) -> Iterator[Cut]:
    file = SourceFile("census.xml", content, size)
    return FORMATS[ROUTE].cut([file], Loading(), unheard)


def _told(part: Cut, remembered: dict[str, bytes]) -> int:
    kept = remembered.get(part.id)
    before = Remembered.model_validate_json(kept) if kept else Remembered()
    received = Received(
        id="received-1",
        content=part.content,
        content_type="application/xml",
        source="209.example",
        route=ROUTE,
    )
    mapped = ROUTES[ROUTE](received, Given(_PSEUDONYMS, _NOW, before))
    if mapped.remember != before:
        remembered[part.id] = mapped.remember.model_dump_json().encode()
    return len(mapped.events)


def _peak() -> float:
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024
