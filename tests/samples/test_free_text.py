"""No field of free text of an official sample leaves the adapter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from lxml import etree

from kinbridge_fhir.nodes import FHIR
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.mapping import map_one
from tests.samples.place import SAMPLES
from tests.samples.ways import XML, in_a_message

pytestmark = pytest.mark.samples

CORE: Final = SAMPLES / "nhs" / "ukcore-r4"
BARS: Final = SAMPLES / "nhs" / "bars-r4-simplifier"
PATIENT: Final = CORE / "UKCore-Patient-RichardSmith-Example.xml"
TYPED: Final = frozenset(
    FHIR + name
    for name in (
        *("text", "display", "description", "comment", "title", "patientInstruction"),
        *("valueString", "line", "city", "district", "postalCode", "note"),
    )
)
SHORT: Final = 4
"""A text of fewer letters may stand in anything."""


def typed(content: bytes) -> set[str]:
    """Give the free texts of XML: what was typed, names of codes, and where people live."""
    return {said for said in _texts(etree.fromstring(content)) if len(said) >= SHORT}


def _texts(root: etree._Element) -> Iterator[str]:
    for element in root.iter(etree.Element):
        if element.tag in TYPED:
            yield element.get("value", "").strip()
        elif element.tag.endswith("}div"):
            yield from (str(part).strip() for part in element.itertext())


def messages() -> Iterator[tuple[str, bytes]]:
    patient = PATIENT.read_bytes()
    for path in sorted(CORE.glob("*.xml")):
        beside = () if "-Patient-" in path.name else (patient,)
        yield path.name, in_a_message("A03", path.read_bytes(), *beside)
    for path in sorted(BARS.rglob("*.xml")):
        yield path.name, path.read_bytes()


def test_no_free_text_of_a_sample_is_in_what_it_becomes() -> None:
    left: list[tuple[str, str]] = []
    told = 0
    for name, content in messages():
        try:
            mapped = map_one("fhir-message", content, XML)
        except UnreadableError:
            continue
        said = mapped.model_dump_json()
        told += len(mapped.events)
        left += [(name, text) for text in typed(content) if text in said]

    assert left == []
    assert told
