"""The door of others' adapters: for those that are named, with a key that names them, unread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from kinbridge.intake.app import create_app
from kinbridge.intake.keys import Keys, SourceKey, sha256_of
from kinbridge.sources.model import Sources
from tests.services.intake.door import NOW, PSEUDONYMS, InMemory

RECORDS: Final = "/adapters/ferndale/records"
CASES: Final = "key of a case system with an adapter"
TRUST: Final = "key of a trust with an adapter"
OTHER: Final = "key of another adapter"
NUMBER: Final = "9000000009"
BODY: Final = b"RECORD|F-77|3|2026-03-02T10:15:00Z|CURRENT\n"


def a_key(name: str, key: str, adapter: str, authority: str | None) -> SourceKey:
    return SourceKey(
        name=name,
        sha256=sha256_of(key),
        source=name,
        doors=frozenset({"records"}),
        authority=authority,
        adapters=frozenset({adapter}),
    )


KEYS: Final = Keys(
    keys=(
        a_key("cases", CASES, "ferndale", "209"),
        a_key("trust", TRUST, "ferndale", None),
        a_key("other", OTHER, "elsewhere", "209"),
    )
)


@asynccontextmanager
async def a_door() -> AsyncIterator[tuple[httpx.AsyncClient, InMemory]]:
    kept = InMemory()
    app = create_app(
        keys=KEYS,
        durable=kept,
        pseudonymiser=PSEUDONYMS,
        clock=lambda: NOW,
        sources=Sources(adapters=("ferndale",)),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client, kept


def headers(key: str = CASES, record: str = "F-77", kind: str = "text/plain") -> dict[str, str]:
    return {"X-API-Key": key, "content-type": kind, "Kinbridge-Record": record}


@pytest.mark.parametrize(
    ("key", "topic", "source"),
    [
        pytest.param(CASES, "received.cases", "x-ferndale:209.cases", id="of an authority"),
        pytest.param(TRUST, "received.nhs", "x-ferndale:trust", id="of the NHS"),
    ],
)
async def test_a_record_is_written_as_it_came_on_the_adapter_s_route(
    key: str, topic: str, source: str
) -> None:
    async with a_door() as (client, kept):
        answer = await client.post(RECORDS, content=BODY, headers=headers(key))

    (record,) = kept.records
    assert answer.status_code == 202
    assert (record.topic, record.value) == (topic, BODY)
    assert record.headers["ce_source"] == source
    assert record.headers["content-type"] == "text/plain"


async def test_accounts_of_one_record_have_one_key_and_others_another() -> None:
    async with a_door() as (client, kept):
        for record, content in (("F-77", BODY), ("F-77", BODY + b"\n"), ("F-78", BODY)):
            await client.post(RECORDS, content=content, headers=headers(record=record))

    first, again, other = (record.key for record in kept.records)
    assert first == again != other
    assert len({record.headers["ce_id"] for record in kept.records}) == 3


@pytest.mark.parametrize(
    ("path", "asked", "content", "status", "reason"),
    [
        pytest.param(
            "/adapters/elsewhere/records",
            headers(OTHER),
            BODY,
            404,
            "adapter-not-run",
            id="not run",
        ),
        pytest.param(RECORDS, headers(OTHER), BODY, 403, "adapter-not-of-key", id="not its key"),
        pytest.param(RECORDS, headers(kind="x"), BODY, 415, "media-type-not-accepted", id="type"),
        pytest.param(RECORDS, headers(record=""), BODY, 422, "field-missing", id="no record"),
        pytest.param(RECORDS, headers(record="x" * 201), BODY, 422, "field-missing", id="long"),
        pytest.param(RECORDS, headers(), b"", 400, "body-empty", id="nothing"),
        pytest.param(RECORDS, headers("no key"), BODY, 401, "key-unknown", id="no key"),
    ],
)
async def test_what_may_not_enter_is_refused_with_a_reason(
    path: str, asked: dict[str, str], content: bytes, status: int, reason: str
) -> None:
    async with a_door() as (client, kept):
        answer = await client.post(path, content=content, headers=asked)

    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert kept.records == []


async def test_a_record_named_by_a_number_names_nobody() -> None:
    with capture_logs() as logs:
        async with a_door() as (client, kept):
            answer = await client.post(RECORDS, content=BODY, headers=headers(record=NUMBER))

    (record,) = kept.records
    said = f"{record.key} {record.headers} {answer.text} {answer.headers} {logs}"
    assert logs
    assert NUMBER not in said


@pytest.mark.parametrize(
    ("doors", "adapters"),
    [(frozenset({"records"}), frozenset()), (frozenset({"nhs"}), frozenset({"ferndale"}))],
)
def test_a_key_for_records_names_adapters_and_no_other_does(
    doors: frozenset[str], adapters: frozenset[str]
) -> None:
    with pytest.raises(ValidationError, match="a key for records names adapters"):
        SourceKey.model_validate(
            {
                "name": "one",
                "sha256": sha256_of("one"),
                "source": "one",
                "doors": doors,
                "adapters": adapters,
            }
        )
