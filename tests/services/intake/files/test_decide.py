"""Which loads are complete, and what is written of one."""

from __future__ import annotations

from datetime import date

import pytest

from kinbridge.intake.files.decide import Seen, complete, is_load
from kinbridge.intake.files.taking import taking
from kinbridge.sources.model import Sources

ONE = (("a.csv", 10, 1),)
GROWN = (("a.csv", 20, 2),)
MARK = (("a.csv.done", 0, 1),)


@pytest.mark.parametrize(
    ("before", "now", "by", "ready"),
    [
        pytest.param({}, {"a.csv": ONE}, "rename", (), id="seen once"),
        pytest.param({"a.csv": ONE}, {"a.csv": ONE}, "rename", ("a.csv",), id="seen twice"),
        pytest.param({"a.csv": ONE}, {"a.csv": GROWN}, "rename", (), id="still growing"),
        pytest.param({"a.csv": ONE}, {"a.csv": ONE}, "marker", (), id="no marker"),
        pytest.param(
            {"a.csv": ONE}, {"a.csv": ONE, "a.csv.done": MARK}, "marker", ("a.csv",), id="marker"
        ),
        pytest.param(
            {"a.csv": ONE},
            {"a.csv": GROWN, "a.csv.done": MARK},
            "marker",
            (),
            id="marker too soon",
        ),
        pytest.param({"a": ()}, {"a": ()}, "rename", (), id="an empty folder"),
        pytest.param({"a.csv.done": MARK}, {"a.csv.done": MARK}, "marker", (), id="marker alone"),
    ],
)
def test_a_load_is_complete_when_two_looks_agree_and_it_is_said_to_be(
    before: Seen, now: Seen, by: str, ready: tuple[str, ...]
) -> None:
    assert complete(before, now, "marker" if by == "marker" else "rename") == ready


@pytest.mark.parametrize(
    "name", [".hidden.csv", "a.csv.part", "A.TMP", "a.filepart", "taken", "Refused", "a.done"]
)
def test_what_is_being_written_and_what_is_ours_is_no_load(name: str) -> None:
    assert not is_load(name)


def test_a_kind_is_taken_only_where_it_is_configured() -> None:
    assert taking(Sources(), "209.example", "case-extract") is None
    assert taking(Sources(), "209.example", "hl7v2") is None
    assert taking(Sources(), "209.example", "cin-census") is not None


def test_a_load_that_tells_all_says_since_when_and_of_which_day() -> None:
    found = taking(Sources(), "209.example", "ssda903", complete_days=31)

    assert found is not None
    loading = found.loading(date(2026, 3, 31))
    assert (loading.complete_since, loading.as_of) == (date(2026, 2, 28), date(2026, 3, 31))
