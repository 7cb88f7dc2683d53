"""The coverage list of NEMS says what the adapter does: field by field, in both directions."""

from __future__ import annotations

from typing import Final

import pytest

from kinbridge_fhir.codes import EVENTS, Reading
from tests.adapters.fhir.nems_coverage import GROUPS, golden, listed, page, under

CODES: Final = sorted(code for (_, code), reading in EVENTS.items() if reading is Reading.NEMS)

each = pytest.mark.parametrize("code", CODES)


def read_of_any() -> set[str]:
    return set().union(*(its.read for its in golden().values()))


def test_the_page_has_a_section_for_every_event() -> None:
    assert set(page()) == {*CODES, *GROUPS}


@each
def test_what_is_read_of_an_event_stands_on_its_list(code: str) -> None:
    lines, read = listed(code), golden()[code].read

    assert {field for field in read if lines.line_of(field) not in lines.used} == set()


@each
def test_what_stands_on_the_list_of_an_event_is_read_of_it(code: str) -> None:
    read = golden()[code].read

    unread = {line for line in page()[code].used if not any(under(f, line) for f in read)}
    assert unread == set()


@pytest.mark.parametrize("group", GROUPS)
def test_what_stands_on_the_list_of_many_events_is_read_of_some(group: str) -> None:
    read = read_of_any()

    assert {line for line in page()[group].used if not any(under(f, line) for f in read)} == set()


@each
def test_every_field_of_an_event_is_read_or_left_out_by_name(code: str) -> None:
    lines, its, of_any = listed(code), golden()[code], read_of_any()

    unlisted = {field for field in its.there if lines.line_of(field) is None}
    assert unlisted == set()
    # A line is no cover for a field below it that nothing ever reads.
    used = {field for field in its.there if lines.line_of(field) in lines.used}
    assert used - of_any == set()


@each
def test_nothing_is_used_and_left_out_at_once(code: str) -> None:
    own = page()[code]

    assert own.used & own.left == set()
