"""A provider's server is searched over HTTP: what it is asked, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kinbridge.retrieval.access import OpenAccess
from kinbridge.retrieval.agent import Asking
from kinbridge.retrieval.care.server import CareSearches
from kinbridge.retrieval.http import Clock
from kinbridge_schemas.retrieval import Retrieved
from kinbridge_schemas.vocabulary import DisclosureTier
from tests.services.retrieval.care import (
    NAME,
    NOW,
    NUMBER,
    TOKEN,
    a_question,
    a_server,
    an_agent,
    an_errand,
    attempted,
)
from tests.services.retrieval.care_server import (
    CareServerStub,
    Fault,
    a_care_server,
    a_patient,
    an_appointment,
    an_emergency,
)

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def running() -> Iterator[CareServerStub]:
    with a_care_server() as stub:
        yield stub


@pytest.fixture
def stub(running: CareServerStub) -> CareServerStub:
    fresh = running.fresh()
    fresh.holds[NUMBER] = [
        a_patient(NUMBER),
        *(an_appointment(f"a{n}", NOW - n * 10 * DAY) for n in range(1, 6)),
        an_appointment("too-old", NOW - 500 * DAY),
        an_emergency("e1", NOW - 20 * DAY),
    ]
    return fresh


async def asked(stub: CareServerStub, **changes: Any) -> Retrieved:
    """Make one attempt at the search for appointments."""
    async with an_agent(stub.base, a_server(**changes)) as agent:
        return await attempted(agent, an_errand())


def appointments(retrieved: Retrieved) -> list[str]:
    """The ids of the appointments of all pages, in their order."""
    body = json.loads(retrieved.content)
    pages = [e["resource"] for e in body["entry"]] if body["type"] == "collection" else [body]
    resources = [e["resource"] for page in pages for e in page.get("entry", ())]
    return [r["id"] for r in resources if r["resourceType"] == "Appointment"]


async def test_what_is_found_comes_with_all_its_pages(stub: CareServerStub) -> None:
    retrieved = await asked(stub)

    assert (retrieved.outcome, retrieved.status) == ("answered", 200)
    assert appointments(retrieved) == ["a1", "a2", "a3", "a4", "a5"]
    assert [a.method for a in stub.asked] == ["POST", "GET", "GET"]


async def test_the_search_is_posted_and_names_the_patient_the_window_and_the_size(
    stub: CareServerStub,
) -> None:
    await asked(stub)
    first = stub.asked[0]

    assert first.target == "/fhir/R4/Appointment/_search"
    assert first.form == {
        "patient:identifier": [f"https://fhir.nhs.uk/Id/nhs-number|{NUMBER}"],
        "date": ["ge2025-10-04", "le2027-01-03"],
        "_count": ["2"],
        "_include": ["Appointment:patient"],
    }
    assert first.headers["accept"] == "application/fhir+json"
    assert first.headers["prefer"] == "handling=strict"


async def test_a_server_that_knows_only_the_chained_search_is_asked_so(
    stub: CareServerStub,
) -> None:
    retrieved = await asked(stub, patient_by="patient.identifier")

    assert "patient.identifier" in stub.asked[0].form
    assert len(appointments(retrieved)) == 5


async def test_a_server_that_gives_no_patients_is_not_asked_for_them(
    stub: CareServerStub,
) -> None:
    await asked(stub, include_patient=False)

    assert "_include" not in stub.asked[0].form


async def test_whether_there_is_anything_is_asked_without_fetching_it(
    stub: CareServerStub,
) -> None:
    question = a_question(tier=DisclosureTier.EXISTENCE)
    async with an_agent(stub.base) as agent:
        retrieved = await attempted(agent, an_errand(question))

    assert stub.asked[0].form["_summary"] == ["count"]
    assert json.loads(retrieved.content)["total"] == 5
    assert b"Words of a clinician" not in retrieved.content


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("{base}?_getpages={token}", id="at the base"),
        pytest.param("?_getpages={token}", id="relative"),
        pytest.param(
            "{base}/{kind}?patient:identifier=https://fhir.nhs.uk/Id/nhs-number%7C{number}"
            "&_getpages={token}",
            id="with the search in it",
        ),
    ],
)
async def test_no_address_holds_the_number_however_the_server_writes_its_links(
    stub: CareServerStub, link: str
) -> None:
    stub.next_link = link
    retrieved = await asked(stub)

    assert len(appointments(retrieved)) == 5
    assert [a.target for a in stub.asked if NUMBER in a.target] == []


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://elsewhere.example/fhir/R4?_getpages={token}", id="another host"),
        pytest.param("http://127.0.0.1:9/fhir/R4?_getpages={token}", id="another port"),
        pytest.param("/admin?_getpages={token}", id="outside the base address"),
        pytest.param("{base}/../admin?_getpages={token}", id="out of the base address"),
        pytest.param("{base}/Patient/{number}?_getpages={token}", id="the number in the path"),
        pytest.param("http://[", id="no address"),
    ],
)
async def test_a_page_that_lies_elsewhere_is_not_asked_and_it_is_seen_that_there_is_more(
    stub: CareServerStub, link: str
) -> None:
    stub.next_link = link
    retrieved = await asked(stub)

    assert (retrieved.outcome, len(stub.asked)) == ("answered", 1)
    assert appointments(retrieved) == ["a1", "a2"]
    assert b'"next"' in retrieved.content


async def test_no_more_pages_are_read_than_the_file_of_sources_allows(
    stub: CareServerStub,
) -> None:
    retrieved = await asked(stub, pages=2)

    assert len(stub.asked) == 2
    assert appointments(retrieved) == ["a1", "a2", "a3", "a4"]
    assert b'"next"' in retrieved.content


async def test_no_more_is_read_than_the_file_of_sources_allows(stub: CareServerStub) -> None:
    stub.holds[NUMBER] += [
        an_appointment(f"b{n}", NOW - n * DAY) | {"comment": "x" * 6_000} for n in range(1, 4)
    ]
    retrieved = await asked(stub, max_bytes=10_000)

    assert retrieved.outcome == "answered"
    assert len(retrieved.content) < 10_500
    assert b'"next"' in retrieved.content


async def test_an_answer_that_is_too_large_from_its_first_page_is_refused(
    stub: CareServerStub,
) -> None:
    stub.holds[NUMBER] = [an_appointment("big", NOW) | {"comment": "x" * 20_000}]
    retrieved = await asked(stub, max_bytes=10_000)

    assert (retrieved.outcome, retrieved.reason) == ("refused", "answer-too-large")


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        pytest.param(Fault(403), "refused", "status-403", id="not permitted"),
        pytest.param(Fault(400), "refused", "status-400", id="does not know the parameter"),
        pytest.param(Fault(302), "refused", "status-302", id="moved"),
        pytest.param(Fault(404), "no-record", "status-404", id="knows no such thing"),
        pytest.param(Fault(429), "try-later", "status-429", id="asked too often"),
        pytest.param(Fault(500), "try-later", "status-500", id="broken"),
        pytest.param(Fault(503), "try-later", "status-503", id="away"),
        pytest.param(Fault(200), "try-later", "answer-unreadable", id="an OperationOutcome"),
        pytest.param(Fault(200, body=b"<html>"), "try-later", "answer-unreadable", id="a page"),
        pytest.param(
            Fault(200, body=b'{"resourceType": "Bundle", "type": "history"}'),
            "try-later",
            "answer-unreadable",
            id="another Bundle",
        ),
    ],
)
async def test_what_a_server_answers_has_one_meaning(
    stub: CareServerStub, fault: Fault, outcome: str, reason: str
) -> None:
    stub.faults = [fault]
    retrieved = await asked(stub)

    assert (retrieved.outcome, retrieved.reason) == (outcome, reason)
    assert retrieved.outcome == "no-record" or retrieved.content == b""


async def test_a_server_says_itself_when_it_may_be_asked_again(stub: CareServerStub) -> None:
    stub.faults = [Fault(429, {"retry-after": "120"})]
    retrieved = await asked(stub)

    assert retrieved.after_seconds == 120


async def test_a_silent_server_is_not_waited_for_without_end(stub: CareServerStub) -> None:
    stub.faults = [Fault(silent=True)]
    searches = CareSearches(a_server(), httpx.URL(stub.base), OpenAccess(), within=0.1)
    agent = Asking({NAME: searches}, clock=lambda: NOW)
    try:
        retrieved = await attempted(agent, an_errand())
    finally:
        await agent.close()

    assert (retrieved.outcome, retrieved.reason) == ("try-later", "timed-out")


async def test_nobody_at_the_address_is_no_answer() -> None:
    async with an_agent("http://127.0.0.1:9/fhir") as agent:
        retrieved = await attempted(agent, an_errand())

    assert (retrieved.outcome, retrieved.reason) == ("try-later", "not-reached")


async def test_a_search_whose_further_pages_are_lost_begins_again(stub: CareServerStub) -> None:
    stub.forgets = True
    lost = await asked(stub)
    stub.forgets = False
    again = await asked(stub)

    assert (lost.outcome, lost.reason, lost.content) == ("try-later", "page-not-given", b"")
    assert len(appointments(again)) == 5


BEARER = {"kind": "bearer", "token_setting": TOKEN}


async def test_a_token_is_shown_with_every_page(stub: CareServerStub) -> None:
    stub.wants = "Bearer a-token"
    async with an_agent(stub.base, a_server(auth=BEARER), "a-token") as agent:
        retrieved = await attempted(agent, an_errand())

    assert len(appointments(retrieved)) == 5
    assert {a.headers["authorization"] for a in stub.asked} == {"Bearer a-token"}


async def test_a_token_that_is_not_taken_a_second_time_is_no_permission(
    stub: CareServerStub,
) -> None:
    stub.wants = "Bearer another"
    async with an_agent(stub.base, a_server(auth=BEARER), "a-token") as agent:
        retrieved = await attempted(agent, an_errand())

    assert (retrieved.outcome, retrieved.status) == ("refused", 401)
    assert len(stub.asked) == 2


class Renewing:
    """Shows a token, and another once the server took the first no more."""

    def __init__(self) -> None:
        self.shown = "first"

    async def headers(self, _client: httpx.AsyncClient, _clock: Clock) -> dict[str, str]:
        return {"authorization": f"Bearer {self.shown}"}

    def refused(self) -> None:
        self.shown = "second"


async def test_a_token_that_ran_out_is_renewed_within_the_attempt(stub: CareServerStub) -> None:
    stub.wants = "Bearer second"
    searches = CareSearches(a_server(), httpx.URL(stub.base), Renewing())
    agent = Asking({NAME: searches}, clock=lambda: NOW)
    try:
        retrieved = await attempted(agent, an_errand())
    finally:
        await agent.close()

    assert len(appointments(retrieved)) == 5


async def test_a_token_that_was_only_out_of_date_is_no_refusal(stub: CareServerStub) -> None:
    stub.faults = [Fault(401)]
    async with an_agent(stub.base, a_server(auth=BEARER), "a-token") as agent:
        retrieved = await attempted(agent, an_errand())

    assert len(appointments(retrieved)) == 5


async def test_each_attempt_has_an_id_of_its_own_and_a_repeat_of_it_the_same(
    stub: CareServerStub,
) -> None:
    async with an_agent(stub.base) as agent:
        for number in (1, 1, 2):
            await attempted(agent, an_errand(number=number))
    first, again, second = (a.headers["x-request-id"] for a in stub.asked if a.method == "POST")

    assert first == again
    assert first != second


async def test_a_destination_that_is_configured_no_more_is_a_refusal() -> None:
    agent = Asking({}, clock=lambda: NOW)
    retrieved = await attempted(agent, an_errand())
    await agent.close()

    assert (retrieved.outcome, retrieved.reason) == ("refused", "destination-not-configured")


async def test_no_log_holds_what_was_asked_or_answered(
    stub: CareServerStub, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    stub.faults = [Fault(503, body=NUMBER.encode())]
    await asked(stub)
    await asked(stub)
    out = capfd.readouterr()

    assert NUMBER not in f"{out.out}{out.err}{caplog.text}"
