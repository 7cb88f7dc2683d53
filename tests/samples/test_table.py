"""Every official sample goes in, and each of its facts ends in exactly one stated way."""

from __future__ import annotations

from typing import Final

import pytest

from tests.samples.table import (
    ENDS,
    FOUND,
    End,
    Way,
    ends_of,
    every_file,
    expected,
    folder_of,
    lines,
    table,
    way_of,
    write,
)
from tests.samples.ways import WAYS

pytestmark = pytest.mark.samples

FILES: Final = every_file()


def test_every_sample_has_a_way_in_or_a_reason_why_it_has_none() -> None:
    assert [path for path in FILES if way_of(path, WAYS) is None] == []


def test_no_way_is_without_a_sample() -> None:
    used = {way_of(path, WAYS) for path in FILES}

    assert [way.files for way in WAYS if way not in used] == []


@pytest.mark.parametrize("folder", sorted({folder_of(path) for path in FILES}))
def test_each_file_of_a_folder_ends_as_it_was_read_and_found_right(
    folder: str, request: pytest.FixtureRequest
) -> None:
    found = {
        path: ends_of(path, way)
        for path in FILES
        if folder_of(path) == folder and (way := way_of(path, WAYS)) is not None
    }

    request.config.stash.setdefault(FOUND, {}).update(found)
    # Of what no source carries the reason stands in its way; the file names are not ours to keep.
    told = {path: lines(its) for path, its in found.items() if its[0][0] != "not-carried"}
    if request.config.getoption("--update-golden") and told:
        write(folder, told)
    assert told == expected(folder)


def test_nothing_is_expected_of_a_folder_that_is_not_there() -> None:
    carried = [path for path in FILES if isinstance(way_of(path, WAYS), Way)]

    assert {path.stem for path in ENDS.glob("*.json")} == {folder_of(path) for path in carried}


def test_the_table_counts_every_fact_by_its_folder() -> None:
    found: dict[str, list[End]] = {
        "a/1.xml": [("to-linking", "admitted")],
        "a/2.xml": [("to-linking", "admitted"), ("parked-unsupported", "subject-missing")],
    }

    assert list(table(found)) == [
        "a: 2 files",
        "     1  parked-unsupported  subject-missing",
        "     2  to-linking          admitted",
    ]
