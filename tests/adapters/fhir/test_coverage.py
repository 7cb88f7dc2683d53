"""The page of coverage: every element of R4 stands there, and what is read is what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from fhir.resources.R4B import get_fhir_model_class

from kinbridge_fhir.codes import Reading
from kinbridge_fhir.facts import Account
from kinbridge_fhir.message import Message
from kinbridge_fhir.nodes import read
from kinbridge_fhir.resources import MAPPINGS, facts_of
from tests.adapters.fhir.tracing import TracedNode
from tests.adapters.mapping import NOW, PSEUDONYMS

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "adapters" / "coverage-fhir.md"
OF_ALL: Final = {
    *("id", "identifier", "meta", "implicitRules", "language", "text", "contained"),
    *("extension", "modifierExtension"),
}
_NAME: Final = re.compile(r"`([a-zA-Z]+(?:\[x\])?)(?:\.[a-zA-Z]+)?`")
_FIELD: Final = re.compile(r"(?P<kind>[A-Z]\w+)(?P<extension>\[.*)?(?:\.(?P<element>\w+).*)?")


def tables() -> dict[str, tuple[set[str], set[str]]]:
    """What is read and what is left out of each resource, as the page says."""
    found = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        kind = part.partition("\n")[0]
        rows = [line.split("|")[1:3] for line in part.splitlines() if line.startswith("| ")][1:]
        if rows:
            used, out = ({n for row in rows for n in _NAME.findall(row[i])} for i in (0, 1))
            found[kind] = (used, out)
    return found


TABLES: Final = tables()


def elements(kind: str) -> set[str]:
    model: Any = get_fhir_model_class(kind)
    return set(model.elements_sequence()) - OF_ALL


def named(element: str, names: set[str]) -> bool:
    parts = (name.removesuffix("[x]") for name in names if name.endswith("[x]"))
    return element in names or any(element.startswith(part) for part in parts)


def read_of_the_golden_messages() -> set[tuple[str, str]]:
    """The elements that the mappings take out of the golden messages, by resource."""
    seen: set[str] = set()
    for path in sorted((ROOT / "tests" / "golden" / "fhir-message").glob("*/in.*")):
        kind = "application/fhir+xml" if path.suffix == ".xml" else "application/json"
        message = Message(TracedNode(read(path.read_bytes(), kind), "Bundle", seen))
        if message.reading in {Reading.RESOURCES, Reading.RESOURCES_OF_A_REFERRAL}:
            about = message.focus
            facts_of(Account(message, "a", PSEUDONYMS, NOW), message.resources, about=about)
    found = [match for field in seen if (match := _FIELD.fullmatch(field))]
    return {
        (match["kind"], "extension" if match["extension"] else match["element"])
        for match in found
        if match["extension"] or match["element"]
    }


READ: Final = read_of_the_golden_messages()


def test_every_resource_that_is_mapped_has_its_table() -> None:
    assert set(TABLES) == {*MAPPINGS, "Patient"}


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_every_element_of_the_standard_is_read_or_left_out_and_not_both(kind: str) -> None:
    used, out = TABLES[kind]
    plain = used - OF_ALL

    assert {e for e in elements(kind) if not named(e, plain | out)} == set()
    assert {name for name in plain | out if not name.endswith("[x]")} <= elements(kind)
    assert plain & out == set()


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_what_the_page_says_is_read_is_read_and_nothing_else(kind: str) -> None:
    used = TABLES[kind][0]
    taken = {element for of, element in READ if of == kind}

    assert used - taken == set()
    assert taken - used <= {"id", "identifier", "meta"}
