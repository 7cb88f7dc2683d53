"""Alerts created at a FHIR server over HTTP: once each, in order, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from kinbridge.sending.agent import Courier
from kinbridge.sending.decide import task
from kinbridge.sending.destination import Answer, Said
from kinbridge.sending.fhir import FhirServer
from kinbridge.sending.state import Errand
from kinbridge_schemas.alerts import Attempt, Dispatch, TeamAlert
from kinbridge_schemas.base import derive_id
from tests.adapters.fhir.test_outbound import NUMBER, a_full_concern, alerts
from tests.services.consolidation.builders import minutes, withdrawn
from tests.services.delivery.test_delivery import a_delivery, deliver, dispatches, revisions
from tests.services.delivery.test_delivery import a_subscription as a_receiver_of
from tests.services.sending.builders import NAME, START, Line, a_dispatch, a_subscription
from tests.services.sending.fhir_server import TOKEN, FhirServerStub, a_fhir_server, outcome


@asynccontextmanager
async def a_courier(base: str, token: str = TOKEN) -> AsyncIterator[Courier]:
    destination = FhirServer(SecretStr(base), SecretStr(token))
    courier = Courier({NAME: destination}, clock=lambda: START)
    try:
        yield courier
    finally:
        await courier.close()


def an_errand(alert: TeamAlert, number: int = 1) -> Errand:
    of_it = {
        "id": derive_id("dispatch", alert.id),
        "alert": alert.alert,
        "revision": alert.revision,
        "reason": alert.reason,
        "urgency": alert.urgency,
        "shown": alert,
    }
    dispatch = a_dispatch().model_copy(update=of_it)
    return Errand(dispatch=dispatch, sequence=1, number=number, due=START)


async def attempted(courier: Courier, errand: Errand) -> Attempt:
    output = await courier(NAME, task(errand))
    assert isinstance(output.body, Attempt)
    return output.body


async def test_an_alert_and_its_request_are_created() -> None:
    (alert,) = alerts(a_full_concern())
    with a_fhir_server() as server:
        async with a_courier(f"{server.base}/") as courier:
            attempt = await attempted(courier, an_errand(alert))

    assert (attempt.outcome, attempt.status) == ("delivered", 201)
    assert [held["resourceType"] for held in server.held] == ["Communication", "Task"]
    assert server.asked == [
        ("/fhir/R4/Communication", f"identifier=urn:kinbridge:alert-revision|{alert.alert}.r1"),
        ("/fhir/R4/Task", "identifier=urn:kinbridge:health-information-request|request-0123"),
    ]


async def test_a_repeat_makes_no_second() -> None:
    (alert,) = alerts(a_full_concern())
    with a_fhir_server() as server:
        async with a_courier(server.base) as courier:
            await attempted(courier, an_errand(alert))
            again = await attempted(courier, an_errand(alert, number=2))

    assert (again.outcome, again.status) == ("delivered", 200)
    assert len(server.held) == 2


async def test_an_attempt_that_broke_off_in_the_middle_is_made_whole_by_the_next() -> None:
    (alert,) = alerts(a_full_concern())
    with a_fhir_server() as server:
        async with a_courier(server.base) as courier:
            server.refuse = [(503, "transient")]
            first = await attempted(courier, an_errand(alert))
            held_then = len(server.held)
            second = await attempted(courier, an_errand(alert, number=2))

    assert (first.outcome, held_then) == ("try-later", 0)
    assert second.outcome == "delivered"
    assert [held["resourceType"] for held in server.held] == ["Communication", "Task"]


async def test_nothing_of_a_person_is_in_an_address_or_a_condition() -> None:
    (alert,) = alerts(a_full_concern())
    with a_fhir_server() as server:
        async with a_courier(server.base) as courier:
            await attempted(courier, an_errand(alert))

    assert NUMBER not in str(server.asked)
    assert NUMBER in str(server.held)


async def test_a_server_that_holds_a_name_twice_is_for_a_person_to_look_at() -> None:
    (alert,) = alerts(a_full_concern())
    with a_fhir_server() as server:
        async with a_courier(server.base) as courier:
            await attempted(courier, an_errand(alert))
            server.held.append(server.held[0])
            attempt = await attempted(courier, an_errand(alert, number=2))

    assert (attempt.outcome, attempt.reason) == ("refused", "held-more-than-once")


async def test_a_wrong_token_is_tried_again_when_it_is_mended() -> None:
    (alert,) = alerts(a_full_concern())
    with a_fhir_server() as server:
        async with a_courier(server.base, "another") as courier:
            shut_out = await attempted(courier, an_errand(alert))
        async with a_courier(server.base) as courier:
            let_in = await attempted(courier, an_errand(alert, number=2))

    assert (shut_out.outcome, shut_out.reason) == ("try-later", "not-let-in")
    assert let_in.outcome == "delivered"


@pytest.mark.parametrize(
    ("status", "issue", "expected", "reason"),
    [
        (200, "", "delivered", "accepted"),
        (201, "", "delivered", "accepted"),
        (301, "", "refused", "status-301"),
        (400, "structure", "refused", "fhir-structure"),
        (401, "login", "try-later", "not-let-in"),
        (403, "forbidden", "try-later", "not-let-in"),
        (404, "not-supported", "refused", "status-404"),
        (409, "conflict", "try-later", "status-409"),
        (410, "deleted", "gone", "gone"),
        (412, "multiple-matches", "refused", "held-more-than-once"),
        (422, "invariant", "refused", "fhir-invariant"),
        (422, NUMBER, "refused", "fhir-refused"),
        (429, "throttled", "try-later", "status-429"),
        (500, "exception", "try-later", "status-500"),
        (503, "transient", "try-later", "status-503"),
    ],
)
async def test_each_answer_of_a_server_has_one_outcome(
    status: int, issue: str, expected: str, reason: str
) -> None:
    (alert,) = alerts(a_full_concern())
    with a_fhir_server() as server:
        server.refuse = [(status, issue)] * 2
        async with a_courier(server.base) as courier:
            attempt = await attempted(courier, an_errand(alert))

    assert (attempt.outcome, attempt.reason, attempt.status) == (expected, reason, status)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"issue":[]}', b'{"issue":[{"code":7}]}', b"\xff" * 10]
)
def test_a_refusal_that_does_not_say_why_is_a_refusal(body: bytes) -> None:
    server = FhirServer(SecretStr("https://fhir.example/R4"), SecretStr(TOKEN))

    assert server.judged(Said(422, "", body), START) == Answer("refused", "fhir-refused", 422)


@pytest.mark.parametrize(
    ("url", "token", "what"),
    [
        pytest.param("http://fhir.example/R4", TOKEN, "address", id="not https"),
        pytest.param("https://fhir.example/R4?a=1", TOKEN, "address", id="with a query"),
        pytest.param("https://fhir.example/R4#a", TOKEN, "address", id="with a fragment"),
        pytest.param("https://fhir.example/R4", "", "secret", id="no token"),
        pytest.param("https://fhir.example/R4", "two words", "secret", id="no bearer token"),
        pytest.param("https://fhir.example/R4", "a\r\nb: c", "secret", id="another header"),
    ],
)
def test_what_cannot_be_sent_safely_stops_the_start_and_is_not_shown(
    url: str, token: str, what: str
) -> None:
    with pytest.raises(ValueError, match=rf"The {what} of {NAME}") as raised:
        Courier({NAME: FhirServer(SecretStr(url), SecretStr(token))})

    assert url not in str(raised.value)


async def test_a_dispatch_of_a_webhook_is_refused_by_a_server_that_took_its_name() -> None:
    errand = Errand(dispatch=a_dispatch(), sequence=1, due=START)
    with a_fhir_server() as server:
        async with a_courier(server.base) as courier:
            attempt = await attempted(courier, errand)

    assert (attempt.outcome, attempt.reason) == ("refused", "nothing-to-send")
    assert server.asked == []


async def carried(server: FhirServerStub, told: list[Dispatch]) -> Line:
    """Let dispatches through the queue, each attempt made over HTTP."""
    line = Line(a_subscription(kind="fhir"))
    async with a_courier(server.base) as courier:
        for dispatch in told:
            line.hear(dispatch)
            while line.task is not None:
                line.now = max(line.now, line.task.due)
                line.hear(await attempted(courier, line.errand))
    return line


async def test_an_alarm_and_its_correction_arrive_in_order_each_once() -> None:
    first = a_full_concern()
    said = revisions(first, withdrawn(first, at=START + minutes(1)))
    _, outputs = deliver(a_delivery(a_receiver_of(NAME, kind="fhir")), said)

    with a_fhir_server() as server:
        server.refuse = [(503, "transient")]
        line = await carried(server, dispatches(outputs) * 2)

    assert line.ends() == [(1, "delivered"), (2, "delivered")]
    reasons = [c["reasonCode"][0]["coding"][0]["code"] for c in server.of_kind("Communication")]
    assert reasons == ["first", "correction"]
    assert [t["status"] for t in server.of_kind("Task")] == ["requested", "cancelled"]


async def test_a_webhook_is_told_nothing_that_a_fhir_server_is_told() -> None:
    said = revisions(a_full_concern())
    hook, server = a_receiver_of("hook"), a_receiver_of("server", kind="fhir")

    _, outputs = deliver(a_delivery(hook, server), said)

    shown = {d.subscription: d.shown for d in dispatches(outputs)}
    assert shown["hook"] is None
    assert isinstance(shown["server"], TeamAlert)


async def test_what_is_refused_is_raised_to_operations() -> None:
    _, outputs = deliver(a_delivery(a_receiver_of(NAME, kind="fhir")), revisions(a_full_concern()))

    with a_fhir_server() as server:
        server.refuse = [(422, "invalid")]
        line = await carried(server, dispatches(outputs))

    assert [(d.end, d.reason, d.raises) for d in line.ended] == [("refused", "fhir-invalid", True)]


def test_the_stub_says_what_is_wrong_as_a_server_does() -> None:
    stub = FhirServerStub()

    assert stub.create("Task", b'{"resourceType":"Task"}', "identifier=a|b") == (
        422,
        outcome("invalid"),
    )
