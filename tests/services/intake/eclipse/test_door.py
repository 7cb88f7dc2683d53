"""The door of Eclipse: what it signed is stored as it came, and nothing else is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any, Final

import httpx
import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from kinbridge.intake.app import create_app
from kinbridge.intake.eclipse.door import Notifier
from kinbridge.intake.keys import Keys, SourceKey, sha256_of
from kinbridge.mapping.routes import routes_of
from kinbridge.sources.model import Sources
from kinbridge_schemas.mapped import Given
from kinbridge_schemas.received import Received
from tests.adapters.casesystem.eclipses import NUMBER, TABLE, a_person
from tests.services.intake.door import KEYS, NOW, PSEUDONYMS, InMemory
from tests.services.intake.eclipse.far_end import HEADERS, Eclipse, a_system, an_eclipse, api

PATH: Final = "/cases/eclipse/eclipse"
BODY: Final = json.dumps({"type": "Person_ADD", "resource": a_person()}, indent=1).encode()


@asynccontextmanager
async def a_door(
    eclipse: Eclipse | None = None,
    durable: InMemory | None = None,
    clock: list[datetime] | None = None,
    **changes: Any,
) -> AsyncIterator[tuple[httpx.AsyncClient, InMemory, Eclipse]]:
    """Give a client of the app with one Eclipse, what it wrote, and that Eclipse."""
    kept, config = durable or InMemory(), a_system(**changes)
    with an_eclipse(eclipse or Eclipse()) as far:
        asking = api(far, config)
        app = create_app(
            keys=KEYS,
            durable=kept,
            pseudonymiser=PSEUDONYMS,
            clock=lambda: clock[-1] if clock else NOW,
            eclipses=(Notifier(config, asking),),
        )
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            yield client, kept, far
        await asking.close()


async def test_what_eclipse_signed_is_stored_as_it_came_and_then_accepted() -> None:
    async with a_door() as (client, kept, far):
        answer = await client.post(PATH, content=BODY, headers=HEADERS)

    (record,) = kept.records
    assert (answer.status_code, answer.json()["id"]) == (202, record.headers["ce_id"])
    assert record.topic == "received.cases"
    assert record.headers["ce_source"] == "eclipse:209.eclipse"
    assert BODY in record.value
    assert json.loads(record.value)["olm"] == {
        "deliveryId": "d-0001",
        "eventTime": "2026-03-02T10:15:00Z",
        "groupId": "3",
        "subscriptionId": "12",
    }
    assert far.asked[0]["variables"]["input"]["payload"] == BODY.decode()


async def test_what_is_stored_is_mapped_with_the_table_of_its_source() -> None:
    async with a_door() as (client, kept, _):
        await client.post(PATH, content=BODY, headers=HEADERS)

    (record,) = kept.records
    sources = Sources(eclipse=(a_system(table=TABLE),))
    received = Received(
        id=record.headers["ce_id"],
        content=record.value,
        content_type="application/json",
        source="209.eclipse",
        route="eclipse",
    )
    told = routes_of(sources)["eclipse"](received, Given(PSEUDONYMS, NOW))
    assert [event.detail.kind for event in told.events] == ["person_registered"]


async def test_a_delivery_that_comes_again_is_the_same_record() -> None:
    later = {**HEADERS, "olm.notification.deliveryTime": "2026-03-02T11:00:00Z"}
    other = {**HEADERS, "olm.notification.deliveryId": "d-0002"}

    async with a_door() as (client, kept, _):
        for headers in (HEADERS, later, other):
            await client.post(PATH, content=BODY, headers=headers)

    first, again, third = kept.records
    assert (first.key, first.headers["ce_id"]) == (again.key, again.headers["ce_id"])
    assert first.key != third.key


async def test_a_delivery_without_a_body_is_stored() -> None:
    async with a_door() as (client, kept, _):
        answer = await client.post(PATH, headers=HEADERS)

    assert answer.status_code == 202
    assert json.loads(kept.records[0].value)["body"] == {}


@pytest.mark.parametrize(
    ("path", "changed", "content", "status", "reason"),
    [
        pytest.param("/cases/other/eclipse", {}, BODY, 404, "system-unknown", id="system"),
        pytest.param(PATH, {"signature": ""}, BODY, 401, "header-missing", id="unsigned"),
        pytest.param(PATH, {"signature": "forged"}, BODY, 401, "signature-wrong", id="forged"),
        pytest.param(PATH, {"groupId": "4"}, BODY, 403, "group-not-taken", id="group"),
        pytest.param(PATH, {}, b"{", 400, "json-invalid", id="broken"),
        pytest.param(PATH, {}, b"\xff", 400, "json-invalid", id="not utf-8"),
        pytest.param(PATH, {}, b"[" * 90_000, 400, "json-invalid", id="deep"),
        pytest.param(PATH, {}, b"[]", 400, "json-not-an-object", id="array"),
    ],
)
async def test_what_is_not_right_is_refused_and_names_nobody(
    path: str, changed: dict[str, str], content: bytes, status: int, reason: str
) -> None:
    headers = HEADERS | {f"olm.notification.{name}": text for name, text in changed.items()}

    with capture_logs() as logs:
        async with a_door() as (client, kept, _):
            answer = await client.post(path, content=content, headers=headers)

    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert kept.records == []
    assert NUMBER not in f"{answer.text}{logs}"


async def test_nobody_from_elsewhere_can_have_eclipse_asked() -> None:
    async with a_door(senders=["10.20.0.0/16"]) as (client, kept, far):
        answer = await client.post(PATH, content=BODY, headers=HEADERS)

    assert (answer.status_code, answer.json()["reason"]) == (403, "sender-not-allowed")
    assert (kept.records, far.asked, far.tokens) == ([], [], 0)


@pytest.mark.parametrize("name", sorted(HEADERS))
async def test_every_header_is_needed(name: str) -> None:
    headers = {key: text for key, text in HEADERS.items() if key != name}

    async with a_door() as (client, _, far):
        answer = await client.post(PATH, content=BODY, headers=headers)

    assert (answer.status_code, answer.json()["path"]) == (401, name)
    assert far.asked == []


async def test_while_eclipse_cannot_be_asked_the_door_says_to_come_again() -> None:
    async with a_door(Eclipse(status=502)) as (client, kept, _):
        answer = await client.post(PATH, content=BODY, headers=HEADERS)

    assert (answer.status_code, answer.json()["reason"]) == (503, "eclipse-status-502")
    assert "retry-after" in answer.headers
    assert kept.records == []


async def test_a_slow_eclipse_keeps_nobody_else_from_the_doors() -> None:
    far = Eclipse(goes_on=Event())
    async with a_door(far) as (client, kept, _):
        post = partial(client.post, PATH, content=BODY, headers=HEADERS)
        sent = [asyncio.create_task(post()) for _ in range(40)]
        first, _ = await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
        far.goes_on.set()
        answers = await asyncio.gather(*sent)

    assert {task.result().status_code for task in first} == {429}
    assert sorted(answer.status_code for answer in answers) == [202] * 32 + [429] * 8
    assert len(kept.records) == 32


async def test_what_is_not_durable_is_not_accepted() -> None:
    async with a_door(durable=InMemory(refuses="away")) as (client, _, _):
        answer = await client.post(PATH, content=BODY, headers=HEADERS)

    assert answer.status_code == 503


async def test_silence_is_told_after_the_time_that_the_file_says() -> None:
    clock = [NOW]

    async def silent(client: httpx.AsyncClient) -> str:
        text = (await client.get("/metrics")).text
        return next(
            line for line in text.splitlines() if line.startswith("kinbridge_source_silent{")
        )

    async with a_door(clock=clock, expect_within=timedelta(hours=2)) as (client, _, _):
        said = [await silent(client)]
        clock.append(NOW + timedelta(hours=3))
        said.append(await silent(client))
        await client.post(PATH, content=BODY, headers=HEADERS)
        said.append(await silent(client))

    assert [line.rpartition(" ")[2] for line in said] == ["0.0", "1.0", "0.0"]


def test_eclipse_has_no_key() -> None:
    key = SourceKey(
        name="eclipse",
        sha256=sha256_of("x"),
        source="eclipse",
        doors=frozenset({"eclipse"}),
        authority="209",
    )

    with pytest.raises(ValidationError, match="Eclipse signs"):
        Keys(keys=(key,))
