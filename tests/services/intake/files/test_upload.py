"""Files by HTTP, at the real door: whole or not at all, with a report in the answer."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
import pytest

from kinbridge.intake.app import create_app
from kinbridge.intake.door import KEY_HEADER, Limits
from kinbridge.intake.keys import Keys, SourceKey, sha256_of
from kinbridge.sources.model import Sources
from kinbridge_casesystem.extract_model import load_mapping
from tests.adapters.casesystem.loads import census, census_child, referral
from tests.adapters.casesystem.test_extract import LCS, SHIPPED
from tests.services.intake.door import NOW, PSEUDONYMS, InMemory

KEY: Final = "key of a case system"
KEYS: Final = Keys(
    keys=(
        SourceKey(
            name="system",
            sha256=sha256_of(KEY),
            source="liquidlogic",
            doors=frozenset({"files"}),
            authority="209",
        ),
    )
)
CENSUS: Final = census(census_child("C1", referral()), census_child("C2", referral()))
EXTRACT: Final = "/cases/liquidlogic/files/case-extract"
RETURN: Final = "/cases/liquidlogic/files/cin-census"


@asynccontextmanager
async def a_door(kept: InMemory, limits: Limits | None = None) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        keys=KEYS,
        durable=kept,
        pseudonymiser=PSEUDONYMS,
        clock=lambda: NOW,
        limits=limits,
        sources=Sources(extracts=(load_mapping(SHIPPED / "lewisham-liquidlogic.yaml"),)),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


def headers(kind: str, name: str = "") -> dict[str, str]:
    said = {KEY_HEADER: KEY, "content-type": kind}
    return {**said, "content-disposition": f'attachment; filename="{name}"'} if name else said


async def test_a_return_is_taken_and_answered_with_its_report() -> None:
    kept = InMemory()
    async with a_door(kept) as door:
        answer = await door.post(RETURN, content=CENSUS, headers=headers("application/xml"))

    assert answer.status_code == 202
    assert answer.json()["records"] == len(kept.records) == 2
    assert answer.json()["report"]["children"] == 2
    assert kept.records[0].headers["ce_source"] == "cin-census:209.liquidlogic"


async def test_the_same_upload_twice_writes_the_same_records() -> None:
    kept = InMemory()
    async with a_door(kept) as door:
        for _ in range(2):
            await door.post(RETURN, content=CENSUS, headers=headers("application/xml"))

    assert kept.records[:2] == kept.records[2:]


async def test_a_table_goes_by_its_name_and_tables_together_in_an_archive() -> None:
    kept, packed = InMemory(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in LCS.items():
            archive.writestr(name, content)
    async with a_door(kept) as door:
        plans = headers("text/csv", "C:\\export\\cp_plans.csv")
        one = await door.post(EXTRACT, content=LCS["lcs_cp_plans.csv"], headers=plans)
        zipped = headers("application/zip")
        all_ = await door.post(EXTRACT, content=packed.getvalue(), headers=zipped)

    assert [one.json()["records"], all_.json()["records"]] == [1, 2]


@pytest.mark.parametrize(
    ("path", "said", "content", "status", "reason"),
    [
        pytest.param(
            RETURN,
            headers("application/xml"),
            CENSUS[:-30],
            422,
            "file-cut-short",
            id="cut short",
        ),
        pytest.param(
            EXTRACT,
            headers("text/csv", "staff.csv"),
            b"a\n",
            422,
            "file-not-mapped",
            id="not mapped",
        ),
        pytest.param(
            "/cases/liquidlogic/files/secrets",
            headers("text/csv"),
            b"a\n",
            404,
            "kind-unknown",
            id="kind",
        ),
        pytest.param(
            "/cases/mosaic/files/cin-census",
            headers("application/xml"),
            CENSUS,
            403,
            "system-not-of-key",
            id="another system",
        ),
        pytest.param(
            RETURN, {"content-type": "text/csv"}, CENSUS, 401, "key-missing", id="no key"
        ),
        pytest.param(
            RETURN, headers("text/html"), CENSUS, 415, "media-type-not-accepted", id="media type"
        ),
        pytest.param(
            RETURN, headers("text/xml"), b"x" * 3_000, 413, "body-too-large", id="too large"
        ),
    ],
)
async def test_what_may_not_come_in_is_refused_and_nothing_is_written(
    path: str, said: dict[str, str], content: bytes, status: int, reason: str
) -> None:
    kept = InMemory()
    async with a_door(kept, Limits(max_file_bytes=2_000)) as door:
        answer = await door.post(path, content=content, headers=said)

    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert kept.records == []


async def test_while_kafka_is_away_the_sender_is_told_to_come_again() -> None:
    kept = InMemory(refuses="queue-full")
    async with a_door(kept) as door:
        answer = await door.post(RETURN, content=CENSUS, headers=headers("application/xml"))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_the_door_is_told_in_openapi() -> None:
    async with a_door(InMemory()) as door:
        told = (await door.get("/openapi.json")).json()

    post = told["paths"]["/cases/{system}/files/{kind}"]["post"]
    assert "application/zip" in post["requestBody"]["content"]
    assert (
        "report" in post["responses"]["202"]["content"]["application/json"]["schema"]["properties"]
    )
