"""The stage retrieval with its agent and a PDS over HTTP, as time goes by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Final

import pytest

from kinbridge.retrieval.pace import Pace
from kinbridge_schemas.identifiers import NhsNumber
from tests.adapters.fhir.pds import patient, relative
from tests.builders import PSEUDONYMS
from tests.services.linking.desk import number
from tests.services.retrieval.pds_asking import (
    START,
    AskingLine,
    Clock,
    a_question,
    agent_of,
    pds,
    performing,
)
from tests.services.retrieval.pds_stub import PdsStub
from tests.services.retrieval.test_queue import most_in_a_window

ADA, BEN = number(3).reveal(), number(4).reveal()
PEOPLE: Final = [number(n).reveal() for n in range(12)]


@pytest.fixture
def line(stub: PdsStub, clock: Clock) -> Iterator[Callable[..., AskingLine]]:
    """Give the stage; all of it is closed at the end."""
    with ExitStack() as open_:

        def made(**changes: object) -> AskingLine:
            found = pds(**changes)
            performs = open_.enter_context(performing(agent_of(stub, found)))
            return AskingLine(stub, performs, clock, found)

        yield made


def test_many_people_are_asked_about_and_the_bucket_is_never_exceeded(
    line: Callable[..., AskingLine], stub: PdsStub
) -> None:
    stub.records = {who: patient(who) for who in PEOPLE}
    asking = line()
    asking.ask(*(a_question(who, why="case-opened") for who in PEOPLE))

    asking.until_answered()

    times = [seen.at for seen in stub.asked]
    assert len(times) == len(PEOPLE)
    assert most_in_a_window(times, Pace(5, 5, timedelta(hours=4))) <= 0
    assert times[-1] - START == timedelta(seconds=1.4)
    assert {answer.end for answer, _ in asking.answers()} == {"answered"}
    assert len(stub.tokens) == 1


def test_too_often_and_away_and_then_an_answer(
    line: Callable[..., AskingLine], stub: PdsStub
) -> None:
    stub.records[ADA] = patient(ADA)
    stub.refuse = [(429, {"retry-after": "30"}), (503, {}), (500, {})]
    asking = line()
    asking.ask(a_question(ADA))

    asking.until_answered()

    since = [(seen.at - START).total_seconds() for seen in stub.asked]
    assert since[0] == 0
    assert since[1] >= 30
    assert len(since) == 4
    assert sorted(since) == since
    ((answer, content),) = asking.answers()
    assert (answer.end, answer.version) == ("answered", 2)
    assert ADA.encode() in content
    assert asking.reasons()["try-later"] == 3


def test_one_that_is_never_answered_ends_with_that_and_the_others_are_answered(
    line: Callable[..., AskingLine], stub: PdsStub, clock: Clock
) -> None:
    asking = line(within=timedelta(minutes=20))
    stub.records = {ADA: patient(ADA), BEN: patient(BEN)}
    stub.refuse = [(503, {})] * 200
    asking.ask(a_question(ADA))

    asking.until_answered()
    tried = len(stub.asked)
    stub.refuse = []
    asking.ask(a_question(BEN))
    asking.until_answered()

    ends = [(answer.nhs_number.reveal(), answer.end) for answer, _ in asking.answers()]
    assert sorted(ends) == sorted([(ADA, "no-answer"), (BEN, "answered")])
    assert 5 < tried < 40
    assert clock.now - START < timedelta(minutes=40)


def test_what_comes_out_is_received_bytes_with_the_route_that_reads_them(
    line: Callable[..., AskingLine], stub: PdsStub
) -> None:
    stub.records[ADA] = patient(ADA)
    stub.relatives[ADA] = [relative(BEN)]
    asking = line()
    asking.ask(a_question(ADA, related=True))

    asking.until_answered()

    received = asking.messages("received.retrieved")
    assert {message.envelope.source for message in received} == {
        "pds-patient:pds",
        "pds-related-persons:pds",
    }
    person = PSEUDONYMS.of_nhs_number(NhsNumber(ADA))
    assert {answer.person for answer, _ in asking.answers()} == {person}
    shown = "\n".join(f"{message.key} {message.envelope!r}" for message in received)
    assert ADA not in shown


def test_a_superseded_number_and_one_that_is_invalidated_come_back_as_they_are(
    line: Callable[..., AskingLine], stub: PdsStub
) -> None:
    stub.records[ADA] = patient(BEN)
    stub.invalidated.add(PEOPLE[0])
    asking = line()
    asking.ask(a_question(ADA), a_question(PEOPLE[0]))

    asking.until_answered()

    found = {
        answer.nhs_number.reveal(): (answer.end, content) for answer, content in asking.answers()
    }
    assert found[ADA][0] == "answered"
    assert BEN.encode() in found[ADA][1]
    assert found[PEOPLE[0]][0] == "no-record"
    assert b"INVALIDATED" in found[PEOPLE[0]][1]


def test_many_questions_about_ten_people_wait_as_ten(
    line: Callable[..., AskingLine], stub: PdsStub
) -> None:
    stub.records = {who: patient(who) for who in PEOPLE[:10]}
    stub.refuse = [(503, {"retry-after": "3600"})]
    asking = line()
    asking.ask(
        *(a_question(PEOPLE[n % 10], why="case-opened", cause=f"event-{n}") for n in range(200))
    )

    # The one on its way was begun, and is asked again for what came after.
    assert asking.waits() <= 11
    asking.until_answered()
    assert {answer.end for answer, _ in asking.answers()} == {"answered"}
