"""Exactly the next number of a source is taken, whatever is lost, repeated or sent again."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.runtime.sequence import Numbered, Verdict, judge, numbered, source_name
from kinbridge_schemas.problems import UnreadableError


@pytest.mark.parametrize(
    ("expected", "number", "truncated", "verdict"),
    [
        pytest.param(5, 5, False, Verdict.NEXT, id="the next one"),
        pytest.param(5, 4, False, Verdict.REPEAT, id="one it has had"),
        pytest.param(5, 6, False, Verdict.BEYOND, id="one too far"),
        pytest.param(None, 0, False, Verdict.NEXT, id="the first of a new source"),
        pytest.param(None, 3, False, Verdict.BEYOND, id="a new source whose first is missing"),
        pytest.param(None, 3, True, Verdict.NEXT, id="the first that the topic still has"),
        pytest.param(5, 9, True, Verdict.BEYOND, id="too far, of a source known since"),
    ],
)
def test_verdicts(expected: int | None, number: int, truncated: bool, verdict: Verdict) -> None:
    assert judge(expected, number, truncated=truncated) is verdict


@given(seed=st.integers(0, 100_000), count=st.integers(0, 60), batch=st.integers(1, 9))
def test_failed_sends_lose_nothing_and_repeat_nothing(seed: int, count: int, batch: int) -> None:
    """A sender that loses some of a batch, and starts over from the first it knows is lost."""
    chance, log = Random(seed), list[int]()
    for start in range(0, count, batch):
        rest = list(range(start, min(start + batch, count)))
        while rest:
            lost = [n for n in rest if chance.random() < 0.3]
            log += [n for n in rest if n not in lost]
            rest = rest[rest.index(lost[0]) :] if lost else []

    taken: list[int] = []
    for number in log:
        if judge(len(taken) if taken else None, number, truncated=False) is Verdict.NEXT:
            taken.append(number)

    assert taken == list(range(count))


def test_a_record_from_outside_has_no_number() -> None:
    assert numbered({"ce_id": b"x"}) is None


@pytest.mark.parametrize("number", [b"", b"one", b"\xff", b"1.5"])
def test_a_number_that_is_none_cannot_be_read(number: bytes) -> None:
    with pytest.raises(UnreadableError, match="sequence-header-invalid"):
        numbered({"src": b"mapping/1.1/3", "seq": number})


def test_a_source_names_its_generation_and_its_clock_does_not() -> None:
    source = source_name("mapping", 2, 5, 3)

    found = numbered({"src": source.encode(), "seq": b"7"})

    assert (source, found) == ("mapping/2.5/3", Numbered("mapping/2.5/3", 7))
    assert found is not None
    assert found.writer == "mapping/3"
