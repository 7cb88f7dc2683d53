"""The door of subscriptions: whose notification it is, stored before it is answered."""

from __future__ import annotations

import json
from typing import Final, get_args

import pytest
from fhir.resources.bundle import Bundle as R5Bundle
from fhir.resources.R4B.bundle import Bundle as R4Bundle
from pydantic import ValidationError
from structlog.testing import capture_logs

from kinbridge.intake.keys import Keys, SourceKey, sha256_of
from kinbridge.mapping.routes import ROUTES
from kinbridge.sources.subscriptions import FhirVersion, Payload
from tests.golden.test_golden import HERE as GOLDEN
from tests.logs import kinds_in
from tests.services.intake.door import NHS, InMemory
from tests.services.intake.subscriptions.doorway import FHIR, OTHER, PATH, SHOWN, a_door, body
from tests.services.intake.subscriptions.world import MOTHER, SECRET


@pytest.mark.parametrize("kind", ["handshake", "heartbeat", "event-notification"])
@pytest.mark.parametrize("version", get_args(FhirVersion))
async def test_each_kind_is_stored_as_it_came_and_answered_200(
    version: FhirVersion, kind: str
) -> None:
    sent = body(version, kind)
    headers = {**SHOWN, "content-type": f"{FHIR}; fhirVersion={version}"}

    async with a_door() as (client, kept):
        answer = await client.post(PATH, content=sent, headers=headers)

    (record,) = kept.records
    assert (answer.status_code, answer.json()["id"]) == (200, record.headers["ce_id"])
    assert (record.topic, record.value) == ("received.nhs", sent)
    assert record.headers["ce_source"] == "fhir-notification:example-trust.appointments"
    assert "fhir-notification" in ROUTES


@pytest.mark.parametrize("payload", get_args(Payload))
@pytest.mark.parametrize("version", get_args(FhirVersion))
def test_what_the_tests_send_is_what_each_version_publishes(
    version: FhirVersion, payload: Payload
) -> None:
    model = R5Bundle if version == "5.0" else R4Bundle

    read = model.model_validate_json(body(version, payload=payload))

    assert read.type == json.loads(body(version))["type"]


async def test_a_repeat_has_the_same_id_and_another_notification_another_key() -> None:
    async with a_door() as (client, kept):
        for own in ("a1", "a1", "a2"):
            await client.post(PATH, content=body(own=own), headers=SHOWN)

    first, again, other = kept.records
    assert (first.key, first.headers["ce_id"]) == (again.key, again.headers["ce_id"])
    assert first.key != other.key


_XML: Final = {**SHOWN, "content-type": "text/plain"}
_DTD: Final = b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/hostname">]><b>&x;</b>'


