"""The reference webhook: any kind of an authority, closed, with no id of a source let through."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from kinbridge_casesystem.codes_of_events import CODED
from kinbridge_casesystem.fields import AUTHORITY_KINDS, ID_FIELDS
from kinbridge_schemas.events.protection import CpPlanStarted
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Precision
from tests.adapters.mapping import map_one

NUMBER: Final = "9000000009"


def sent(kind: str = "cp_plan_started", **changes: Any) -> dict[str, Any]:
    found = {
        "id": "E-1",
        "type": kind,
        "recorded": "2026-03-02T10:15:00Z",
        "occurred": "2026-03-02",
        "authority": "209",
        "child": {"la_child_id": "C100"},
        "data": {"plan_id": "CPP-7"},
        **changes,
    }
    return {key: value for key, value in found.items() if value is not None}


def _values() -> dict[str, Any]:
    """A value for every field that some kind of event needs."""
    return {
        **{field: "L-1" for fields in ID_FIELDS.values() for field in fields},
        **dict.fromkeys(
            ("start_at", "decision_at", "due_at", "due", "date", "at", "edd"), "2026-03-09"
        ),
        **dict.fromkeys(("agency", "basis", "ground", "trigger", "scope", "decision"), "health"),
        **dict.fromkeys(("worker", "cancelled_by"), "SW-77"),
        "meeting": "strategy-discussion",
        "role": "lcpp",
        "response": "accept",
        "participation": "attended",
        "reason": "not-needed",
        "category": "NEG",
        "from_tier": "universal",
        "to_tier": "family-help",
        "relation": "mother",
        "into": "C101",
        "events": ["antenatal"],
    }


@pytest.mark.parametrize("kind", sorted(AUTHORITY_KINDS))
def test_every_kind_of_an_authority_can_be_sent(kind: str) -> None:
    needed = {
        name for name, field in AUTHORITY_KINDS[kind].model_fields.items() if field.is_required()
    }
    data = {name: value for name, value in _values().items() if name in needed}

    event = map_one("case-webhook", sent(kind, data=data)).events[0]

    assert event.detail.kind == kind
    assert (event.authority, event.source) == ("209", "209.example")
    assert '"L-1"' not in event.detail.model_dump_json()


def test_one_plan_has_one_id_from_its_start_to_its_end() -> None:
    started = map_one("case-webhook", sent("cp_plan_started")).events[0]
    ended = map_one("case-webhook", sent("cp_plan_ended", id="E-2")).events[0]

    assert isinstance(started.detail, CpPlanStarted)
    assert started.detail.model_dump()["plan_id"] == ended.detail.model_dump()["plan_id"]
    assert started.fact != ended.fact


@pytest.mark.parametrize(
    ("occurred", "given", "precision"),
    [
        ("2026-03-02", None, Precision.DAY),
        ("2026-03", None, Precision.MONTH),
        ("2026-03-02T10:00:00Z", None, Precision.INSTANT),
        ("2026-03-02T00:00:00Z", "day", Precision.DAY),
    ],
)
def test_precision_is_what_was_said_or_what_was_written(
    occurred: str, given: str | None, precision: Precision
) -> None:
    event = map_one("case-webhook", sent(occurred=occurred, precision=given)).events[0]

    assert event.occurred.precision is precision


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        pytest.param({"extra": 1}, "contract-broken", "?", id="an unknown field"),
        pytest.param({"recorded": None}, "contract-broken", "recorded", id="a missing field"),
        pytest.param(
            {"recorded": "2026-03-02T10:00:00"}, "time-without-zone", "recorded", id="no zone"
        ),
        pytest.param({"authority": "210"}, "authority-not-of-source", "authority", id="another's"),
        pytest.param({"data": {}}, "contract-broken", "data.plan_id", id="data without its id"),
        pytest.param(
            {"data": {"plan_id": "x", "9000000009": 1}},
            "contract-broken",
            "data.?",
            id="an identifier as a name",
        ),
        pytest.param(
            {"child": {"la_child_id": "no such id!"}},
            "contract-broken",
            "child.la_child_id",
            id="an id that is none",
        ),
        pytest.param(
            {"child": {"la_child_id": "C1", "born": "soon"}},
            "time-invalid",
            "child.born",
            id="a birth that is no date",
        ),
        pytest.param({"data": {"plan_id": ""}}, "id-invalid", "plan_id", id="an empty id"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(
    changes: dict[str, Any], reason: str, path: str
) -> None:
    with pytest.raises(UnreadableError) as raised:
        map_one("case-webhook", sent(**changes))

    assert (raised.value.reason, raised.value.path) == (reason, path)


_JUNK: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([NUMBER, "Rosa", "", "2026"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([NUMBER, "id", "role", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(
    field=st.sampled_from([*sent(), "people", "version", "retract", "precision", NUMBER]),
    inner=st.sampled_from(["", "la_child_id", "nhs_number", "name", "born", "plan_id", NUMBER]),
    junk=_JUNK,
)
def test_whatever_is_sent_no_identifier_is_shown(field: str, inner: str, junk: Any) -> None:
    body = sent()
    holder = body.get(field)
    if inner and isinstance(holder, dict):
        holder[inner] = junk
    else:
        body[field] = junk

    try:
        mapped = map_one("case-webhook", body)
    except UnreadableError as problem:
        shown = f"{problem}"
    else:
        events = [(e.id, e.fact, e.subject, e.subjects) for e in mapped.events]
        shown = f"{mapped.ends} {events}"
        assert mapped.events or mapped.ends
    assert NUMBER not in shown
    assert "Rosa" not in shown


def test_bytes_that_are_no_json_are_unreadable() -> None:
    with pytest.raises(UnreadableError) as raised:
        map_one("case-webhook", json.dumps(sent()).encode()[:-4])

    assert raised.value.reason == "json-invalid"


@pytest.mark.parametrize(
    ("kind", "field", "told", "code"),
    [
        ("cp_plan_started", "category", "NEG", "NEG"),
        ("cp_plan_started", "category", "Neglect", "NEG"),
        ("contact_received", "source_code", "q) 6: Police", "6"),
        ("referral_received", "primary_need", "N1 - Abuse or Neglect", "N1"),
        ("episode_closed", "reason", "rc1", "RC1"),
        ("looked_after_ended", "reason", "E11", "E11"),
        ("assessment_authorised", "factors", ["4B", "16a"], ("4B", "16A")),
    ],
)
def test_a_code_is_read_with_or_without_words(
    kind: str, field: str, told: JsonValue, code: object
) -> None:
    mapped = map_one("case-webhook", sent(kind, data={**_needed(kind), field: told}))

    assert getattr(mapped.events[0].detail, field) == code
    assert mapped.flaws == ()


@pytest.mark.parametrize(
    ("kind", "field", "told", "left"),
    [
        ("cp_plan_started", "category", "Ada was hit", None),
        ("looked_after_ended", "reason", "moved to 12 Acacia Road", None),
        ("assessment_authorised", "factors", ["4B", "drinks", 7], ("4B",)),
    ],
)
def test_a_text_where_a_code_belongs_is_left_out_and_said(
    kind: str, field: str, told: JsonValue, left: object
) -> None:
    mapped = map_one("case-webhook", sent(kind, data={**_needed(kind), field: told}))

    assert getattr(mapped.events[0].detail, field) == left
    assert [(flaw.place, flaw.problem) for flaw in mapped.flaws] == [
        (f"data.{field}", "code-unknown")
    ]


def test_an_event_that_is_nothing_without_its_code_is_parked() -> None:
    data = {"plan_id": "P1", "category": "worse"}

    mapped = map_one("case-webhook", sent("cp_plan_category_changed", data=data))

    assert mapped.events == ()
    assert [(end.end, end.reason) for end in mapped.ends] == [
        ("parked-unsupported", "code-unknown")
    ]


def test_every_coded_field_is_one_of_its_event() -> None:
    known = {kind: set(AUTHORITY_KINDS[kind].model_fields) for kind in CODED}

    assert {kind: set(fields) - known[kind] for kind, fields in CODED.items()} == {
        kind: set() for kind in CODED
    }
    named = ("category", "source_code", "primary_need", "factors", "legal_status")
    assert {
        (kind, name)
        for kind, made in AUTHORITY_KINDS.items()
        for name in {*named, "placement_type"} & set(made.model_fields)
    } <= {(kind, name) for kind, fields in CODED.items() for name in fields}


def _needed(kind: str) -> dict[str, Any]:
    fields = AUTHORITY_KINDS[kind].model_fields
    return {name: "1" for name in ID_FIELDS[kind] if fields[name].is_required()}
