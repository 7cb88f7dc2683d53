"""The outside of asking PDS, over HTTP: who asks, what comes of it, and what is logged."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from kinbridge.retrieval.access import KeyUnusableError
from kinbridge.retrieval.agent import Asking
from kinbridge.retrieval.decide import task
from kinbridge.retrieval.http import AddressError, checked, judged, version_of
from kinbridge.retrieval.state import Errand
from kinbridge.runtime.telemetry import start_telemetry
from kinbridge.sources.pds import Pds
from kinbridge_schemas.retrieval import PDS, Retrieved
from tests.adapters.fhir.pds import patient, relative
from tests.services.linking.desk import number
from tests.services.retrieval.pds_asking import START, Clock, a_question, agent_of, pds
from tests.services.retrieval.pds_stub import PdsStub

ADA: Final = number(3).reveal()
BEN: Final = number(4).reveal()
_MINUTE: Final = timedelta(minutes=1)


@asynccontextmanager
async def an_agent(
    stub: PdsStub, found: Pds | None = None, **changes: str
) -> AsyncIterator[Asking]:
    agent = agent_of(stub, found, **changes)
    try:
        yield agent
    finally:
        await agent.close()


async def asked(agent: Asking, who: str = ADA, step: str = "patient", n: int = 1) -> Retrieved:
    errand = Errand(asked=a_question(who, related=True), step=step, number=n, due=START)
    output = await agent(PDS, task(errand))
    assert isinstance(output.body, Retrieved)
    assert (output.topic, output.key) == ("retrieval-outcomes", PDS)
    return output.body


@pytest.fixture
def held(stub: PdsStub) -> PdsStub:
    """PDS with a record of Ada."""
    stub.records[ADA] = patient(ADA)
    return stub


# -- what is asked, and who asks


async def test_a_record_comes_back_with_its_version_and_its_own_bytes(held: PdsStub) -> None:
    async with an_agent(held) as agent:
        found = await asked(agent)

    assert (found.outcome, found.status, found.version) == ("answered", 200, 2)
    assert found.content_type == "application/fhir+json"
    assert ADA.encode() in found.content
    assert found.attempted == START


async def test_related_persons_are_asked_for_at_their_own_address(held: PdsStub) -> None:
    held.relatives[ADA] = [relative(BEN)]
    async with an_agent(held) as agent:
        found = await asked(agent, step="related-persons")

    assert found.outcome == "answered"
    assert BEN.encode() in found.content


async def test_one_token_serves_until_it_nears_its_end(held: PdsStub, clock: Clock) -> None:
    async with an_agent(held) as agent:
        for minutes in (0, 3, 9):
            clock.now = START + minutes * _MINUTE
            assert (await asked(agent)).outcome == "answered"
        kept = len(held.tokens)
        clock.now = START + 9.6 * _MINUTE
        renewed = await asked(agent)

    assert (kept, len(held.tokens), renewed.outcome) == (1, 2, "answered")


async def test_a_token_that_is_taken_no_more_is_renewed_for_the_next_attempt(
    held: PdsStub,
) -> None:
    async with an_agent(held) as agent:
        await asked(agent)
        held.revoke()
        denied = await asked(agent)
        again = await asked(agent, n=2)

    assert (denied.outcome, denied.reason) == ("try-later", "status-401")
    assert again.outcome == "answered"
    assert len(held.tokens) == 2


async def test_the_same_attempt_has_the_same_request_id_and_another_has_another(
    held: PdsStub,
) -> None:
    async with an_agent(held) as agent:
        for n in (1, 1, 2):
            await asked(agent, n=n)

    ids = [seen.headers["x-request-id"] for seen in held.asked]
    assert ids[0] == ids[1] != ids[2]
    assert all(str(UUID(each)) == each for each in ids)


async def test_the_organisation_is_named_where_the_agreement_asks_for_it(held: PdsStub) -> None:
    async with an_agent(held) as agent:
        await asked(agent)
    async with an_agent(held, pds(organisation="A1001")) as agent:
        await asked(agent)

    shown = [seen.headers.get("nhsd-end-user-organisation-ods") for seen in held.asked]
    assert shown == [None, "A1001"]


async def test_an_application_that_is_not_registered_waits_and_asks_for_no_record(
    held: PdsStub,
) -> None:
    async with an_agent(held, KINBRIDGE_PDS_CLIENT="somebody-else") as agent:
        found = await asked(agent)

    assert (found.outcome, found.reason) == ("try-later", "token-status-400")
    assert held.asked == []


async def test_a_key_that_cannot_sign_is_seen_at_the_start(stub: PdsStub) -> None:
    with pytest.raises(KeyUnusableError, match="private key of pds") as raised:
        agent_of(stub, KINBRIDGE_PDS_KEY="no key at all")

    assert "no key at all" not in str(raised.value)


@pytest.mark.parametrize(
    "address", ["http://pds.example/FHIR/R4", "ftp://127.0.0.1/", "pds.example", "http://[", ""]
)
def test_an_address_that_is_not_https_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(AddressError) as raised:
        checked(SecretStr(address), PDS)

    assert not address or address not in str(raised.value)


# -- what comes of it


MEANINGS: Final[tuple[tuple[int, dict[str, str], str, int | None], ...]] = (
    (429, {"retry-after": "7"}, "try-later", 7),
    (429, {}, "try-later", None),
    (503, {"retry-after": "0"}, "try-later", 0),
    (500, {}, "try-later", None),
    (408, {}, "try-later", None),
    (400, {}, "refused", None),
    (403, {}, "try-later", None),
    (302, {"location": "https://x.example/"}, "try-later", None),
)


async def test_what_a_status_means(held: PdsStub) -> None:
    held.refuse = [(status, headers) for status, headers, _, _ in MEANINGS]
    async with an_agent(held) as agent:
        found = [await asked(agent, n=n) for n in range(1, len(MEANINGS) + 1)]

    said = [(each.status, each.outcome, each.after_seconds) for each in found]
    assert said == [(status, outcome, after) for status, _, outcome, after in MEANINGS]
    assert {each.content for each in found} == {b""}
    # No redirect was followed, and nothing was asked twice.
    assert len(held.asked) == len(MEANINGS)


async def test_relatives_that_may_not_be_seen_are_not_asked_for_again(held: PdsStub) -> None:
    held.refuse = [(403, {})]
    async with an_agent(held) as agent:
        found = await asked(agent, step="related-persons")

    assert (found.outcome, found.status) == ("refused", 403)


def test_a_weekend_without_a_key_loses_no_signal() -> None:
    assert Pds(address_setting="KINBRIDGE_PDS").within >= timedelta(days=3)


def test_each_status_has_one_outcome() -> None:
    for status in range(200, 600):
        said = judged(httpx.Response(status), b"x", START)

        if status in {200, 404}:
            expected = "answered" if status == 200 else "no-record"
        elif status >= 500 or status in {401, 408, 425, 429}:
            expected = "try-later"
        else:
            expected = "refused"
        assert (said.outcome, said.status) == (expected, status)


@pytest.mark.parametrize(
    ("etag", "version"),
    [('W/"16"', 16), ('"4"', 4), ("", 0), ('W/"a"', 0), ('W/"٣"', 0), (f'W/"{"9" * 40}"', 0)],
)
def test_a_version_is_the_number_in_an_etag(etag: str, version: int) -> None:
    assert version_of(etag) == version


async def test_that_there_is_no_record_comes_with_the_reason(stub: PdsStub) -> None:
    stub.invalidated.add(ADA)
    async with an_agent(stub) as agent:
        found = await asked(agent)

    assert (found.outcome, found.status) == ("no-record", 404)
    assert b"INVALIDATED_RESOURCE" in found.content


async def test_an_answer_without_end_is_refused(held: PdsStub) -> None:
    held.records[ADA] = patient(ADA, name=[{"text": "a" * 4_100_000}])
    async with an_agent(held) as agent:
        found = await asked(agent)

    assert (found.outcome, found.reason) == ("refused", "answer-too-large")


async def test_a_server_that_is_not_there_is_asked_later(held: PdsStub) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/FHIR/R4"
        async with an_agent(held, KINBRIDGE_PDS=address) as agent:
            found = await asked(agent)

    assert (found.outcome, found.reason) == ("try-later", "not-reached")


async def test_a_destination_that_nobody_configured_is_an_outcome(stub: PdsStub) -> None:
    async with an_agent(stub) as agent:
        errand = Errand(asked=a_question(ADA), step="patient", number=1, due=START)
        output = await agent("elsewhere", task(errand))

    assert isinstance(output.body, Retrieved)
    assert output.body.reason == "destination-not-configured"


# -- nobody is named


async def test_the_http_library_writes_no_log_whatever_the_process_asks_of_logs(
    held: PdsStub, caplog: pytest.LogCaptureFixture
) -> None:
    for library in ("", "httpx", "httpcore", "httpcore.connection", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, library)
    held.refuse = [(503, {}), (302, {})]
    async with an_agent(held) as agent:
        for n in (1, 2, 3):
            await asked(agent, n=n)

    assert not any(record.name.startswith("http") for record in caplog.records)
    assert ADA not in caplog.text
    assert "/Patient/" not in caplog.text


async def test_what_we_say_of_a_fault_names_nobody_and_no_address(
    held: PdsStub, capfd: pytest.CaptureFixture[str]
) -> None:
    start_telemetry(level="debug")
    held.refuse = [(503, {})]
    async with an_agent(held) as agent:
        await asked(agent)

    out, err = capfd.readouterr()
    assert "retrieval.not-answered" in out + err
    assert not any(word in out + err for word in (ADA, "/Patient", "token-1", "127.0.0.1"))


async def test_what_is_given_back_prints_nobody(held: PdsStub) -> None:
    async with an_agent(held) as agent:
        found = await asked(agent)
        errand = Errand(asked=a_question(ADA), step="patient", number=1, due=START)

    assert ADA not in f"{errand!r} {task(errand)!r} {found.id} {found.retrieval}"
