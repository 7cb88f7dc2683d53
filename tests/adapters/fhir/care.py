"""Resources of care for tests: episodes, flags, referrals, relatives, CP-IS. All is made up."""

from __future__ import annotations

from typing import Any, Final

from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Mapped
from tests.adapters.fhir.messages import (
    BARS,
    CHILD,
    MOTHER,
    SENT,
    SNOMED,
    Resource,
    concept,
    message,
    organisation,
    patient,
)
from tests.adapters.mapping import map_one

FLAGS: Final = "https://fhir.nhs.uk/CodeSystem/flag-categories-bars"
SAFEGUARDING: Final = "https://fhir.nhs.uk/CodeSystem/safeguarding-codes-bars"
SAFETY: Final = "http://terminology.hl7.org/CodeSystem/flag-category"
REASON: Final = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
ROLES: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
PATIENT_FLAGS: Final = "https://fhir.nhs.uk/England/CodeSystem/England-FlagCategoryPatient"
HEADINGS: Final = "https://fhir.nhs.uk/CodeSystem/RecordStandardHeadings"

CAUSE_FOR_CONCERN: Final = "836881000000105"
UNBORN_CAUSE: Final = "878111000000109"
NO_CONCERN: Final = "861931000000100"
ADULT_AT_RISK: Final = "707087005"

HEALTH_VISITING: Final = concept(SNOMED, "1078501000000104")
CAMHS: Final = concept(SNOMED, "310117003")
MIDWIFERY: Final = concept(SNOMED, "714088003")

THE_CHILD: Final = patient("child", CHILD, "2019-09-01")
RESTRICTED_CHILD: Final = THE_CHILD | {
    "meta": {
        "security": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
        ]
    }
}
THE_MOTHER: Final = patient("mother", MOTHER, "1998-05-04")
META: Final = {"versionId": "1", "lastUpdated": SENT}


def episode(own: str = "ep1", who: str = "child", /, **changes: Any) -> Resource:
    """A health visiting service's care that has begun, unless `changes` say otherwise."""
    found: Resource = {
        "resourceType": "EpisodeOfCare",
        "id": own,
        "meta": META,
        "identifier": [{"system": "https://example.org/episodes", "value": f"EP-{own}"}],
        "status": "active",
        "type": [HEALTH_VISITING],
        "patient": {"reference": f"Patient/{who}"},
        "managingOrganization": {"reference": "Organization/trust"},
        "period": {"start": "2026-02-02"},
    }
    return _changed(found, changes)


def earlier(status: str, start: str, end: str | None = None) -> dict[str, Any]:
    """One line of an episode's history of its status."""
    period = {"start": start} if end is None else {"start": start, "end": end}
    return {"status": status, "period": period}


def flag(
    code: str | None = CAUSE_FOR_CONCERN, who: str = "child", /, own: str = "f1", **changes: Any
) -> Resource:
    """A safeguarding flag as BaRS writes it, unless `changes` say otherwise."""
    found: Resource = {
        "resourceType": "Flag",
        "id": own,
        "meta": META,
        "status": "active",
        "category": [concept(FLAGS, "SG")],
        "code": concept(SAFEGUARDING, code) if code else {"text": "Ring Nora about this"},
        "subject": {"reference": f"Patient/{who}"},
        "period": {"start": "2026-03-02T09:00:00+00:00"},
    }
    return _changed(found, changes)


def referral(own: str = "sr1", who: str = "child", /, **changes: Any) -> Resource:
    """A request for care, whose reason nobody said, unless `changes` say otherwise."""
    found: Resource = {
        "resourceType": "ServiceRequest",
        "id": own,
        "meta": META,
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{who}"},
        "authoredOn": "2026-03-01T18:00:00+00:00",
    }
    return _changed(found, changes)


def related(code: str = "MTH", /, own: str = "rel1", **changes: Any) -> Resource:
    """The child's mother with her own verified number, unless `changes` say otherwise."""
    found: Resource = {
        **patient(own, MOTHER, "1998-05-04"),
        "resourceType": "RelatedPerson",
        "meta": META,
        "active": True,
        "patient": {"reference": "Patient/child"},
        "relationship": [concept(ROLES, code)],
    }
    return _changed(found, changes)


def cpis_flag(**changes: Any) -> Resource:
    """CP-IS's flag as Patient Flags give it: its plan is in an extension, and not what it is."""
    found: Resource = {
        "resourceType": "Flag",
        "id": "CPIS-Flag-Made-Up",
        "meta": META,
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
                "valueReference": {"reference": "CarePlan/CPIS-Plan-Made-Up"},
            }
        ],
        "status": "active",
        "code": concept(PATIENT_FLAGS, "child-protection-information-system-flag"),
        "subject": {"reference": "Patient/child"},
        "period": {"start": "2026-01-12T09:00:00+00:00"},
    }
    return _changed(found, changes)


def care_plan(code: str = "342191000000101", /, **changes: Any) -> Resource:
    found: Resource = {
        "resourceType": "CarePlan",
        "id": "CPIS-Plan-Made-Up",
        "meta": META,
        "status": "active",
        "intent": "plan",
        "category": [concept(SNOMED, code)],
        "subject": {"reference": "Patient/child"},
        "period": {"start": "2026-01-10"},
        "careTeam": [{"reference": "CareTeam/CPIS-Team-Made-Up"}],
    }
    return _changed(found, changes)


def care_team(**changes: Any) -> Resource:
    found: Resource = {
        "resourceType": "CareTeam",
        "id": "CPIS-Team-Made-Up",
        "meta": META,
        "status": "active",
        "name": "EX99 - EXAMPLE CITY COUNCIL",
        "telecom": [
            {"system": "phone", "value": "020 7946 0000", "use": "work"},
            {"system": "phone", "value": "07700 900000", "use": "mobile"},
        ],
    }
    return _changed(found, changes)


def sent(*resources: Resource, event: str = "A01", **more: Any) -> Resource:
    """A message of resources about the child and its mother, both in it."""
    return message(*resources, THE_CHILD, THE_MOTHER, organisation(), event=event, **more)


def bars(*resources: Resource, event: str, reason: str = "new") -> Resource:
    """A message of BaRS."""
    header = {"reason": concept(REASON, reason)}
    return sent(*resources, event=event, system=BARS, header=header)


def mapped(bundle: Resource) -> Mapped:
    return map_one("fhir-message", bundle)


def told(*resources: Resource) -> ChildEvent:
    """The one event of a message of these resources."""
    (event,) = mapped(sent(*resources)).events
    return event


def reasons(bundle: Resource) -> list[str]:
    """Why each fact that was not told was not."""
    return sorted(end.reason for end in mapped(bundle).ends)


def _changed(found: Resource, changes: dict[str, Any]) -> Resource:
    return {key: value for key, value in {**found, **changes}.items() if value is not None}
