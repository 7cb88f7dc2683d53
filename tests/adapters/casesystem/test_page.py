"""`docs/case-systems.md` says of each source what its adapter tells, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pytest

from kinbridge_casesystem.fields import AUTHORITY_KINDS
from tests.adapters.casesystem import whole
from tests.adapters.casesystem.whole_extract import EVERYTHING, of_an_extract, of_the_file

PAGE: Final = (whole.ROOT / "docs" / "case-systems.md").read_text(encoding="utf-8")
COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "LCS/EHM": of_the_file("lewisham-liquidlogic"),
    "Mosaic": of_the_file("southwark-mosaic"),
    "Eclipse": whole.of_eclipse(),
    "DfE API": whole.of_the_dfe(),
    "CIN census": whole.of_the_census(),
    "SSDA903": whole.of_goldens("ssda903"),
    "Annex A": whole.of_annex_a(),
    "SSD": of_the_file("ssd"),
    "webhook": whole.of_the_webhook(),
}
BY_MAPPING_FILE: Final = frozenset({"LCS/EHM", "Mosaic", "SSD"})
COULD_BE_NAMED: Final = of_an_extract(EVERYTHING)
NAMEABLE: Final = "1"
"""The number on the page of what a mapping file could name."""

_CELL: Final = re.compile(r"(yes|partly|no)(?: (\d+))?")
_EVENT: Final = re.compile(r"`([a-z0-9_.]+)`")


@dataclass(frozen=True)
class Cell:
    row: str
    column: str
    facts: tuple[str, ...]
    said: str
    number: str | None

    @property
    def told(self) -> int:
        return sum(fact in COLUMNS[self.column] for fact in self.facts)

    @property
    def nameable(self) -> bool:
        by_file = self.column in BY_MAPPING_FILE
        return by_file and any(fact in COULD_BE_NAMED for fact in self.facts)

    @property
    def is_so(self) -> bool:
        if self.told == 0:
            return self.said == ("partly" if self.nameable else "no")
        return self.said == "partly" or (self.said == "yes" and self.told == len(self.facts))


def cells() -> Iterator[Cell]:
    heading: list[str] = []
    for line in PAGE.splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if row[0] == "fact":
            heading = row[2:]
        elif line.startswith("|") and len(row) == len(COLUMNS) + 2 and row[0].strip("-"):
            for column, text in zip(heading, row[2:], strict=True):
                found = _CELL.fullmatch(text)
                assert found is not None, f"{row[0]}, {column}: {text}"
                yield Cell(row[0], column, tuple(_EVENT.findall(row[1])), *found.groups())


CELLS: Final = tuple(cells())
NUMBERS: Final = set(re.findall(r"^(\d+)\. ", PAGE, re.MULTILINE))


@pytest.mark.parametrize("column", COLUMNS)
def test_each_cell_is_what_the_adapter_tells(column: str) -> None:
    own = [cell for cell in CELLS if cell.column == column]

    assert own
    assert [f"{cell.row}: {cell.said}, told {cell.told}" for cell in own if not cell.is_so] == []


def test_every_no_and_partly_has_its_reason_and_every_reason_is_used() -> None:
    unexplained = [c for c in CELLS if (c.number is None) != (c.said == "yes")]

    assert [(cell.row, cell.column) for cell in unexplained] == []
    assert {cell.number for cell in CELLS if cell.number} == NUMBERS


def test_what_a_mapping_file_could_name_says_so_and_nothing_else_does() -> None:
    could = {(c.row, c.column) for c in CELLS if c.told == 0 and c.nameable}
    says_so = {(c.row, c.column) for c in CELLS if c.number == NAMEABLE}

    assert says_so == could


def test_every_event_of_an_authority_is_on_the_page_and_every_name_is_one() -> None:
    named = {fact for cell in CELLS for fact in cell.facts}

    assert {fact.partition(".")[0] for fact in named} >= set(AUTHORITY_KINDS)
    assert named - whole.of_the_webhook() == set()


def listed(start: str, end: str) -> set[str]:
    found = re.search(f"{re.escape(start)}(.*?){re.escape(end)}", PAGE, re.DOTALL)
    assert found is not None
    return set(_EVENT.findall(found.group(1)))


def test_what_none_gives_is_listed_whole_with_who_can_tell_it() -> None:
    given = frozenset().union(*(said for name, said in COLUMNS.items() if name != "webhook"))
    none_gives = set(AUTHORITY_KINDS) - given
    by_the_doors = set(whole.of_the_doors())

    assert listed("doors of meetings", "They are told") == none_gives & by_the_doors
    assert listed("by nobody else yet:", "What follows") == none_gives - by_the_doors


@pytest.mark.parametrize(
    ("said", "facts", "so"),
    [
        pytest.param("yes", ("s47_started",), True, id="told and said"),
        pytest.param("no", ("s47_started",), False, id="told and denied"),
        pytest.param("yes", ("cp_plan_started.category",), False, id="said and not told"),
        pytest.param("yes", ("cp_plan_started", "review_held"), False, id="told in part"),
        pytest.param("partly", ("cp_plan_started", "review_held"), True, id="said in part"),
    ],
)
def test_a_page_that_lies_is_found_out(said: str, facts: tuple[str, ...], *, so: bool) -> None:
    assert Cell("a row", "DfE API", facts, said, None).is_so is so
