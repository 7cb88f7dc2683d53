"""Event messages of NEMS for tests: one builder for each kind of event. Everybody is made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Mapped
from tests.adapters.fhir.messages import (
    CHILD,
    NEMS,
    NHS_NUMBER,
    SENT,
    SNOMED,
    Resource,
    concept,
    message,
    observation,
    organisation,
    patient,
)
from tests.adapters.mapping import map_one

BORN: Final = "2019-09-01"
UPDATED: Final = "2026-03-02T10:00:00+00:00"
LATER: Final = "2026-03-03T10:00:00+00:00"
PHONE: Final = "020 7946 0000"

_STU3: Final = "https://fhir.nhs.uk/STU3"
_CARE_CONNECT: Final = "https://fhir.hl7.org.uk/STU3"
_ROUTING: Final = f"{_STU3}/StructureDefinition/Extension-RoutingDemographics-1"
_ACTION: Final = f"{_STU3}/StructureDefinition/Extension-MessageEventType-1"
_DEATH: Final = (
    f"{_CARE_CONNECT}/StructureDefinition/Extension-CareConnect-DeathNotificationStatus-1"
)
_PROCEDURE: Final = (
    f"{_CARE_CONNECT}/StructureDefinition/Extension-CareConnect-VaccinationProcedure-1"
)
_ENCOUNTER_TYPE: Final = f"{_STU3}/CodeSystem/DCH-ChildHealthEncounterType-1"
_CONFIDENTIALITY: Final = "http://hl7.org/fhir/v3/Confidentiality"

RESTRICTED: Final = {"meta": {"security": [{"system": _CONFIDENTIALITY, "code": "R"}]}}
"""Changes of a Patient that make its record sensitive."""


def event(
    code: str,
    *resources: Resource,
    focus: str,
    action: str | None = "new",
    own: str = "n1",
    routed: str | None = CHILD,
    **header: Any,
) -> Resource:
    """An event message. `routed` is the number in its header; `header` changes the header."""
    extensions = [] if routed is None else [_routing(routed)]
    if action is not None:
        kind = concept(f"{_STU3}/CodeSystem/MessageEventType-1", action)
        extensions.append({"url": _ACTION, "valueCodeableConcept": kind})
    head = {
        "eventCoding": None,
        "sender": None,
        "event": {"system": NEMS, "code": code},
        "extension": extensions,
        "meta": {"lastUpdated": UPDATED},
        "timestamp": SENT,
        "responsible": {"reference": "Organization/trust"},
        **header,
    }
    return message(*resources, organisation(), own=own, focus=(focus,), header=head)


def _routing(number: str) -> dict[str, Any]:
    return {
        "url": _ROUTING,
        "extension": [
            {
                "url": "nhsNumber",
                "valueIdentifier": {"system": NHS_NUMBER, "value": number},
            },
            {
                "url": "name",
                "valueHumanName": {"use": "official", "family": "Example", "given": ["Rosa"]},
            },
            {"url": "birthDateTime", "valueDateTime": f"{BORN}T12:00:00+00:00"},
        ],
    }


def child(**changes: Any) -> Resource:
    found = {**patient("child", CHILD, BORN), **changes}
    return {key: value for key, value in found.items() if value is not None}


def _communication() -> Resource:
    return {
        "resourceType": "Communication",
        "id": "news",
        "status": "completed",
        "subject": {"reference": "Patient/child"},
    }


def _address(use: str, postcode: str | None, **period: str) -> dict[str, Any]:
    found = {
        "use": use,
        "line": ["7 Example Street", "EXAMPLETON"],
        "postalCode": postcode,
        "period": period,
    }
    return {key: value for key, value in found.items() if value not in (None, {})}


def moved(
    old: str | None = "ZZ98 1AB", new: str | None = "ZZ99 2CD", *, who: Any = None, **more: Any
) -> Resource:
    """A change of address between two postcodes, on the first of March."""
    addresses = [
        _address("old", old, start="2024-05-01", end="2026-02-28"),
        _address("home", new, start="2026-03-01"),
    ]
    subject = child(address=addresses, **(who or {}))
    return event(
        "pds-change-of-address-1", _communication(), subject, focus="Communication/news", **more
    )


def registered(practice: str | None = "A81001", *, who: Any = None, **more: Any) -> Resource:
    """A change of practice. Without one the registration has ended."""
    now = {"generalPractitioner": [{"reference": "Organization/new"}]} if practice else {}
    episode = {
        "resourceType": "EpisodeOfCare",
        "id": "before",
        "status": "finished",
        "type": [concept(f"{_STU3}/CodeSystem/EMS-PDS-PatientCareProvisionType-1", "1")],
        "patient": {"reference": "Patient/child"},
        "managingOrganization": {"reference": "Organization/old"},
        "period": {"start": "2020-01-01T09:00:00+00:00", "end": "2026-02-27T09:00:00+00:00"},
    }
    practices = [organisation("old", "A81002", "Example Old Surgery")]
    if practice:
        practices.append(organisation("new", practice, "Example New Surgery"))
    subject = child(**now, **(who or {}))
    return event(
        "pds-change-of-gp-1",
        _communication(),
        subject,
        episode,
        *practices,
        focus="Communication/news",
        **more,
    )


def died(status: str | None = "2", died_at: str | None = "2026-03-01", **more: Any) -> Resource:
    """A death notification with its status; `died_at` is left out of a removal."""
    parts = []
    if status is not None:
        system = f"{_CARE_CONNECT}/CodeSystem/CareConnect-DeathNotificationStatus-1"
        parts.append(
            {
                "url": "deathNotificationStatus",
                "valueCodeableConcept": concept(system, status),
            }
        )
    parts.append(
        {"url": "systemEffectiveDate", "valueDateTime": "2026-03-02T00:00:00+00:00"},
    )
    subject = child(extension=[{"url": _DEATH, "extension": parts}], deceasedDateTime=died_at)
    return event(
        "pds-death-notification-1", _communication(), subject, focus="Communication/news", **more
    )


def record_changed(*, who: Any = None, **more: Any) -> Resource:
    """The news that a record changed: no lastUpdated and no versionId, as the service sends it."""
    return event(
        "pds-record-change-1",
        child(**(who or {})),
        focus="Patient/child",
        **{"meta": None, **more},
    )


def cared_for(
    service: str | None = "1078501000000104",
    status: str = "active",
    *,
    who: Any = None,
    period: Any = None,
    phone: str = PHONE,
    **more: Any,
) -> Resource:
    """Professional contacts: a health visiting service, unless another code is given."""
    episode = {
        "resourceType": "EpisodeOfCare",
        "id": "episode",
        "identifier": [{"system": "https://example.org/episodes", "value": "EP-1"}],
        "status": status,
        "type": [concept(SNOMED, service)] if service else None,
        "patient": {"reference": "Patient/child"},
        "managingOrganization": {"reference": "Organization/community"},
        "period": period or {"start": "2026-02-01T09:00:00+00:00"},
        "team": [{"reference": "CareTeam/team"}],
    }
    community = {
        **organisation("community", "RJ2", "Example Community Trust"),
        "telecom": [
            {"system": "email", "value": "team@example.org"},
            {"system": "phone", "value": phone},
        ],
    }
    team = {
        "resourceType": "CareTeam",
        "id": "team",
        "name": "Example Team A",
        "participant": [{"member": {"reference": "Practitioner/nurse"}}],
    }
    nurse = {
        "resourceType": "Practitioner",
        "id": "nurse",
        "name": [{"family": "Practitioner", "given": ["Nora"]}],
    }
    given = {key: value for key, value in episode.items() if value is not None}
    return event(
        "professional-contacts-1",
        given,
        child(**(who or {})),
        community,
        team,
        nurse,
        focus="EpisodeOfCare/episode",
        **more,
    )


def vaccinated(
    *,
    given: bool | None = False,
    reason: str | None = "310376006",
    status: str = "completed",
    **more: Any,
) -> Resource:
    """A vaccination that was not given for want of consent, unless `given` says it was."""
    immunisation = {
        "resourceType": "Immunization",
        "id": "jab",
        "extension": [
            {"url": _PROCEDURE, "valueCodeableConcept": concept(SNOMED, "61761000000109")}
        ],
        "identifier": [{"system": "https://example.org/immunisations", "value": "IM-1"}],
        "status": status,
        "notGiven": None if given is None else not given,
        "vaccineCode": concept(SNOMED, "34925411000001109"),
        "patient": {"reference": "Patient/child"},
        "date": "2026-03-01T11:30:00+00:00",
        "primarySource": True,
        "lotNumber": "LOT-EXAMPLE",
        "explanation": {"reasonNotGiven": [concept(SNOMED, reason)]} if reason else None,
    }
    said = {key: value for key, value in immunisation.items() if value is not None}
    return event("vaccinations-1", said, child(), focus="Immunization/jab", **more)


def screened(
    code: str = "newborn-hearing-1",
    outcomes: tuple[str, ...] = ("1085451000000103", "1085431000000105"),
    *,
    status: str = "finished",
    summary: str | None = None,
    who: Any = None,
    parts: Any = None,
    **more: Any,
) -> Resource:
    """A newborn screen whose parts had these outcomes. `parts` changes each Procedure."""
    encounter = _screen_encounter(status)
    procedures = [
        {
            "resourceType": "Procedure",
            "id": f"part-{number}",
            "status": "completed",
            "code": concept(SNOMED, "413083006"),
            "subject": {"reference": "Patient/child"},
            "context": {"reference": "Encounter/screen"},
            "outcome": concept(SNOMED, outcome),
            **(parts or {}),
        }
        for number, outcome in enumerate(outcomes)
    ]
    sums = []
    if summary is not None:
        value = {"valueCodeableConcept": concept(SNOMED, summary)}
        sums.append(observation("child", "276771000000107", **value))
    subject = child(**{"birthDate": "2026-02-20", **(who or {})})
    return event(code, encounter, subject, *procedures, *sums, focus="Encounter/screen", **more)


def _screen_encounter(status: str) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": "screen",
        "identifier": [{"system": "https://example.org/screens", "value": "SC-1"}],
        "status": status,
        "type": [concept(_ENCOUNTER_TYPE, "007")],
        "subject": {"reference": "Patient/child"},
        "period": {"start": "2026-03-01"},
        "serviceProvider": {"reference": "Organization/trust"},
    }


def screen_deleted(code: str = "nipe-outcome-1", **more: Any) -> Resource:
    """The least that a `delete` of a screen has to bring: the header and the Encounter."""
    encounter = _screen_encounter("entered-in-error")
    bare = {key: encounter[key] for key in ("resourceType", "id", "identifier", "status", "type")}
    return event(code, bare, focus="Encounter/screen", **{"action": "delete", **more})


EACH: Final[dict[str, Callable[..., Resource]]] = {
    "address": moved,
    "practice": registered,
    "death": died,
    "record": record_changed,
    "service": cared_for,
    "vaccination": vaccinated,
    "hearing": screened,
}
"""A builder of each shape that there is."""


def focus_of(bundle: Resource) -> Resource:
    found: Resource = bundle["entry"][1]["resource"]
    return found


def patient_of(bundle: Resource) -> Resource:
    resources: list[Resource] = [entry["resource"] for entry in bundle["entry"]]
    return next(found for found in resources if found["resourceType"] == "Patient")


def mapped(bundle: Resource) -> Mapped:
    return map_one("fhir-message", bundle)


def told(bundle: Resource) -> ChildEvent:
    """Give the one event of a message."""
    (event,) = mapped(bundle).events
    return event


def parked(bundle: Resource) -> list[tuple[str, str]]:
    """Give the ends of a message that says nothing."""
    found = mapped(bundle)
    assert not found.events
    return [(end.end, end.reason) for end in found.ends]
