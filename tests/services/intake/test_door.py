"""The door: 202 only for what is durable, a plain reason for everything else, and no value."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from structlog.testing import capture_logs

from kinbridge.intake.door import Limits
from kinbridge.mapping.routes import ROUTES
from kinbridge_schemas.codec import Codec
from kinbridge_schemas.envelope import from_headers
from kinbridge_schemas.received import Received
from kinbridge_schemas.responses import Response
from tests.adapters.casesystem.test_webhook import sent
from tests.adapters.fhir.messages import MOTHER, as_json, as_xml, birth
from tests.services.intake.door import CASES, NHS, PSEUDONYMS, TEAM, InMemory, a_door

MESSAGE: Final = "/nhs/$process-message"
EVENTS: Final = "/cases/example/events"
CHILDREN: Final = "/cases/example/children"
FAMILY: Final = PSEUDONYMS.family("209", "ada")
RESPONSES: Final = f"/alerts/{FAMILY}.macpt.1/responses"
XML: Final = "application/fhir+xml"
JSON: Final = "application/json"
ANSWER: Final = {
    "by": "staff-417",
    "role": "macpt_health_lead",
    "at": "2026-03-02T10:00:00Z",
    "said": {"answer": "acknowledge"},
}


def key(of: str, kind: str = JSON) -> dict[str, str]:
    return {"X-API-Key": of, "content-type": kind}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/fhir+xml; fhirVersion=3.0", as_xml(birth())),
        ("application/fhir+json; fhirVersion=4.0", as_json(birth())),
        ("application/xml", as_xml(birth())),
        ("application/json; charset=utf-8", as_json(birth())),
    ],
)
async def test_a_message_is_written_as_it_came_and_then_accepted(kind: str, body: bytes) -> None:
    async with a_door() as (client, kept):
        answer = await client.post(MESSAGE, content=body, headers=key(NHS, kind))

    (record,) = kept.records
    assert (answer.status_code, answer.json()["id"]) == (202, record.headers["ce_id"])
    assert (record.topic, record.value) == ("received.nhs", body)
    assert record.headers["ce_source"] == "fhir-message:example-trust"
    assert record.headers["ce_recordedtime"] == "2026-03-02T10:20:00.000000Z"


async def test_what_is_accepted_can_be_read_by_mapping() -> None:
    async with a_door() as (client, kept):
        await client.post(MESSAGE, content=as_xml(birth()), headers=key(NHS, XML))

    (record,) = kept.records
    envelope = from_headers({name: text.encode() for name, text in record.headers.items()})
    body = Codec(()).decode(Received.contract, envelope, record.value)
    assert isinstance(body, Received)
    assert body.route in ROUTES


async def test_the_same_message_twice_is_accepted_twice_under_one_id() -> None:
    async with a_door() as (client, _):
        answers = [
            await client.post(MESSAGE, content=as_xml(birth()), headers=key(NHS, XML))
            for _ in range(2)
        ]

    assert [a.status_code for a in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()


async def test_each_event_of_an_array_is_a_record_of_its_own() -> None:
    events = [sent(), sent(id="E-2")]

    async with a_door() as (client, kept):
        answer = await client.post(EVENTS, json=events, headers=key(CASES))

    assert (answer.status_code, answer.json()["records"]) == (202, 2)
    assert [json.loads(r.value) for r in kept.records] == events
    assert len({r.key for r in kept.records}) == 2
    assert {r.headers["ce_source"] for r in kept.records} == {"case-webhook:209.example"}


async def test_children_are_split_byte_for_byte_and_keyed_by_child() -> None:
    first, second = b'{ "la_child_id" : "C1" }', '{"la_child_id":"C2","x":"é"}'.encode()

    async with a_door() as (client, kept):
        answer = await client.post(
            CHILDREN, content=b"[ " + first + b" ,\n" + second + b"]", headers=key(CASES)
        )

    assert answer.status_code == 202
    assert [r.value for r in kept.records] == [first, second]
    assert kept.records[0].topic == "received.cases"


async def test_an_answer_is_written_whole_under_the_familys_key() -> None:
    async with a_door() as (client, kept):
        answer = await client.post(RESPONSES, json=ANSWER, headers=key(TEAM))

    (record,) = kept.records
    response = Response.model_validate_json(record.value)
    assert (answer.status_code, record.topic, record.key) == (202, "responses", FAMILY)
    assert (response.by, response.said.answer) == ("staff-417", "acknowledge")
    assert response.authority == "209"
    assert record.headers["ce_source"] == "responses:209.health-desk"


_DEEP: Final = b'{"a":' * 200 + b"1" + b"}" * 200
_DTD: Final = b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/hostname">]><b>&x;</b>'


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "reason"),
    [
        pytest.param(MESSAGE, {"content-type": XML}, b"", 401, "key-missing", id="no key"),
        pytest.param(MESSAGE, key("guess", XML), b"", 401, "key-unknown", id="a wrong key"),
        pytest.param(MESSAGE, key(CASES, XML), b"", 403, "door-not-of-key", id="another door"),
        pytest.param(
            "/cases/other/events", key(CASES), b"{}", 403, "system-not-of-key", id="other system"
        ),
        pytest.param(
            EVENTS,
            key(CASES),
            json.dumps(sent(authority="210")).encode(),
            403,
            "authority-not-of-key",
            id="another authority",
        ),
        pytest.param("/nhs/other", key(NHS), b"", 404, "not-found", id="no such door"),
        pytest.param(
            "/alerts/x/responses", key(TEAM), b"{}", 404, "alert-unknown", id="no such alert"
        ),
        pytest.param(
            MESSAGE, key(NHS, "text/plain"), b"", 415, "media-type-not-accepted", id="text"
        ),
        pytest.param(
            MESSAGE,
            key(NHS, f"{XML}; fhirVersion=5.0"),
            b"",
            415,
            "media-type-not-accepted",
            id="R5",
        ),
        pytest.param(EVENTS, key(CASES, XML), b"", 415, "media-type-not-accepted", id="not JSON"),
        pytest.param(
            EVENTS,
            key(CASES) | {"content-encoding": "gzip"},
            gzip.compress(b"{}"),
            415,
            "encoding-not-accepted",
            id="compressed",
        ),
        pytest.param(MESSAGE, key(NHS, XML), b"<Bundle", 400, "xml-invalid", id="broken XML"),
        pytest.param(MESSAGE, key(NHS), b"{", 400, "json-invalid", id="broken JSON"),
        pytest.param(MESSAGE, key(NHS, XML), _DTD, 400, "xml-dtd-forbidden", id="an entity"),
        pytest.param(MESSAGE, key(NHS), b"{}", 400, "not-a-bundle", id="no Bundle"),
        pytest.param(EVENTS, key(CASES), b"[{]", 400, "json-invalid", id="broken array"),
        pytest.param(EVENTS, key(CASES), b"[{}] x", 400, "json-invalid", id="more after it"),
        pytest.param(EVENTS, key(CASES), b"\xff\xfe", 400, "json-invalid", id="not UTF-8"),
        pytest.param(EVENTS, key(CASES), _DEEP, 400, "json-too-deep", id="too deep"),
        pytest.param(EVENTS, key(CASES), b"[]", 422, "no-records", id="an empty array"),
        pytest.param(EVENTS, key(CASES), b"[1]", 422, "record-not-an-object", id="a number"),
        pytest.param(EVENTS, key(CASES), b"{}", 422, "field-missing", id="no id"),
        pytest.param(CHILDREN, key(CASES), b"{}", 422, "not-an-array", id="one child bare"),
        pytest.param(
            CHILDREN, key(CASES), b'[{"la_child_id":"a b"}]', 422, "field-invalid", id="bad id"
        ),
        pytest.param(
            CHILDREN,
            key(CASES),
            json.dumps([{"la_child_id": "C1"}] * 101).encode(),
            422,
            "too-many-records",
            id="101 children",
        ),
        pytest.param(RESPONSES, key(TEAM), b"{", 400, "json-invalid", id="a broken answer"),
        pytest.param(RESPONSES, key(TEAM), b"{}", 422, "contract-broken", id="an empty answer"),
        pytest.param(
            RESPONSES,
            key(TEAM),
            json.dumps({**ANSWER, "at": "2026-03-03T10:00:00Z"}).encode(),
            422,
            "time-in-future",
            id="answered tomorrow",
        ),
    ],
)
async def test_what_may_not_enter_is_told_why_and_nothing_is_written(
    path: str, headers: dict[str, str], body: bytes, status: int, reason: str
) -> None:
    async with a_door() as (client, kept):
        answer = await client.post(path, content=body, headers=headers)

    assert (answer.status_code, _reason(answer.json())) == (status, reason)
    expected = "application/fhir+json" if path.startswith("/nhs") else "application/problem+json"
    assert answer.headers["content-type"] == expected
    assert not kept.records


def _reason(body: dict[str, Any]) -> str:
    if body.get("resourceType") == "OperationOutcome":
        return str(body["issue"][0]["details"]["coding"][0]["code"])
    return str(body["reason"])


async def test_one_bad_child_keeps_all_of_its_batch_out() -> None:
    async with a_door() as (client, kept):
        answer = await client.post(CHILDREN, json=[{"la_child_id": "C1"}, {}], headers=key(CASES))

    assert (answer.status_code, answer.json()["path"]) == (422, "[1].la_child_id")
    assert not kept.records


@pytest.mark.parametrize("declared", [True, False])
async def test_ten_megabytes_are_not_read_to_their_end(*, declared: bool) -> None:
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(160):
            read += 65_536
            yield b" " * 65_536

    headers = key(NHS) | ({"content-length": "10485760"} if declared else {})
    async with a_door() as (client, kept):
        answer = await client.post(MESSAGE, content=pieces(), headers=headers)

    assert (answer.status_code, _reason(answer.json())) == (413, "body-too-large")
    assert read <= (0 if declared else 5_100_000)
    assert not kept.records


@pytest.mark.parametrize("refuses", ["not-acknowledged", "queue-full"])
async def test_what_kafka_does_not_acknowledge_is_never_accepted(refuses: str) -> None:
    async with a_door(InMemory(refuses=refuses)) as (client, _):
        answer = await client.post(MESSAGE, content=as_xml(birth()), headers=key(NHS, XML))

    assert (answer.status_code, _reason(answer.json())) == (503, refuses)
    assert int(answer.headers["retry-after"]) > 0


async def test_a_batch_of_which_one_record_is_not_durable_is_not_accepted() -> None:
    half = InMemory(refuses="not-acknowledged", refuse_after=1)

    async with a_door(half) as (client, _):
        answer = await client.post(EVENTS, json=[sent(), sent(id="E-2")], headers=key(CASES))

    assert (answer.status_code, len(half.records)) == (503, 1)


async def test_more_than_it_can_take_on_is_asked_to_come_again() -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        arrived.set()
        await go_on.wait()
        yield as_xml(birth())

    async with a_door(limits=Limits(max_in_flight=1)) as (client, _):
        first = asyncio.create_task(client.post(MESSAGE, content=slowly(), headers=key(NHS, XML)))
        await arrived.wait()
        second = await client.post(MESSAGE, content=as_xml(birth()), headers=key(NHS, XML))
        go_on.set()
        third = await first

    assert (second.status_code, second.headers["retry-after"], third.status_code) == (
        429,
        "2",
        202,
    )


async def test_no_identifier_is_in_any_answer_log_or_key() -> None:
    secrets = (MOTHER, "Rosa", "Example", "1998-05-04", "C100")
    spoilt = as_json(birth()).replace(b'"message"', b'"9000000009"')

    with capture_logs() as logs:
        async with a_door() as (client, kept):
            answers = [
                await client.post(MESSAGE, content=as_xml(birth()), headers=key(NHS, XML)),
                await client.post(MESSAGE, content=spoilt, headers=key(NHS)),
                await client.post(EVENTS, json=sent(), headers=key(CASES)),
                await client.post(EVENTS, json={**sent(), "id": [MOTHER]}, headers=key(CASES)),
                await client.post(CHILDREN, json=[{"la_child_id": "C100"}], headers=key(CASES)),
                await client.post(
                    RESPONSES, json={**ANSWER, MOTHER: {"Rosa": 1}}, headers=key(TEAM)
                ),
                await client.get(f"/{MOTHER}"),
            ]

    said = [a.text + str(a.headers) for a in answers]
    written = [f"{r.topic} {r.key} {r.headers}" for r in kept.records]
    assert len(logs) >= 6
    assert not [s for s in secrets for text in [*said, *written, str(logs)] if s in text]


async def test_it_says_whether_it_lives_is_ready_and_what_it_counted() -> None:
    kept = InMemory()
    async with a_door(kept) as (client, _):
        await client.post(MESSAGE, content=b"<", headers=key(NHS, XML))
        live = await client.get("/health/live")
        ready = await client.get("/health/ready")
        kept.refuses = "broken"
        not_ready = await client.get("/health/ready")
        metrics = await client.get("/metrics")

    assert [live.status_code, ready.status_code, not_ready.status_code] == [200, 200, 503]
    assert 'door="nhs",reason="xml-invalid",status="400"' in metrics.text


async def test_openapi_tells_an_integrator_each_door_its_key_and_an_example_that_is_accepted() -> (
    None
):
    async with a_door() as (client, _):
        found = (await client.get("/openapi.json")).json()
        events = found["paths"]["/cases/{system}/events"]["post"]
        example = events["requestBody"]["content"]["application/json"]["example"]
        answer = await client.post(EVENTS, json=example, headers=key(CASES))

    assert set(found["paths"]) >= {
        MESSAGE,
        "/cases/{system}/children",
        "/alerts/{alert}/responses",
    }
    assert {"202", "400", "401", "403", "413", "415", "422", "429", "503"} <= set(
        events["responses"]
    )
    assert found["components"]["securitySchemes"]["APIKeyHeader"]["name"] == "X-API-Key"
    assert answer.status_code == 202
