"""The census of the benchmark is what it says it is."""

from __future__ import annotations

from benchmarks.snapshots import measured


def test_a_child_has_six_facts_and_one_in_a_hundred_changes() -> None:
    first, changed = measured(150)

    assert (first.children, changed.children) == (150, 150)
    assert (first.events, changed.events) == (150 * 6, 2)
