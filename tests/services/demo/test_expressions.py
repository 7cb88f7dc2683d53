"""Expressions of a story: times, people, and what alerts said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from kinbridge.demo.expressions import expand
from kinbridge.demo.people import numbers_for
from kinbridge.demo.spans import span
from kinbridge.demo.story import Send, StoryError, load_story, shipped
from kinbridge.demo.templates import FOLDER, Request, request
from kinbridge_schemas.identifiers import NhsNumber

NOW = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
NAMES = {"mother": "9000000009", "first": {"alert": "family-x.macpt.1", "facts": ["fact-1"]}}


@pytest.mark.parametrize(
    ("said", "gives"),
    [
        ("${now}", "2026-07-01T09:30:00+01:00"),
        ("${now - 3h}", "2026-07-01T06:30:00+01:00"),
        ("${now + 5w}", "2026-08-05T09:30:00+01:00"),
        ("${today}", "2026-07-01"),
        ("${today-40d}", "2026-05-22"),
        ("${today at 09:05}", "2026-07-01T09:05:00+01:00"),
        ("${today - 3wd at 10:10}", "2026-06-26T10:10:00+01:00"),
        ("${today + 3wd}", "2026-07-06"),
        ("${mother}", "9000000009"),
        ("${first.facts}", ["fact-1"]),
        ("/alerts/${first.alert}/responses", "/alerts/family-x.macpt.1/responses"),
        ("a ${mother} and ${mother}", "a 9000000009 and 9000000009"),
        ("no expression", "no expression"),
        (7, 7),
        ({"a": ["${mother}", None]}, {"a": ["9000000009", None]}),
    ],
)
def test_an_expression_gives_its_value(said: object, gives: object) -> None:
    assert expand(said, NAMES, NOW) == gives


def test_hours_are_hours_over_a_change_of_the_clock() -> None:
    after = datetime(2026, 10, 25, 3, 0, tzinfo=UTC)

    assert expand("${now - 3h}", {}, after) == "2026-10-25T01:00:00+01:00"


@pytest.mark.parametrize(
    "said",
    [
        *("${father}", "${first.none}", "${mother.facts}", "${}", "${Now}"),
        *("${now - 3x}", "${now - 3wd}", "${today at 9:05}"),
    ],
)
def test_what_nobody_gave_is_named(said: str) -> None:
    with pytest.raises(StoryError):
        expand(said, NAMES, NOW)


@given(st.integers(1, 999), st.sampled_from("smhdw"))
def test_a_span_is_a_number_and_a_unit(number: int, unit: str) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[unit]

    assert span(f"{number}{unit}") == timedelta(seconds=number * seconds)


@pytest.mark.parametrize("said", ["", "5", "h", "1.5h", "-1h", "1 h", 5, None])
def test_anything_else_is_no_span(said: object) -> None:
    with pytest.raises(ValueError, match="write a number"):
        span(said)


@given(st.text("abcdefghij0123456789", min_size=1, max_size=8))
def test_people_have_numbers_of_the_test_range_of_their_own(play: str) -> None:
    numbers = numbers_for(play, ["mother", "father", "baby"])

    assert len(set(numbers.values())) == 3
    assert all(n.startswith("900") and NhsNumber(n) for n in numbers.values())
    assert numbers == numbers_for(play, ["mother", "father", "baby"])


def test_two_plays_have_different_people() -> None:
    assert numbers_for("one", ["mother"]) != numbers_for("two", ["mother"])


def sent(template: str) -> Request:
    for path in shipped():
        story = load_story(path)
        for step in story.steps:
            for send in step.send:
                if send.template == template:
                    names = {"play": "p1", **numbers_for("p1", story.people)}
                    return request(send, names, NOW)
    raise AssertionError(f"No shipped story uses the template {template}.")


@pytest.mark.parametrize("template", sorted(path.stem for path in FOLDER.iterdir()))
def test_every_template_is_used_and_well_formed(template: str) -> None:
    made = sent(template)

    if made.content_type.startswith("application/fhir+xml"):
        assert etree.fromstring(made.content).tag == "{http://hl7.org/fhir}Bundle"
    else:
        assert json.loads(made.content)["resourceType"] == "Bundle"
    assert b"${" not in made.content


def test_what_goes_into_xml_stays_a_value() -> None:
    names = dict.fromkeys(
        ("message", "recorded", "baby", "mother", "birth_day", "born", "weeks", "ods"), "x"
    )
    send = Send.model_validate(
        {"to": "/nhs/$process-message", "as": "nems", "template": "birth-notification"}
    )
    made = request(send, {**names, "provider": '"/><evil a="&'}, NOW)

    found = etree.fromstring(made.content).iter("{http://hl7.org/fhir}evil")
    assert list(found) == []


def test_an_unknown_template_is_named() -> None:
    send = Send.model_validate({"to": "/nhs/x", "as": "nems", "template": "no-such"})

    with pytest.raises(StoryError, match="no-such"):
        request(send, {}, NOW)
