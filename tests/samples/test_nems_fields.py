"""Every field of the official NEMS samples is used, or is left out on purpose and by name."""

from __future__ import annotations

from typing import Final

import pytest

from tests.adapters.fhir.nems_coverage import GROUPS, Fields, golden, listed, page, traced, under
from tests.samples.place import SAMPLES

pytestmark = pytest.mark.samples

FOUND: Final = traced(
    path.read_bytes() for path in sorted((SAMPLES / "nhs" / "nems-stu3").glob("*.xml"))
)
_NONE: Final = Fields(set(), set())


@pytest.mark.parametrize("code", sorted(FOUND))
def test_every_field_of_the_samples_stands_on_the_list(code: str) -> None:
    lines, its = listed(code), FOUND[code]

    unlisted = {field for field in its.there if lines.line_of(field) is None}
    read_all_the_same = {field for field in its.read if lines.line_of(field) in lines.left}
    assert (unlisted, read_all_the_same) == (set(), set())


@pytest.mark.parametrize("section", sorted(page()))
def test_nothing_is_said_to_be_left_out_that_never_comes(section: str) -> None:
    codes = golden() if section in GROUPS else [section]
    come = set().union(*(golden()[c].there | FOUND.get(c, _NONE).there for c in codes))

    idle = {line for line in page()[section].left if not any(under(f, line) for f in come)}
    assert idle == set()
