"""Answers of the Personal Demographics Service and signals of MNS, as they would come."""

from __future__ import annotations

import json
from typing import Any, Final

from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.mapped import Mapped
from kinbridge_schemas.retrieval import Answer, DemographicsWanted, framed
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.messages import CHILD, NHS_NUMBER, ODS, Resource
from tests.adapters.mapping import PSEUDONYMS, map_one

CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
DEATH_STATUS: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus"
)
REMOVAL: Final = "https://fhir.nhs.uk/StructureDefinition/Extension-PDS-RemovalFromRegistration"
ERRORS: Final = "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode"
ROLES: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
HOME: Final = {"use": "home", "period": {"start": "2024-05-01"}, "postalCode": "ZZ99 3WZ"}
PRACTICE: Final = {
    "type": "Organization",
    "identifier": {"system": ODS, "value": "Y12345", "period": {"start": "2024-06-01"}},
}


def patient(own: str = CHILD, /, *, marks: tuple[str, ...] = ("U",), **changes: Any) -> Resource:
    """A record with a home and a practice. A change that is None leaves a field out."""
    found: Resource = {
        "resourceType": "Patient",
        "id": own,
        "identifier": [{"system": NHS_NUMBER, "value": own}],
        "meta": {
            "versionId": "2",
            "security": [{"system": CONFIDENTIALITY, "code": mark} for mark in marks],
        },
        "name": [{"use": "usual", "family": "Example", "given": ["Kit"]}],
        "birthDate": "2019-09-01",
        "generalPractitioner": [PRACTICE],
        "address": [HOME],
    }
    return {key: value for key, value in {**found, **changes}.items() if value is not None}


def death_status(code: str) -> Resource:
    status = {"coding": [{"code": code}]}
    return {
        "url": DEATH_STATUS,
        "extension": [
            {"url": "deathNotificationStatus", "valueCodeableConcept": status},
            {"url": "systemEffectiveDate", "valueDateTime": "2026-02-20T09:00:00+00:00"},
        ],
    }


def removed(code: str) -> Resource:
    reason = {"coding": [{"code": code}]}
    return {
        "url": REMOVAL,
        "extension": [
            {"url": "removalFromRegistrationCode", "valueCodeableConcept": reason},
            {"url": "effectiveTime", "valuePeriod": {"start": "2026-01-10T00:00:00+00:00"}},
        ],
    }


def outcome(code: str) -> Resource:
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "processing",
                "details": {"coding": [{"system": ERRORS, "version": "1", "code": code}]},
            }
        ],
    }


def relative(number: str | None, code: str = "MTH", **changes: Any) -> Resource:
    found: Resource = {
        "resourceType": "RelatedPerson",
        "id": f"rel-{code}",
        "active": True,
        "patient": {"identifier": {"system": NHS_NUMBER, "value": CHILD}},
        "relationship": [{"coding": [{"system": ROLES, "code": code}]}],
        "period": {"start": "2020-01-01"},
        "name": [{"use": "usual", "family": "Example", "given": ["Rosa"]}],
    }
    if number is not None:
        found["identifier"] = [{"system": NHS_NUMBER, "value": number}]
    return {key: value for key, value in {**found, **changes}.items() if value is not None}


def searchset(*resources: Resource) -> Resource:
    entries = [{"resource": resource} for resource in resources]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "entry": entries,
    }


def answer(asked: str = CHILD, **changes: Any) -> Answer:
    """How a question about the child was answered: with a record."""
    number = NhsNumber(asked)
    fields: dict[str, Any] = {
        "retrieval": "retrieval-08d7f8ab47b237ee692ae1d99382cd59",
        "destination": "pds",
        "step": "patient",
        "wanted": DemographicsWanted(),
        "nhs_number": number,
        "person": PSEUDONYMS.of_nhs_number(number),
        "relation": Role.CHILD,
        "why": "signal",
        "end": "answered",
        "reason": "status-200",
        "status": 200,
        "version": 2,
        "content_type": "application/fhir+json",
    }
    return Answer(**(fields | changes))


def answered(body: Resource | bytes = b"", asked: str = CHILD, **changes: Any) -> bytes:
    """Give the received bytes of an answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return framed(answer(asked, **changes), content)


def none_held(code: str = "INVALIDATED_RESOURCE", asked: str = CHILD, **changes: Any) -> bytes:
    said = {"end": "no-record", "reason": "status-404", "status": 404, "version": 0}
    return answered(outcome(code), asked, **(said | changes))


def mapped(content: bytes) -> Mapped:
    """Map an answer by the route of its step."""
    related = b'"step":"related-persons"' in content.partition(b"\n")[0]
    return map_one("pds-related-persons" if related else "pds-patient", content)


def told(content: bytes) -> dict[str, ChildEvent]:
    """Give the events of an answer by their kind."""
    return {event.detail.kind: event for event in mapped(content).events}


def ends(content: bytes) -> list[tuple[str, str]]:
    return [(end.end, end.reason) for end in mapped(content).ends]


# -- signals


def signal(
    kind: str = "pds-record-change-2",
    subject: str | None = CHILD,
    *,
    own: str = "5f1b2c0e-6a3c-4a57-9b37-0c6f3b6d8a11",
    focus: str | None = None,
    record_version: str | None = None,
    at: str = "2026-03-02T10:00:00Z",
) -> Resource:
    """A signal as a Bundle of Parameters."""
    what: list[Resource] = [
        {"name": "event-number", "valueString": "1"},
        {"name": "timestamp", "valueInstant": at},
    ]
    if focus is not None:
        what.append({"name": "focus", "valueReference": {"reference": focus}})
    context: list[Resource] = [
        {"name": "event-type", "valueString": kind},
        {"name": "source", "valueUri": "https://fhir.example/asid/1"},
    ]
    if subject is not None:
        whom = {"identifier": {"value": subject}}
        context.append({"name": "subject", "valueReference": whom})
    if record_version is not None:
        context.append({"name": "version-id", "valueString": record_version})
    address = "https://api.example/multicast-notification-service/subscriptions"
    return {
        "resourceType": "Bundle",
        "id": own,
        "type": "history",
        "timestamp": at,
        "entry": [
            {
                "fullUrl": "urn:uuid:7f0a52e6-30ef-4a5d-8d23-06b0a1a2a001",
                "resource": {
                    "resourceType": "Parameters",
                    "id": "7f0a52e6-30ef-4a5d-8d23-06b0a1a2a001",
                    "parameter": [
                        {"name": "subscription", "valueReference": {"reference": address}},
                        {"name": "status", "valueCode": "active"},
                        {"name": "type", "valueCode": "event-notification"},
                        {"name": "notification-event", "part": what},
                        {"name": "additional-context", "part": context},
                    ],
                },
                "request": {"method": "GET", "url": address},
                "response": {"status": "200"},
            }
        ],
    }


def cloud_event(kind: str = "pds-record-change-2", **changes: Any) -> Resource:
    """The same signal as a CloudEvent."""
    found: Resource = {
        "specversion": "1.0",
        "id": "5f1b2c0e-6a3c-4a57-9b37-0c6f3b6d8a11",
        "source": "https://fhir.example/asid/1",
        "type": kind,
        "time": "2026-03-02T10:00:00Z",
        "subject": CHILD,
        "dataref": f"https://api.example/personal-demographics/FHIR/R4/Patient/{CHILD}",
    }
    return {key: value for key, value in {**found, **changes}.items() if value is not None}
