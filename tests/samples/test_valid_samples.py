"""Which official samples are not valid FHIR, and that each of them is mapped all the same."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import pytest

from kinbridge_fhir.strict import flaws
from tests.samples.table import NHS, Way, ends_of, every_file, folder_of, way_of
from tests.samples.ways import WAYS

pytestmark = pytest.mark.samples

_FHIR_ENDINGS: Final = {".xml": "application/fhir+xml", ".json": "application/fhir+json"}

# Their own mistakes. Nothing is lost by one: what was read of them is what it would be.
NOT_VALID: Final[dict[str, set[str]]] = {}


def _flawed() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in every_file():
        kind = _FHIR_ENDINGS.get((NHS / path).suffix)
        if kind is not None and isinstance(way_of(path, WAYS), Way):
            for flaw in flaws((NHS / path).read_bytes(), kind):
                found[path].add(f"{flaw.place} {flaw.problem}")
    return dict(found)


def test_the_samples_that_are_not_valid_are_known_and_are_no_dead_letters() -> None:
    found = _flawed()

    for path, its in sorted(found.items()):
        print(f"  {path}: {', '.join(sorted(its))}")  # noqa: T201 - the table, with `-s`
    assert {folder_of(path) for path in found} == {folder_of(path) for path in NOT_VALID}
    assert found == NOT_VALID
    for path in found:
        way = way_of(path, WAYS)
        assert isinstance(way, Way)
        assert all(end != "dead-letter" for end, _ in ends_of(path, way))
