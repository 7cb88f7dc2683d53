"""Whom a NEMS event is about, and when that cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.messages import (
    BABY,
    CHILD,
    MOTHER,
    NHS_NUMBER,
    Resource,
)
from tests.adapters.fhir.nems import (
    EACH,
    cared_for,
    focus_of,
    mapped,
    moved,
    parked,
    patient_of,
    record_changed,
    screen_deleted,
    screened,
    told,
    vaccinated,
)

each = pytest.mark.parametrize("made", EACH.values(), ids=EACH.keys())


# -- whom


def _changed(bundle: Resource, **changes: Any) -> Resource:
    patient_of(bundle).update(changes)
    return bundle


def _number(value: str, **more: Any) -> dict[str, Any]:
    return {"identifier": [{"system": NHS_NUMBER, "value": value, **more}]}


WHOM: Final = [
    pytest.param(moved(), CHILD, id="both say the same"),
    pytest.param(moved(routed=None), CHILD, id="the patient alone"),
    pytest.param(moved(routed="9000000008"), CHILD, id="the header's is no number"),
    pytest.param(_changed(moved(), identifier=[]), CHILD, id="the header alone"),
    pytest.param(_changed(moved(), **_number("900 000 0025")), CHILD, id="written with spaces"),
    pytest.param(
        record_changed(routed=BABY), BABY, id="a record change keeps the number it was sent under"
    ),
    pytest.param(record_changed(routed=None), CHILD, id="a record change, the patient alone"),
]


@pytest.mark.parametrize(("bundle", "number"), WHOM)
def test_whom_it_is_about(bundle: Resource, number: str) -> None:
    found = told(bundle).subjects[0].nhs_number

    assert found is not None
    assert found.reveal() == number


NOBODY: Final = [
    pytest.param(moved(routed=MOTHER), "subjects-disagree", id="header and patient differ"),
    pytest.param(
        _changed(moved(), **_number("6101231234")), "no-usable-identifier", id="no such number"
    ),
    pytest.param(
        _changed(moved(), **_number(CHILD, use="old")), "no-usable-identifier", id="a past number"
    ),
    pytest.param(
        _changed(moved(routed=None), identifier=[]), "no-usable-identifier", id="no number at all"
    ),
    pytest.param(screen_deleted(routed=None), "no-usable-identifier", id="a delete with none"),
]


@pytest.mark.parametrize(("bundle", "reason"), NOBODY)
def test_what_is_about_nobody_for_certain_is_parked(bundle: Resource, reason: str) -> None:
    assert parked(bundle) == [("parked-unsupported", reason)]


def test_an_adult_is_no_child_and_somebody_of_unknown_age_neither() -> None:
    adult = _changed(cared_for(), birthDate="1998-05-04")
    ageless = cared_for(routed=None)
    patient_of(ageless).pop("birthDate")

    assert told(adult).subjects[0].role is Role.UNKNOWN
    assert told(ageless).subjects[0].role is Role.UNKNOWN
    assert told(cared_for()).subjects[0].role is Role.CHILD


def test_a_newborn_is_a_child_even_where_an_example_says_otherwise() -> None:
    assert told(_changed(screened(), birthDate="1998-05-04")).subjects[0].role is Role.CHILD


def test_a_reference_that_leads_nowhere_means_the_only_one_there_is() -> None:
    lost = vaccinated()
    focus_of(lost)["patient"] = {"reference": "urn:uuid:nowhere"}
    lost["entry"][0]["resource"]["focus"] = [{"reference": "urn:uuid:nowhere"}]

    assert told(lost).fact == told(vaccinated()).fact


@each
def test_a_message_without_its_focus_is_unreadable(made: Callable[..., Resource]) -> None:
    bundle = made()
    kind = focus_of(bundle)["resourceType"]
    kept = [e for e in bundle["entry"] if e["resource"]["resourceType"] != kind]
    bundle["entry"] = kept

    with pytest.raises(UnreadableError) as raised:
        mapped(bundle)
    assert (raised.value.reason, raised.value.path) == ("focus-missing", "MessageHeader.focus")
