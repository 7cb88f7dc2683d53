"""The NEMS birth notification: babies who live, who died, and who cannot be read."""

from __future__ import annotations

import pytest

from kinbridge_schemas.events.maternity import BirthNotified
from kinbridge_schemas.vocabulary import Provider
from tests.adapters.fhir.messages import (
    BABY,
    CHILD,
    birth,
    observation,
)
from tests.adapters.fhir.nems import (
    EACH,
    RESTRICTED,
    mapped,
    told,
)

each = pytest.mark.parametrize("made", EACH.values(), ids=EACH.keys())


# -- births


def test_a_baby_whose_record_notes_a_death_is_no_live_birth() -> None:
    url = "https://fhir.hl7.org.uk/STU3/StructureDefinition/"
    status = {"system": "s", "code": "2"}
    extension = {
        "url": f"{url}Extension-CareConnect-DeathNotificationStatus-1",
        "extension": [
            {"url": "deathNotificationStatus", "valueCodeableConcept": {"coding": [status]}}
        ],
    }

    detail = told(birth(changes={"extension": [extension]})).detail

    assert isinstance(detail, BirthNotified)
    assert detail.live is False


def test_one_twin_that_cannot_be_read_does_not_lose_the_other() -> None:
    twins = birth(babies={"one": BABY, "two": CHILD})
    second = next(
        e["resource"]
        for e in twins["entry"]
        if e["resource"]["resourceType"] == "Patient" and e["resource"]["id"] == "two"
    )
    second["birthDate"] = "the day before yesterday"

    found = mapped(twins)

    assert len(found.events) == 1
    assert [(end.end, end.reason) for end in found.ends] == [("parked-unreadable", "time-invalid")]


def test_where_a_restricted_baby_was_born_is_not_told() -> None:
    shown, hidden = told(birth()).detail, told(birth(changes=RESTRICTED)).detail

    assert isinstance(shown, BirthNotified)
    assert isinstance(hidden, BirthNotified)
    assert (shown.provider == Provider(), hidden.provider) == (False, Provider())


def test_a_birth_keeps_its_fact_whatever_the_message_is_called() -> None:
    assert told(birth()).fact == told({**birth(), "id": "another"}).fact


def test_an_observation_is_read_for_nothing_but_what_is_named() -> None:
    weight = observation("baby", "364589006", valueQuantity={"value": 3410, "unit": "gram"})
    bundle = birth()
    bundle["entry"].append({"fullUrl": "Observation/weight", "resource": weight})

    assert "3410" not in told(bundle).model_dump_json()
