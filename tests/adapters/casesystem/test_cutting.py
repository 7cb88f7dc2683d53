"""Rows of any number of tables, gathered by child in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge_casesystem.cutting import Row, gathered, rows_of
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.casesystem.loads import census, census_child, parts, referral

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ROWS = st.lists(
    st.builds(
        Row, CELL, st.sampled_from(["a", "b"]), st.dictionaries(st.sampled_from("xyz"), CELL)
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, at_once=st.integers(1, 8), seed=st.integers(0, 99))
def test_every_row_comes_to_its_child_however_they_come(
    rows: list[Row], at_once: int, seed: int
) -> None:
    mixed = Random(seed).sample(rows, len(rows))
    found = list(gathered(mixed, {}, at_once=at_once))
    read = [rows_of(part.content) for part in found]

    assert found == list(gathered(rows, {}))
    assert sorted(r.child for r in read) == sorted({row.child for row in rows})
    assert sum(len(table) for r in read for table in r.tables.values()) == len(rows)


def test_an_error_at_the_last_row_comes_before_the_first_part() -> None:
    def rows() -> Iterator[Row]:
        yield Row("C1", "a", {"x": "1"})
        raise UnreadableError("row-of-other-length")

    with pytest.raises(UnreadableError):
        next(gathered(rows(), {}, at_once=1))


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(count: int) -> int:
        rows = (Row(f"C{n * 7 % count}", "a", {"x": "y" * 100}) for n in range(count))
        tracemalloc.start()
        for _ in gathered(rows, {}, at_once=500):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(6_000) < 2 * peak(2_000)


def test_progress_is_told_and_ends_with_the_end() -> None:
    heard: list[tuple[int, int]] = []
    content = census(*(census_child(f"C{n}", referral()) for n in range(1_200)))
    parts("cin-census", {"cin.xml": content}, progress=lambda read, of: heard.append((read, of)))

    assert len(heard) > 2
    assert heard == sorted(heard)
    assert heard[-1] == (len(content), len(content))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"child": "C1"}', b"\xff"])
def test_what_is_no_part_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        rows_of(content)
