"""Questions for care in a queue: each kind of resource has its end, and some are called back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.retrieval import Retrieval, Retrieved
from tests.services.retrieval.care import a_question
from tests.services.retrieval.test_queue import Asked

HOUR = timedelta(hours=1)
NAMES = tuple(derive_id("retrieval", name) for name in "abc")


def question(name: str = NAMES[0], **changes: Any) -> Retrieval:
    return a_question(id=name, **changes)


def call_back(name: str = NAMES[0]) -> Retrieval:
    return question(derive_id("retrieval", "called-back", name), calls_back=name)


def steps(asked: Asked) -> list[tuple[str, str]]:
    return [(answer.step, answer.end) for answer in asked.ended]


def test_each_kind_of_resource_has_an_end_of_its_own() -> None:
    asked = Asked()
    asked.hear(question())
    asked.attempt("refused")
    asked.attempt("answered")

    assert steps(asked) == [("appointments", "no-answer"), ("encounters", "answered")]
    assert asked.queue.questions == ()


def test_a_server_that_knows_no_appointments_is_still_asked_for_encounters() -> None:
    asked = Asked()
    asked.hear(question())
    asked.attempt("no-record")
    asked.attempt("no-record")

    assert steps(asked) == [("appointments", "no-record"), ("encounters", "no-record")]


def test_after_its_time_every_kind_ends_without_an_answer() -> None:
    asked = Asked()
    asked.hear(question())
    while asked.queue.questions:
        asked.attempt("try-later")
        asked.now += HOUR

    assert steps(asked) == [("appointments", "no-answer"), ("encounters", "no-answer")]
    assert len(asked.attempts) >= 2


@pytest.mark.parametrize("why", ["strategy-discussion", "section-47"])
def test_what_somebody_waits_for_goes_first(why: str) -> None:
    asked = Asked()
    for name in NAMES[:2]:
        asked.hear(question(name))
    asked.hear(question(NAMES[2], why=why))

    assert [q.asked.id for q in asked.queue.questions] == [NAMES[2], NAMES[0], NAMES[1]]


@pytest.mark.parametrize("tried", [0, 1])
def test_a_question_that_is_called_back_is_not_asked_any_more(tried: int) -> None:
    asked = Asked()
    asked.hear(question())
    asked.hear(question(NAMES[1]))
    for _ in range(tried):
        asked.attempt("try-later")
    reason = asked.hear(call_back())

    assert reason == "called-back"
    assert [q.asked.id for q in asked.queue.questions] == [NAMES[1]]
    assert asked.errand.asked.id == NAMES[1]
    assert asked.ended == []


def test_what_comes_of_an_attempt_that_was_under_way_is_not_awaited() -> None:
    asked = Asked()
    asked.hear(question())
    asked.hear(question(NAMES[1]))
    under_way = asked.errand
    asked.hear(call_back())
    reason = asked.hear(
        Retrieved(
            id=derive_id("retrieved", "late"),
            destination=under_way.asked.destination,
            retrieval=under_way.asked.id,
            step=under_way.step,
            number=under_way.number,
            outcome="answered",
            reason="test",
            attempted=asked.now,
        )
    )

    assert reason == "attempt-not-awaited"
    assert (asked.ended, asked.errand.asked.id) == ([], NAMES[1])


def test_calling_back_what_does_not_wait_changes_nothing() -> None:
    asked = Asked()
    asked.hear(question())
    before = asked.queue

    assert asked.hear(call_back(NAMES[1])) == "not-waiting"
    assert asked.queue == before


Move = tuple[Literal["ask", "back", "answered", "try-later", "refused"], int]
_MOVES = st.lists(
    st.tuples(
        st.sampled_from(["ask", "back", "answered", "answered", "try-later", "refused"]),
        st.integers(0, len(NAMES) - 1),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(moves=_MOVES)
def test_every_question_ends_once_for_each_kind_or_was_called_back(moves: list[Move]) -> None:
    asked, wanted, back = Asked(), set[str](), set[str]()
    for move, which in moves:
        name = NAMES[which]
        if move == "ask" and name not in wanted:
            wanted.add(name)
            asked.hear(question(name))
        elif move == "back":
            if asked.hear(call_back(name)) == "called-back":
                back.add(name)
        elif move != "ask" and asked.queue.on_its_way is not None:
            asked.attempt(move)
    while asked.queue.on_its_way is not None:
        asked.attempt("answered")
    ends = [(answer.retrieval, answer.step) for answer in asked.ended]

    assert asked.queue.questions == ()
    assert len(ends) == len(set(ends))
    for name in wanted - back:
        assert {step for own, step in ends if own == name} == {"appointments", "encounters"}