@pytest.mark.parametrize(
    ("path", "headers", "content", "status", "reason"),
    [
        pytest.param(
            "/nhs/subscriptions/x", SHOWN, body(), 404, "subscription-unknown", id="name"
        ),
        pytest.param(PATH, {"content-type": FHIR}, body(), 401, "secret-missing", id="no secret"),
        pytest.param(
            PATH,
            {**SHOWN, "authorization": f"Bearer {SECRET}x"},
            body(),
            401,
            "secret-wrong",
            id="wrong",
        ),
        pytest.param(
            PATH,
            {**SHOWN, "authorization": f"Bearer {OTHER}"},
            body(),
            401,
            "secret-wrong",
            id="another subscription's secret",
        ),
        pytest.param(
            PATH,
            {**SHOWN, "authorization": f"Basic {SECRET}"},
            body(),
            401,
            "secret-missing",
            id="another scheme",
        ),
        pytest.param(
            PATH,
            {"content-type": FHIR, "x-api-key": NHS},
            body(),
            401,
            "secret-missing",
            id="a key of intake",
        ),
        pytest.param(PATH, _XML, body(), 415, "media-type-not-accepted", id="text"),
        pytest.param(PATH, SHOWN, b"{", 400, "json-invalid", id="broken"),
        pytest.param(PATH, SHOWN, b'{"resourceType":"Patient"}', 400, "not-a-bundle", id="other"),
        pytest.param(
            PATH,
            SHOWN,
            b'{"resourceType":"Bundle","type":"searchset"}',
            400,
            "not-a-notification",
            id="another Bundle",
        ),
        pytest.param(
            PATH,
            SHOWN,
            body().replace(b"event-notification", b"news"),
            400,
            "notification-type-unknown",
            id="type",
        ),
        pytest.param(
            PATH,
            SHOWN,
            body().replace(b'"valueString": "1"', b'"valueString": "one"'),
            400,
            "event-number-invalid",
            id="number",
        ),
        pytest.param(
            PATH,
            {**SHOWN, "content-type": "application/fhir+xml"},
            _DTD,
            400,
            "xml-dtd-forbidden",
            id="entities",
        ),
        pytest.param(PATH, SHOWN, b"x" * 5_000_001, 413, "body-too-large", id="too large"),
    ],
)
async def test_what_may_not_come_in_is_refused_with_a_reason_and_not_stored(
    path: str, headers: dict[str, str], content: bytes, status: int, reason: str
) -> None:
    async with a_door() as (client, kept):
        with capture_logs() as logs:
            answer = await client.post(path, content=content, headers=headers)

    (issue,) = answer.json()["issue"]
    assert (answer.status_code, kept.records) == (status, [])
    assert reason in json.dumps(issue)
    assert SECRET not in str(logs)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        pytest.param("10.1.2.3", 200, id="of the network"),
        pytest.param("::ffff:10.1.2.3", 200, id="the same, as IPv6 sees it"),
        pytest.param("10.2.0.1", 403, id="of another"),
        pytest.param("testclient", 403, id="no address"),
    ],
)
async def test_only_the_networks_of_the_file_may_notify(address: str, status: int) -> None:
    async with a_door(address=address, senders=["10.1.0.0/16"]) as (client, kept):
        answer = await client.post(PATH, content=body(), headers=SHOWN)

    assert (answer.status_code, len(kept.records)) == (status, int(status == 200))


async def test_what_is_not_durable_is_not_answered_200() -> None:
    async with a_door(InMemory(refuses="msg-timed-out")) as (client, kept):
        answer = await client.post(PATH, content=body(), headers=SHOWN)

    assert (answer.status_code, answer.headers["retry-after"], kept.records) == (503, "2", [])


async def test_nothing_of_a_person_stands_in_answer_log_or_key() -> None:
    sent = body(payload="full-resource")

    async with a_door() as (client, kept):
        with capture_logs() as logs:
            answer = await client.post(PATH, content=sent, headers=SHOWN)

    (record,) = kept.records
    assert MOTHER.encode() in record.value
    assert kinds_in(f"{answer.text}{logs}{record.key}{record.headers}") == set()


def test_a_key_of_intake_never_opens_the_door_of_subscriptions() -> None:
    key = SourceKey(
        name="x", sha256=sha256_of("x"), source="x", doors=frozenset({"subscriptions"})
    )

    with pytest.raises(ValidationError, match="a secret of its own"):
        Keys(keys=(key,))


async def test_every_golden_notification_comes_in_by_the_door() -> None:
    pushed = {"handshake", "heartbeat", "several-events", "full-resource-as-xml"}
    pushed |= {f"r{v}-{p}" for v in ("4", "4b", "5") for p in get_args(Payload)}
    async with a_door() as (client, kept):
        for case in sorted(pushed):
            (path,) = (GOLDEN / "fhir-notification" / case).glob("in.*")
            kind = f"application/fhir+{path.suffix.removeprefix('.')}"
            headers = {**SHOWN, "content-type": kind}
            answer = await client.post(PATH, content=path.read_bytes(), headers=headers)

            assert (case, answer.status_code) == (case, 200)

    assert len(kept.records) == len(pushed)
