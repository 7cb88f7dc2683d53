"""The outside of sending, against a real HTTP server: signed, thin, bounded, and never raising."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from typing import Any, Final

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from kinbridge.sending.agent import Courier, wall_clock
from kinbridge.sending.decide import task
from kinbridge.sending.destination import Answer, Said, by_status
from kinbridge.sending.state import Errand
from kinbridge.sending.webhook import WebhookReceiver
from kinbridge_schemas.alerts import Attempt
from tests.services.sending.builders import NAME, START, a_dispatch
from tests.services.sending.receiver import a_receiver

SECRET: Final = "whsec_dGhlIHNlY3JldCBvZiBhIHRlc3Q="  # noqa: S105 - of these tests only
_QUICK: Final = httpx.Timeout(0.2, connect=0.2)


@asynccontextmanager
async def an_agent(url: str, **changes: Any) -> AsyncIterator[Courier]:
    agent = Courier({NAME: WebhookReceiver(SecretStr(url), SecretStr(SECRET))}, **changes)
    try:
        yield agent
    finally:
        await agent.close()


def an_errand(number: int = 1, sequence: int = 7) -> Errand:
    return Errand(
        dispatch=a_dispatch(), sequence=sequence, previous=sequence - 1, number=number, due=START
    )


def judged(status: int, retry_after: str) -> Answer:
    return by_status(Said(status, retry_after, b""), START)


async def attempted(agent: Courier, errand: Errand | None = None, key: str = NAME) -> Attempt:
    output = await agent(key, task(errand or an_errand()))
    assert isinstance(output.body, Attempt)
    assert (output.topic, output.key) == ("attempts", key)
    return output.body


async def test_what_arrives_is_signed_and_verifies_at_the_receiver() -> None:
    with a_receiver() as receiver:
        async with an_agent(receiver.url) as agent:
            attempt = await attempted(agent)

    sent = receiver.received[0]
    said = Webhook(SECRET).verify(sent.body, sent.headers)
    assert attempt.outcome == "delivered"
    assert said["data"]["sequence"] == 7
    assert sent.headers["webhook-id"] == a_dispatch().id


async def test_what_arrives_is_thin() -> None:
    with a_receiver() as receiver:
        async with an_agent(receiver.url) as agent:
            await attempted(agent)

    said = json.loads(receiver.received[0].body)
    assert set(said) == {"type", "timestamp", "data"}
    assert set(said["data"]) == {
        "alert",
        "authority",
        "team",
        "team_code",
        "revision",
        "reason",
        "urgency",
        "state",
        "sequence",
        "previous_sequence",
    }


async def test_a_repeated_attempt_has_the_same_id_and_body_and_a_time_of_its_own() -> None:
    times = iter([wall_clock(), wall_clock(), *[wall_clock() + timedelta(seconds=90)] * 2])
    with a_receiver() as receiver:
        async with an_agent(receiver.url, clock=lambda: next(times, wall_clock())) as agent:
            first = await attempted(agent)
            second = await attempted(agent, an_errand(number=2))

    one, two = receiver.received
    assert one.body == two.body
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert one.headers["webhook-signature"] != two.headers["webhook-signature"]
    assert first.id != second.id
    Webhook(SECRET).verify(two.body, two.headers)


async def test_the_same_attempt_made_twice_has_one_id() -> None:
    with a_receiver() as receiver:
        async with an_agent(receiver.url) as agent:
            ids = {(await attempted(agent)).id for _ in range(2)}

    assert len(ids) == 1


_LATER = {408, 409, 423, 425, 429}


@pytest.mark.parametrize("status", range(200, 600))
def test_each_status_has_one_outcome(status: int) -> None:
    answer = judged(status, "")

    if status < 300:
        expected = "delivered"
    elif status == 410:
        expected = "gone"
    elif status >= 500 or status in _LATER:
        expected = "try-later"
    else:
        expected = "refused"
    assert (answer.outcome, answer.status) == (expected, status)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (302, "refused"),
        (400, "refused"),
        (404, "refused"),
        (410, "gone"),
        (429, "try-later"),
        (503, "try-later"),
    ],
)
async def test_the_status_that_a_destination_answers_decides(status: int, outcome: str) -> None:
    headers = {"location": "http://127.0.0.1:1/elsewhere"}
    with a_receiver(status=status, headers=headers, body=b"") as receiver:
        async with an_agent(receiver.url) as agent:
            attempt = await attempted(agent)

    assert (attempt.outcome, attempt.status) == (outcome, status)
    assert len(receiver.received) == 1


def test_a_destination_may_ask_for_a_day_at_most() -> None:
    assert judged(503, "9999999").after_seconds == 86_400


async def test_a_destination_that_asks_for_time_is_heard() -> None:
    with a_receiver(status=429, headers={"retry-after": "17"}) as receiver:
        async with an_agent(receiver.url) as agent:
            attempt = await attempted(agent)

    assert (attempt.outcome, attempt.after_seconds) == ("try-later", 17)


async def test_silence_is_tried_later() -> None:
    with a_receiver(silent=True) as receiver:
        async with an_agent(receiver.url, timeout=_QUICK) as agent:
            attempt = await attempted(agent)

    assert (attempt.outcome, attempt.reason) == ("try-later", "timed-out")


async def test_an_answer_that_drips_ends_with_the_time_for_an_attempt() -> None:
    with a_receiver(drips=True) as receiver:
        async with an_agent(receiver.url, within=0.3) as agent:
            attempt = await attempted(agent)

    assert (attempt.outcome, attempt.reason) == ("try-later", "timed-out")


async def test_a_long_answer_is_not_read_to_its_end() -> None:
    with a_receiver(body=b"x" * 5_000_000) as receiver:
        async with an_agent(receiver.url) as agent:
            attempt = await attempted(agent)

    assert attempt.outcome == "delivered"


async def test_what_is_not_http_is_tried_later() -> None:
    with a_receiver(rubbish=True) as receiver:
        async with an_agent(receiver.url) as agent:
            attempt = await attempted(agent)

    assert (attempt.outcome, attempt.reason) == ("try-later", "not-reached")


async def test_a_closed_door_is_tried_later() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with an_agent(f"http://127.0.0.1:{port}/hook") as agent:
        attempt = await attempted(agent)

    assert (attempt.outcome, attempt.reason) == ("try-later", "not-reached")


async def test_a_destination_without_a_certificate_is_not_talked_to() -> None:
    with a_receiver() as receiver:
        async with an_agent(f"https://127.0.0.1:{receiver.port}/hook") as agent:
            attempt = await attempted(agent)

    assert (attempt.outcome, attempt.reason) == ("try-later", "not-reached")
    assert receiver.received == []


async def test_one_destination_that_is_silent_holds_no_other_up() -> None:
    with a_receiver(silent=True) as silent, a_receiver() as quick:
        destinations = {
            "silent": WebhookReceiver(SecretStr(silent.url), SecretStr(SECRET)),
            "quick": WebhookReceiver(SecretStr(quick.url), SecretStr(SECRET)),
        }
        agent = Courier(destinations, timeout=_QUICK)
        first = await attempted(agent, key="quick")
        late = await attempted(agent, key="silent")
        again = await attempted(agent, key="quick")
        await agent.close()

    assert [a.outcome for a in (first, late, again)] == ["delivered", "try-later", "delivered"]


async def test_a_subscription_without_a_destination_waits_for_one() -> None:
    agent = Courier({})

    attempt = await attempted(agent, key="case-system")

    assert (attempt.outcome, attempt.reason) == ("try-later", "no-destination")


@pytest.mark.parametrize(
    ("url", "secret", "what"),
    [
        pytest.param("https://receiver.example/hook", "", "secret", id="empty secret"),
        pytest.param("https://receiver.example/hook", "plaintext", "secret", id="no base64"),
        pytest.param("http://receiver.example/hook", SECRET, "address", id="not https"),
        pytest.param("ftp://receiver.example/hook", SECRET, "address", id="not HTTP at all"),
        pytest.param("receiver.example/hook", SECRET, "address", id="no scheme"),
        pytest.param("https://[::1", SECRET, "address", id="no URL"),
    ],
)
def test_what_cannot_be_sent_safely_stops_the_start_and_is_not_shown(
    url: str, secret: str, what: str
) -> None:
    with pytest.raises(ValueError, match=rf"The {what} of {NAME}") as raised:
        Courier({NAME: WebhookReceiver(SecretStr(url), SecretStr(secret))})

    assert url not in str(raised.value)
    assert secret == "" or secret not in str(raised.value)


def test_the_clock_of_the_agent_has_a_zone() -> None:
    assert wall_clock().tzinfo is UTC
    assert wall_clock() <= wall_clock()
