"""Which question PDS is asked next, how often, and that every question ends."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.retrieval.decide import Retrieving, task
from kinbridge.retrieval.pace import Pace
from kinbridge.retrieval.stage import paces_of
from kinbridge.retrieval.state import Errand, Queue
from kinbridge.sources.model import Sources
from kinbridge.stage import At, Decision, Message
from kinbridge_schemas.base import Contract, derive_id
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.retrieval import PDS, Answer, Retrieval, Retrieved, unframed
from kinbridge_schemas.vocabulary import Role
from tests.builders import PSEUDONYMS
from tests.services.linking.desk import number
from tests.services.retrieval.pds_asking import START, a_question, pds

Outcome = Literal["answered", "no-record", "try-later", "refused"]

PACE: Final = Pace(per_second=5, burst=5, within=timedelta(hours=4))
ADA, BEN, CAT = (number(n).reveal() for n in range(3))


@dataclass
class Asked:
    """One queue, and an agent that the test plays."""

    paces: dict[str, Pace] = field(default_factory=lambda: {PDS: PACE})
    queue: Queue = field(default_factory=Queue)
    now: datetime = START
    ended: list[Answer] = field(default_factory=list)
    attempts: list[tuple[datetime, Errand]] = field(default_factory=list)

    def hear(self, body: Contract) -> str:
        envelope = Envelope(
            id=body.id, type=body.contract, source="test", recorded=self.now, correlation=body.id
        )
        stage = Retrieving(self.paces, PSEUDONYMS, "received.retrieved")
        message = Message("test", PDS, envelope, body)
        decision: Decision[Queue] = stage.decide(self.queue, message, At(self.now, self.now))
        self.queue = decision.state
        for output in decision.outputs:
            assert isinstance(output.body, Received)
            self.ended.append(unframed(output.body.content)[0])
        assert decision.task == (task(self.errand) if self.queue.on_its_way else None)
        return decision.reason

    def ask(self, who: str, **more: Any) -> str:
        return self.hear(a_question(who, **more))

    @property
    def errand(self) -> Errand:
        assert self.queue.on_its_way is not None
        return self.queue.on_its_way

    def attempt(
        self, outcome: Outcome = "answered", *, late: float = 0, after: int | None = None
    ) -> str:
        """Perform what is due, so many seconds late, and hear of it at once."""
        errand = self.errand
        self.now = max(self.now, errand.due) + timedelta(seconds=late)
        self.attempts.append((self.now, errand))
        return self.hear(_outcome(errand, outcome, self.now, after))

    def waiting(self) -> list[str]:
        return [question.asked.nhs_number.reveal() for question in self.queue.questions]

    def ends(self) -> list[tuple[str, str, str]]:
        return [(a.nhs_number.reveal(), a.step, a.end) for a in self.ended]


def _outcome(errand: Errand, outcome: Outcome, at: datetime, after: int | None) -> Retrieved:
    return Retrieved(
        id=derive_id("retrieved", errand.asked.id, errand.step, str(errand.number)),
        destination=PDS,
        retrieval=errand.asked.id,
        step=errand.step,
        number=errand.number,
        outcome=outcome,
        reason="test",
        after_seconds=after,
        attempted=at,
    )


def test_questions_are_asked_one_after_the_other_in_their_order() -> None:
    asked = Asked()
    for who in (ADA, BEN, CAT):
        asked.ask(who, why="case-opened")

    for _ in range(3):
        asked.attempt()

    assert asked.ends() == [(who, "patient", "answered") for who in (ADA, BEN, CAT)]
    assert asked.queue.on_its_way is None


def test_a_signal_goes_before_what_nobody_waits_for() -> None:
    asked = Asked()
    for who, why in ((ADA, "case-opened"), (BEN, "case-opened"), (CAT, "signal")):
        asked.ask(who, why=why)
    asked.attempt()

    asked.attempt()

    # The first was on its way already.
    assert [who for who, _, _ in asked.ends()] == [ADA, CAT]


def test_the_same_person_asked_about_twice_while_waiting_is_one_question() -> None:
    asked = Asked()
    asked.ask(BEN, why="case-opened")
    reasons = [asked.ask(ADA, why="case-opened"), asked.ask(ADA, why="case-opened", cause="e-2")]

    assert reasons == ["queued", "merged"]
    assert asked.waiting() == [BEN, ADA]


def test_a_merged_question_has_the_more_urgent_reason_and_all_that_was_wanted() -> None:
    asked = Asked()
    asked.ask(BEN, why="case-opened")
    asked.ask(ADA, why="case-opened", related=True)
    asked.ask(CAT, why="case-opened")

    asked.ask(ADA, why="signal", cause="e-2")

    assert asked.waiting() == [ADA, BEN, CAT]
    asked.attempt()
    asked.attempt()
    asked.attempt()
    assert asked.ends() == [
        (BEN, "patient", "answered"),
        (ADA, "patient", "answered"),
        (ADA, "related-persons", "answered"),
    ]


@pytest.mark.parametrize("child_first", [True, False])
def test_of_a_child_who_is_somebodys_mother_the_relatives_are_the_childs(
    *, child_first: bool
) -> None:
    asked = Asked()
    asked.ask(BEN, why="case-opened")
    for child in (child_first, not child_first):
        role = Role.CHILD if child else Role.MOTHER
        asked.ask(ADA, why="case-opened", cause=role.value, related=child, relation=role)

    for _ in range(3):
        asked.attempt()

    (_, *of_ada) = [(answer.step, answer.relation) for answer in asked.ended]
    assert of_ada == [("patient", Role.CHILD), ("related-persons", Role.CHILD)]


def test_a_question_that_was_begun_is_asked_again_for_a_reason_that_came_after() -> None:
    asked = Asked()
    asked.ask(ADA)
    asked.now += timedelta(seconds=1)

    asked.ask(ADA, cause="e-2")

    asked.attempt()
    asked.attempt()
    assert asked.ends() == [(ADA, "patient", "answered")] * 2


def test_a_repeat_of_a_question_or_of_an_outcome_changes_nothing() -> None:
    asked = Asked()
    asked.ask(ADA)
    again = asked.ask(ADA)
    errand = asked.errand
    asked.attempt()
    outcome = asked.hear(_outcome(errand, "answered", asked.now, None))

    assert (again, outcome) == ("question-repeated", "attempt-not-awaited")
    assert len(asked.ended) == 1


def test_whoever_pds_does_not_know_is_not_asked_about_again() -> None:
    asked = Asked()
    asked.ask(ADA, related=True)

    asked.attempt("no-record")

    assert asked.ends() == [(ADA, "patient", "no-record")]
    assert asked.queue.on_its_way is None


def test_a_refusal_ends_every_step_and_says_so() -> None:
    asked = Asked()
    asked.ask(ADA, related=True)

    asked.attempt("refused")

    assert asked.ends() == [(ADA, "patient", "no-answer"), (ADA, "related-persons", "no-answer")]


def test_one_whose_record_gives_a_fault_holds_up_nobody_else() -> None:
    asked = Asked()
    for who in (ADA, BEN, CAT):
        asked.ask(who)

    asked.attempt("try-later")
    asked.attempt()
    asked.attempt()

    assert [who for who, _, _ in asked.ends()] == [BEN, CAT]
    assert asked.waiting() == [ADA]


def test_the_destination_is_left_alone_for_as_long_as_it_asks() -> None:
    asked = Asked()
    asked.ask(ADA)
    asked.ask(BEN)

    asked.attempt("try-later", after=90)

    assert asked.errand.due >= asked.now + timedelta(seconds=90)


def test_a_wish_without_end_is_heard_for_an_hour() -> None:
    asked = Asked()
    asked.ask(ADA)

    asked.attempt("try-later", after=10**9)

    assert asked.errand.due <= asked.now + timedelta(hours=1)


def test_pauses_grow_are_spread_by_the_question_and_the_same_in_a_replay() -> None:
    def played() -> list[timedelta]:
        asked = Asked()
        asked.ask(ADA)
        for _ in range(12):
            asked.attempt("try-later")
        times = [at for at, _ in asked.attempts]
        return [b - a for a, b in itertools.pairwise(times)]

    pauses = played()
    assert pauses == played()
    assert timedelta(seconds=2) <= pauses[0] <= timedelta(seconds=2.5)
    assert pauses[5] > pauses[0] * 8
    assert max(pauses) <= timedelta(minutes=12.5)


def test_after_its_time_it_is_said_that_nobody_answered() -> None:
    asked = Asked()
    asked.ask(ADA)

    while asked.queue.on_its_way is not None:
        asked.attempt("try-later")

    assert asked.ends() == [(ADA, "patient", "no-answer")]
    assert timedelta(hours=4) <= asked.now - START <= timedelta(hours=4, minutes=13)


def test_what_waits_for_a_destination_that_is_gone_from_the_file_ends() -> None:
    asked = Asked()
    asked.ask(ADA)
    asked.ask(BEN)
    asked.paces = {}

    asked.ask(CAT)

    assert [end for _, _, end in asked.ends()] == ["no-answer"] * 3
    assert asked.queue.on_its_way is None
    assert {answer.reason for answer in asked.ended} == {"destination-not-configured"}


def test_another_contract_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="contract-unexpected"):
        Asked().hear(_NotAQuestion(id="other-1"))


class _NotAQuestion(Contract):
    contract = "Other/v1"


# -- the token bucket

_STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 40), st.sampled_from(["signal", "case-opened"])),
        st.tuples(
            st.just("attempt"),
            st.sampled_from([0.0, 0.001, 0.05, 0.19, 0.3, 2.0]),
            st.sampled_from(["answered", "no-record", "try-later", "refused"]),
        ),
        st.tuples(st.just("wait"), st.sampled_from([0.01, 0.2, 1.0, 30.0]), st.just("")),
    ),
    max_size=120,
)


_ATTEMPTS: Final = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.001, 0.05, 0.19, 0.3, 2.0]),
        st.sampled_from(["answered", "answered", "no-record", "try-later", "refused"]),
    ),
    min_size=9,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(attempts=_ATTEMPTS, per_second=st.integers(1, 7), burst=st.integers(1, 7))
def test_the_bucket_is_never_exceeded_whatever_comes(
    attempts: list[tuple[float, Outcome]], per_second: int, burst: int
) -> None:
    pace = Pace(per_second, burst, timedelta(hours=4))
    asked = Asked({PDS: pace})
    for n in range(20):
        asked.ask(number(n).reveal())
    for n, (late, outcome) in enumerate(attempts):
        asked.attempt(outcome, late=late)
        asked.ask(number(20 + n).reveal())

    assert most_in_a_window([at for at, _ in asked.attempts], pace) <= 0


def most_in_a_window(times: list[datetime], pace: Pace) -> float:
    """Give by how many requests any window held more than the bucket allows."""
    over = [
        (last - first + 1) - pace.burst - (times[last] - times[first]) / pace.interval
        for first in range(len(times))
        for last in range(first, len(times))
    ]
    return max(over, default=0)


@settings(max_examples=40, deadline=None)
@given(steps=_STEPS)
def test_every_question_ends_exactly_once_for_each_of_its_steps(
    steps: list[tuple[str, Any, Any]],
) -> None:
    asked = Asked()
    people: set[str] = set()
    for n, (what, one, other) in enumerate(steps):
        if what == "ask":
            people.add(number(one).reveal())
            asked.ask(number(one).reveal(), why=other, cause=f"event-{n}")
        elif what == "wait":
            asked.now += timedelta(seconds=one)
        elif asked.queue.on_its_way is not None:
            asked.attempt(other, late=one)
    while asked.queue.on_its_way is not None:
        asked.attempt()

    assert asked.queue.questions == ()
    assert {who for who, _, _ in asked.ends()} == people
    ends = [(answer.retrieval, answer.step) for answer in asked.ended]
    assert len(ends) == len(set(ends))


def test_the_pace_of_each_destination_is_the_file_of_sources() -> None:
    found = paces_of(Sources(pds=pds(per_second=3, burst=2, within=timedelta(hours=1))))

    assert found == {PDS: Pace(3, 2, timedelta(hours=1))}


def test_five_at_once_and_then_five_a_second() -> None:
    asked = Asked()
    for n in range(11):
        asked.ask(number(n).reveal())

    for _ in range(11):
        asked.attempt()

    since = [(at - START).total_seconds() for at, _ in asked.attempts]
    assert since == pytest.approx([0] * 5 + [0.2 * n for n in range(1, 7)])


def test_a_question_names_nobody_in_what_it_prints() -> None:
    question: Retrieval = a_question(ADA)

    assert ADA not in repr(question) + repr(Asked().queue)
    assert ADA not in question.id
