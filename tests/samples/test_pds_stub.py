"""The PDS of our tests answers as the published examples do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.builders import when
from tests.samples.place import SAMPLES
from tests.services.retrieval.pds_stub import PdsStub, a_key, a_pds

pytestmark = pytest.mark.samples

PDS: Final = SAMPLES / "nhs" / "pds-r4"
NUMBER: Final = "9000000009"
RESTRICTED: Final = "9000000025"


def sample(path: str) -> Any:
    return json.loads((PDS / path).read_text(encoding="utf-8"))


def record(number: str) -> dict[str, Any]:
    found: dict[str, Any] = sample(f"patientResponses/patient_{number}.json")
    return found


@pytest.fixture(scope="module")
def stub() -> Iterator[PdsStub]:
    with a_pds(a_key(), lambda: when("2026-10-05 09:00")) as served:
        served.records = {number: record(number) for number in (NUMBER, RESTRICTED)}
        related = sample(f"relatedPersonResponses/related_person_{NUMBER}.json")
        served.relatives = {NUMBER: [entry["resource"] for entry in related["entry"]]}
        served.invalidated = {"9000000017"}
        served.tokens.append("token-1")
        served.until = when("2026-10-05 10:00").timestamp()
        yield served


def got(stub: PdsStub, path: str) -> httpx.Response:
    headers = {
        "authorization": "Bearer token-1",
        "x-request-id": "60e0b220-8136-4ca5-ae46-1d97ef59d068",
    }
    return httpx.get(f"{stub.base}/Patient/{path}", headers=headers)


@pytest.mark.parametrize("number", [NUMBER, RESTRICTED])
def test_a_record_is_given_as_it_is_with_its_version_in_the_etag(
    stub: PdsStub, number: str
) -> None:
    response = got(stub, number)

    published = record(number)
    assert response.status_code == 200
    assert response.json() == published
    assert response.headers["etag"] == f'W/"{published["meta"]["versionId"]}"'
    assert response.headers["content-type"] == "application/fhir+json"


def test_related_persons_are_given_as_a_searchset(stub: PdsStub) -> None:
    published = sample(f"relatedPersonResponses/related_person_{NUMBER}.json")

    assert got(stub, f"{NUMBER}/RelatedPerson").json() == published


@pytest.mark.parametrize(
    ("number", "status", "path"),
    [
        pytest.param("9000000017", 404, "INVALIDATED_RESOURCE", id="invalidated"),
        pytest.param("900000", 400, "INVALID_RESOURCE_ID", id="no number"),
    ],
)
def test_a_refusal_has_the_published_shape_and_code(
    stub: PdsStub, number: str, status: int, path: str
) -> None:
    response = got(stub, number)

    published = sample(f"errorResponses/{path}.json")
    assert response.status_code == status
    assert _codes(response.json()) == _codes(published)
    assert set(response.json()) == set(published)


def _codes(said: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = [issue["details"]["coding"][0] for issue in said["issue"]]
    return [(coding["system"], coding["version"], coding["code"]) for coding in found]


def test_every_published_file_of_what_a_get_answers_is_held_here() -> None:
    folders: tuple[Path, ...] = (PDS / "patientResponses", PDS / "relatedPersonResponses")

    names = {path.name for folder in folders for path in folder.iterdir()}
    assert names == {
        f"patient_{NUMBER}.json",
        f"patient_{RESTRICTED}.json",
        f"related_person_{NUMBER}.json",
    }
