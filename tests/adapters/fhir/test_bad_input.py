"""What cannot be read, and what can be read and is wrong: a reason and a path, never a value."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge_fhir.nodes import MAX_BYTES
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.fhir.messages import (
    BABY,
    CHILD,
    MOTHER,
    Resource,
    appointment,
    as_json,
    as_xml,
    birth,
    encounter,
    message,
    organisation,
    patient,
)
from tests.adapters.mapping import map_one

XML: Final = "application/fhir+xml"
JSON: Final = "application/fhir+json"
_BOMB: Final = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;">]><Bundle xmlns="http://hl7.org/fhir">&c;</Bundle>'
)
_EXTERNAL: Final = (
    b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b'<Bundle xmlns="http://hl7.org/fhir"><id value="&x;"/></Bundle>'
)


def _read(content: bytes, kind: str) -> UnreadableError:
    with pytest.raises(UnreadableError) as raised:
        map_one("fhir-message", content, kind)
    return raised.value


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        pytest.param(b"", XML, "xml-invalid", id="nothing at all, as XML"),
        pytest.param(b"", JSON, "json-invalid", id="nothing at all, as JSON"),
        pytest.param(b"<Bundle", XML, "xml-invalid", id="broken XML"),
        pytest.param(b'{"resourceType":', JSON, "json-invalid", id="broken JSON"),
        pytest.param(b"[1]", JSON, "json-not-an-object", id="an array"),
        pytest.param(_BOMB, XML, "xml-dtd-forbidden", id="an XML bomb"),
        pytest.param(_EXTERNAL, XML, "xml-dtd-forbidden", id="an external entity"),
        pytest.param(
            _BOMB.decode().encode("utf-16"), XML, "xml-invalid", id="a bomb in another encoding"
        ),
        pytest.param(
            b"<a>" * 5_000 + b"</a>" * 5_000, XML, "xml-invalid", id="XML nested 5,000 deep"
        ),
        pytest.param(
            b'{"a":' * 5_000 + b"1" + b"}" * 5_000, JSON, "json-invalid", id="JSON 5,000 deep"
        ),
        pytest.param(b" " * (MAX_BYTES + 1), JSON, "content-too-large", id="too large"),
        pytest.param(b"<Patient/>", XML, "not-a-bundle", id="another element"),
        pytest.param(b'{"resourceType":"Patient"}', JSON, "not-a-bundle", id="a bare resource"),
        pytest.param(
            b'{"resourceType":"Bundle","type":"searchset"}',
            JSON,
            "not-a-message",
            id="another Bundle",
        ),
        pytest.param(
            b'{"resourceType":"Bundle","type":"message"}',
            JSON,
            "message-header-missing",
            id="no header",
        ),
        pytest.param(
            b'{"resourceType":"Bundle","type":"message","entry":5}',
            JSON,
            "fhir-shape-wrong",
            id="a number for entries",
        ),
    ],
)
def test_a_body_that_is_no_message_is_unreadable(content: bytes, kind: str, reason: str) -> None:
    assert _read(content, kind).reason == reason


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        pytest.param("2026-03-09T09:30:00", "time-without-zone", id="no zone"),
        pytest.param("2026-03-09T09:30:00+58:00", "time-invalid", id="a zone of 58 hours"),
        pytest.param("2026-02-30", "time-invalid", id="a day that is none"),
        pytest.param("9000000009", "time-invalid", id="a number in the wrong place"),
        pytest.param("0001-01-01T00:00:00+14:00", "time-out-of-range", id="the first year"),
        pytest.param(None, "appointment-start-missing", id="no start"),
    ],
)
@pytest.mark.parametrize("write", [as_json, as_xml], ids=["json", "xml"])
def test_a_time_that_cannot_be_read_is_named_by_its_field(
    start: str | None, reason: str, write: Any
) -> None:
    bundle = message(appointment(start=start), patient("mother", MOTHER, "1998-05-04"))

    problem = _read(write(bundle), XML if write is as_xml else JSON)

    assert (problem.reason, problem.path) == (reason, "Appointment.start")


def test_too_many_entries_are_not_looked_at() -> None:
    bundle = message(*(organisation(f"o{n}") for n in range(2_001)))

    assert _read(as_json(bundle), JSON).reason == "too-many-entries"


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("9000000008", id="wrong check digit"),
        pytest.param("123", id="too short"),
        pytest.param("", id="empty"),
        pytest.param("not known", id="words"),
        pytest.param(None, id="none"),
    ],
)
def test_without_a_usable_number_a_fact_is_parked(number: str | None) -> None:
    mapped = map_one("fhir-message", message(appointment(), patient("mother", number, None)))

    assert not mapped.events
    assert [(e.end, e.reason) for e in mapped.ends] == [
        ("parked-unsupported", "no-usable-identifier")
    ]


def test_a_number_with_spaces_is_a_number() -> None:
    mapped = map_one(
        "fhir-message", message(appointment(), patient("mother", "900 000 0009", None))
    )

    number = mapped.events[0].subjects[0].nhs_number
    assert number is not None
    assert number.reveal() == MOTHER


@pytest.mark.parametrize(
    ("status", "kept"),
    [("01", True), ("number-present-and-verified", True), ("02", False), ("07", False)],
)
def test_a_number_that_its_sender_calls_unverified_is_none(status: str, *, kept: bool) -> None:
    system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"
    mother = patient("mother", MOTHER, None)
    mother["identifier"][0]["extension"] = [
        {
            "url": "https://fhir.hl7.org.uk/StructureDefinition/"
            "Extension-UKCore-NHSNumberVerificationStatus",
            "valueCodeableConcept": {"coding": [{"system": system, "code": status}]},
        }
    ]

    assert bool(map_one("fhir-message", message(appointment(), mother)).events) is kept


_SECRETS: Final = (MOTHER, BABY, CHILD, "Example", "Rosa", "1998-05-04", "2019-09-01")
_KEYS: Final = st.sampled_from(
    ["id", "status", "start", "identifier", "value", "coding", "code", "meta", "participant", "x"]
)
_JUNK: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([*_SECRETS, "", "2026", "booked", "urn:uuid:x", "\u0000", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)


def _messages() -> list[Resource]:
    return [
        message(
            appointment("a1", cancelationReason={"coding": [{"code": CHILD}]}),
            patient("mother", MOTHER, "1998-05-04"),
            organisation(),
        ),
        message(encounter(), patient("child", CHILD, "2019-09-01"), organisation()),
        birth(),
    ]


def _places(node: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    found = [here] if here else []
    for key, part in inner:
        found += _places(part, (*here, key))
    return found


@settings(max_examples=300, deadline=None)
@given(which=st.integers(0, 2), at=st.integers(0, 10_000), junk=_JUNK)
def test_whatever_stands_in_a_field_it_is_mapped_or_unreadable_and_never_shown(
    which: int, at: int, junk: Any
) -> None:
    bundle = json.loads(json.dumps(_messages()[which]))
    places = _places(bundle)
    *way, last = places[at % len(places)]
    holder = bundle
    for step in way:
        holder = holder[step]
    holder[last] = junk

    try:
        mapped = map_one("fhir-message", bundle)
    except UnreadableError as problem:
        shown = f"{problem} {problem.reason} {problem.path}"
    else:
        ends = [(e.fact, e.reason) for e in mapped.ends]
        ids = [(e.id, e.fact, e.subject, e.source) for e in mapped.events]
        raw = [getattr(e.detail, "raw_status", "") for e in mapped.events]
        shown = f"{ends} {ids} {raw} {[e.subjects for e in mapped.events]}"
        assert mapped.events or mapped.ends
    assert not [secret for secret in _SECRETS if secret in shown]


@settings(max_examples=200, deadline=None)
@given(cut=st.integers(0, 6_000), noise=st.binary(max_size=6))
def test_broken_xml_is_unreadable_or_mapped_and_nothing_else(cut: int, noise: bytes) -> None:
    content = as_xml(birth())
    spoilt = content[: cut % len(content)] + noise + content[(cut % len(content)) + 3 :]

    shown = ""
    try:
        map_one("fhir-message", spoilt, XML)
    except UnreadableError as problem:
        shown = str(problem)
    assert not [secret for secret in _SECRETS if secret in shown]
