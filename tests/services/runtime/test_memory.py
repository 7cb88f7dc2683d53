"""The line in memory: any order of batches, any repetition and any split give the same."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.runtime.memory import Line, StoppedError
from tests.services.runtime.counting import (
    STAGES,
    codec,
    envelope_of,
    minutes,
    thing,
    topics,
)
from tests.services.runtime.model import expected_states


def line(seed: int | None = None) -> Line:
    return Line(STAGES, topics(), codec(), disorder=None if seed is None else Random(seed))


def states(played: Line) -> dict[str, dict[str, object]]:
    return {stage.name: played.states(stage.name) for stage in STAGES}


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 120), ticks=st.integers(0, 3))
def test_disorder_changes_no_state_and_loses_no_output(seed: int, count: int, ticks: int) -> None:
    played = line(seed)

    for number in range(count):
        body = thing(number, keys=9)
        played.send("heads", body.key, body, envelope_of(body))
        if ticks and number % 17 == 0:
            played.tick(minutes(number))
    played.run()

    assert states(played) == expected_states(range(count), 9)
    assert len(played.outputs("threes")) == count


def test_the_clock_reaches_the_last_stage() -> None:
    played = line(seed=3)

    played.tick(minutes(5))
    played.run()

    assert {played.time(stage.name) for stage in STAGES} == {minutes(5)}


def test_an_unreadable_thing_becomes_a_dead_letter_and_counts_nowhere() -> None:
    played = line()
    body = thing(1, padding="unreadable")
    played.send("heads", body.key, body, envelope_of(body))

    played.run()

    [letter] = played.outputs("dead-letters")
    assert (letter.body.reason, letter.body.content) == (  # type: ignore[attr-defined]
        "padding-unreadable",
        codec().encode(body),
    )
    assert states(played) == {"one": {}, "two": {}, "three": {}}


def test_a_fault_of_ours_stops_the_line_and_names_the_place_only() -> None:
    played = line()
    body = thing(1, padding="bug")
    played.send("heads", body.key, body, envelope_of(body))

    with pytest.raises(StoppedError, match=r"ZeroDivisionError at counting\.py") as stopped:
        played.run()

    assert body.key not in str(stopped.value)
