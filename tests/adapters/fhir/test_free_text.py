"""What people type into resources of care never leaves the adapter."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.adapters.fhir.care import (
    care_plan,
    care_team,
    cpis_flag,
    earlier,
    episode,
    flag,
    mapped,
    referral,
    related,
    sent,
)
from tests.adapters.fhir.messages import SNOMED, Resource, appointment, concept, encounter

TYPED: Final = "Ring Nora about Rosa's bruises"
NARRATIVE: Final = {"status": "additional", "div": f"<div>{TYPED}</div>"}
NOTE: Final = [{"text": TYPED}]
SAID: Final = {"text": TYPED, "coding": [{"display": TYPED, "code": "1", "system": TYPED}]}

EACH: Final[dict[str, Resource]] = {
    "an appointment": appointment(
        description=TYPED,
        comment=TYPED,
        patientInstruction=TYPED,
        reasonCode=[SAID],
        appointmentType=SAID,
    ),
    "an appointment that is off": appointment(status="noshow", cancelationReason=SAID),
    "an arrival": encounter(reasonCode=[SAID], type=[SAID], diagnosis=[{"use": SAID}]),
    "an episode": episode(
        statusHistory=[earlier("planned", "2026-01-01") | {"status": TYPED}],
        diagnosis=[{"role": SAID}],
    ),
    "a flag": flag(None, code={"text": TYPED}),
    "a referral": referral(
        reasonCode=[{**SAID, "coding": concept(SNOMED, "836881000000105")["coding"]}],
        note=NOTE,
        patientInstruction=TYPED,
        orderDetail=[SAID],
    ),
    "a relative": related(
        relationship=[{**SAID, **concept("http://hl7.org/fhir/v3/RoleCode", "MTH")}],
        communication=[{"language": SAID}],
    ),
    "a plan": care_plan(title=TYPED, description=TYPED, note=NOTE, activity=[{"progress": NOTE}]),
    "a team": care_team(name=TYPED, note=NOTE, telecom=[{"system": "phone", "value": TYPED}]),
}


@pytest.mark.parametrize("made", EACH.values(), ids=EACH.keys())
def test_no_text_that_somebody_typed_leaves(made: Resource) -> None:
    beside: list[Any] = [cpis_flag(), care_plan()] if made["resourceType"] == "CareTeam" else []
    found = mapped(sent({**made, "text": NARRATIVE}, *beside))

    said = found.model_dump_json()
    assert found.events
    assert not [word for word in ("Nora", "bruises", "Ring") if word in said]
