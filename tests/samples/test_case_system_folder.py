"""Every file of the local authorities' samples, by name, with the end that it meets.

What is data of a source of ours is taken, and `test_case_system_files.py` says what it told.
What is a schema, or another service's own format, is said to be so, and is refused at the door
or parked with its reason: nothing of it is taken in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

from kinbridge_casesystem import records
from kinbridge_casesystem.formats import FORMATS
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.casesystem.loads import parts
from tests.samples.place import SAMPLES
from tests.samples.table import ends
from tests.samples.test_case_system_files import STATED
from tests.samples.ways import JSON, XML, in_a_message

pytestmark = pytest.mark.samples

LA: Final = SAMPLES / "la"


@dataclass(frozen=True)
class NoInput:
    """Files that are no data of a source of ours: what they are, and what refuses each."""

    files: str
    what: str
    refused: Callable[[Path], tuple[str, ...]]
    why: tuple[str, ...]


def _at_the_doors(path: Path) -> tuple[str, ...]:
    """Give why neither door of case systems takes it."""
    return tuple(
        _refusal(lambda cut=cut: cut(path.read_bytes()))  # type: ignore[misc] # of this turn
        for cut in (records.events, records.children)
    )


def _as_a_file(route: str) -> Callable[[Path], tuple[str, ...]]:
    """Give why a folder of that kind refuses it."""
    return lambda path: (_refusal(lambda: parts(route, {path.name: path.read_bytes()})),)


def _refusal(take: Callable[[], object]) -> str:
    with pytest.raises(UnreadableError) as refused:
        take()
    return " at ".join(filter(None, (refused.value.reason, refused.value.path)))


def _in_a_message(path: Path) -> tuple[str, ...]:
    """Give how it ends where a trust's engine would put it into a message."""
    found = ends(in_a_message("A01", path.read_bytes()), XML, "fhir-message")
    return tuple(f"{end}, {why}" for end, why in found)


def _as_it_is(path: Path) -> tuple[str, ...]:
    kind = XML if path.suffix == ".xml" else JSON
    return tuple(f"{end}, {why}" for end, why in ends(path.read_bytes(), kind, "fhir-message"))


NOT_TAKEN: Final = (
    NoInput(
        "dfe-csc-api/openapi.json",
        "the contract of the API; the child in it is taken as an example",
        _at_the_doors,
        ("field-missing at id", "not-an-array"),
    ),
    NoInput(
        "dfe-sui-stub-custodians/*.json",
        "what other services would answer about a person, by a format of their own",
        _at_the_doors,
        ("field-missing at id", "not-an-array"),
    ),
    NoInput(
        "liia-tools-pipeline/CIN_schema_*.xsd",
        "the schema of the census, with no child in it",
        _as_a_file("cin-census"),
        ("no-records",),
    ),
    NoInput(
        "liia-tools-pipeline/SSDA903_schema_*.yml",
        "the schema of the looked-after return, no table of it",
        _as_a_file("ssda903"),
        ("file-cut-short",),
    ),
    NoInput(
        "liia-tools-pipeline/Annex_A_schema.yml",
        "the schema of the lists, no workbook",
        _as_a_file("annex-a"),
        ("workbook-unreadable",),
    ),
    NoInput(
        "nhse-cpis-fhir/CapStatement-*.json",
        "what a consumer of CP-IS can ask for, no record",
        _as_it_is,
        ("dead-letter, not-a-bundle",),
    ),
    NoInput(
        "nhse-cpis-fhir/CPIS-CPP-Bundle-Example.xml",
        "the answer to a search of CP-IS, which nobody here asks",
        _as_it_is,
        ("dead-letter, not-a-message",),
    ),
    NoInput(
        "nhse-cpis-fhir/CPIS-Flag-Example.xml",
        "a flag of CP-IS without its plan",
        _in_a_message,
        ("parked-unsupported, plan-missing",),
    ),
    NoInput(
        "nhse-cpis-fhir/CPIS-CarePlan-Example.xml",
        "a plan of CP-IS that names nobody in the same message",
        _in_a_message,
        ("parked-unsupported, subject-missing",),
    ),
    NoInput(
        "nhse-cpis-fhir/CPIS-CareTeam-Example.xml",
        "a team of CP-IS, which is no fact about a child",
        _in_a_message,
        ("parked-unsupported, message-without-facts",),
    ),
)
NAMES: Final = sorted(
    path.relative_to(LA).as_posix()
    for path in (LA.rglob("*") if LA.is_dir() else ())
    if path.is_file() and path.name != "SOURCES.tsv"
)
TAKEN: Final = {stated.path: stated for stated in STATED}


def _not_taken() -> Iterator[tuple[str, NoInput]]:
    for name in NAMES:
        for each in NOT_TAKEN:
            if fnmatchcase(name, each.files):
                yield name, each


@pytest.mark.parametrize(("name", "no_input"), list(_not_taken()))
def test_what_is_no_input_is_said_to_be_so_and_nothing_of_it_is_taken_in(
    name: str, no_input: NoInput
) -> None:
    refused = no_input.refused(LA / name)

    print(f"{name}: {no_input.what}: {'; '.join(refused)}")  # noqa: T201 - the table, with `-s`
    assert refused == no_input.why


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_what_is_a_file_of_a_return_is_taken_and_by_its_own_format_alone(name: str) -> None:
    stated = TAKEN[name]
    others = {_as_a_file(route)(LA / name) for route in FORMATS if route != stated.route}

    print(f"{name}: {stated.route}: {stated.children} children taken")  # noqa: T201 - see above
    assert len(parts(stated.route, stated.files)) == stated.children
    assert all(why for (why,) in others)


def test_every_file_of_the_folder_is_stated_once() -> None:
    stated = [*TAKEN, *(name for name, _ in _not_taken())]

    assert sorted(stated) == NAMES
