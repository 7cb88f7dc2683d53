"""The doors of meetings: one command, one durable record; what it means is judged behind."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from icalendar import Calendar
from structlog.testing import capture_logs

from kinbridge.intake.meeting_pages import example
from kinbridge.intake.meetings import PATHS
from kinbridge.meetings.adapter import Meetings
from kinbridge_schemas.codec import Codec
from kinbridge_schemas.envelope import from_headers
from kinbridge_schemas.mapped import Given, Mapped, Remembered
from kinbridge_schemas.received import Received
from tests.services.intake.door import CASES, DIARY, NOW, PSEUDONYMS, InMemory, Record, a_door

KEY: Final = {"X-API-Key": DIARY, "content-type": "application/json"}


async def said(path: str, kept: InMemory | None = None, **change: Any) -> tuple[Any, InMemory]:
    headers = KEY | change.pop("headers", {})
    async with a_door(kept) as (client, durable):
        body = json.dumps({**example(path), **change})
        answer = await client.post(f"/meetings/{path}", content=body, headers=headers)
    return answer, durable


def mapped(record: Record, before: Remembered) -> Mapped:
    envelope = from_headers({n: t.encode() for n, t in record.headers.items()})
    body = Codec((Received,)).decode(Received.contract, envelope, record.value)
    assert isinstance(body, Received)
    return Meetings()(body, Given(PSEUDONYMS, NOW, before))


@pytest.mark.parametrize("path", PATHS)
async def test_a_command_becomes_one_record_and_is_then_accepted(path: str) -> None:
    answer, kept = await said(path)

    (record,) = kept.records
    assert (answer.status_code, answer.json()["id"]) == (202, record.headers["ce_id"])
    assert (record.topic, record.headers["ce_source"]) == ("received.cases", "meeting:209.diary")


async def test_all_that_is_said_of_a_meeting_has_one_key_and_is_judged_in_its_order() -> None:
    kept = InMemory()
    for path in ("request", "schedule", "invite", "reply", "attendance", "outcome"):
        await said(path, kept)

    remembered, ends = Remembered(), []
    for record in kept.records:
        told = mapped(record, remembered)
        remembered = told.remember
        ends += [end.reason for end in told.ends]

    assert (len({record.key for record in kept.records}), ends) == (1, [])


async def test_a_command_that_does_not_fit_is_taken_and_judged_behind_the_door() -> None:
    answer, kept = await said("reschedule")

    (end,) = mapped(kept.records[0], Remembered()).ends
    assert (answer.status_code, end.end, end.reason) == (
        202,
        "parked-conflict",
        "meeting-unknown",
    )


async def test_the_same_command_however_written_is_the_same_record() -> None:
    first, kept = await said("schedule")
    again, _ = await said("schedule", kept, mode="remote")

    assert first.json() == again.json()
    assert len({record.headers["ce_id"] for record in kept.records}) == 1


@pytest.mark.parametrize(
    ("change", "status", "reason", "path"),
    [
        ({"at": "2026-03-02T10:30:00Z"}, 422, "time-in-future", "at"),
        ({"start_at": "soon"}, 422, "contract-broken", "start_at"),
        ({"Rosa Example": 1}, 422, "contract-broken", ""),
        ({"headers": {"X-API-Key": CASES}}, 403, "door-not-of-key", ""),
        ({"headers": {"content-type": "text/plain"}}, 415, "media-type-not-accepted", ""),
    ],
)
async def test_a_refusal_names_a_field_and_no_value(
    change: dict[str, Any], status: int, reason: str, path: str
) -> None:
    with capture_logs() as logs:
        answer, kept = await said("schedule", **change)

    problem = answer.json()
    assert (answer.status_code, problem["reason"], problem.get("path", "")) == (
        status,
        reason,
        path,
    )
    assert kept.records == []
    assert "Rosa" not in answer.text + str(logs)


async def test_nothing_is_accepted_that_is_not_durable() -> None:
    answer, _ = await said(
        "schedule", InMemory(refuses="broker-away"), headers={"Accept": "text/calendar"}
    )

    assert answer.status_code == 503


async def test_a_change_of_time_can_be_answered_with_the_calendar_entry() -> None:
    wants = {"Accept": "text/calendar"}
    entries = []
    for path in ("schedule", "reschedule", "cancel"):
        answer, kept = await said(path, headers=wants)
        assert answer.status_code == 202
        assert answer.headers["X-Receipt-Id"] == kept.records[0].headers["ce_id"]
        entries.append(Calendar.from_ical(answer.content).walk("VEVENT")[0])

    assert len({str(event["uid"]) for event in entries}) == 1
    answer, _ = await said("invite", headers=wants)
    assert answer.headers["content-type"] == "application/json"


async def test_openapi_has_each_command_with_an_example_and_every_answer() -> None:
    async with a_door() as (client, _):
        paths = (await client.get("/openapi.json")).json()["paths"]

    for path, kind in PATHS.items():
        post = paths[f"/meetings/{path}"]["post"]
        body = post["requestBody"]["content"]["application/json"]
        assert set(body["schema"]["properties"]) == set(kind.model_fields)
        kind.model_validate(json.loads(json.dumps(body["example"])), strict=False)
        assert {"202", "401", "403", "422", "503"} <= set(post["responses"])
    assert "text/calendar" in paths["/meetings/cancel"]["post"]["responses"]["202"]["content"]
