"""Made-up records of the NHS's other formats, of the shape and size of real ones.

Sources of the shapes: NHSDigital/multicast-notification-service (signals, 2026-04-23);
NHSDigital/personal-demographics-service-api (Patient, 2026-03-13); HL7 v2.4, chapters 3 and 10;
UK Core R4 2.0.0.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from kinbridge_schemas.identifiers import NhsNumber, Pseudonymiser
from kinbridge_schemas.retrieval import PDS, Answer, DemographicsWanted, framed
from kinbridge_schemas.vocabulary import Role

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
_BORN: Final = "2019-05-01"


def signal(number: str) -> bytes:
    """A signal of MNS: PDS has changed a record, and nothing of what."""
    parts = [
        {"name": "subscription", "valueReference": {"reference": "Subscription/236a1d4a-5d69"}},
        {"name": "status", "valueCode": "active"},
        {"name": "type", "valueCode": "event-notification"},
        {
            "name": "notification-event",
            "part": [
                {"name": "event-number", "valueString": "1"},
                {"name": "timestamp", "valueInstant": "2026-03-02T09:15:33Z"},
            ],
        },
        {
            "name": "additional-context",
            "part": [
                {"name": "event-type", "valueString": "pds-record-change-2"},
                {"name": "source", "valueReference": {"identifier": {"value": "477121000324"}}},
                {"name": "subject", "valueReference": {"identifier": {"value": number}}},
                {"name": "version-id", "valueString": 'W/"4"'},
            ],
        },
    ]
    profile = (
        "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
        "backport-subscription-status-r4"
    )
    status = {
        "resourceType": "Parameters",
        "id": "9f9b5b3e-0c1f-4b2a-8a53-1f7f2e3f0b11",
        "meta": {"profile": [profile]},
        "parameter": parts,
    }
    return _json(
        {
            "resourceType": "Bundle",
            "id": "0d3c9d6e-36d5-4a43-9e6b-5f1f7b6f5c21",
            "type": "history",
            "timestamp": "2026-03-02T09:15:34Z",
            "entry": [
                {
                    "fullUrl": "urn:uuid:9f9b5b3e-0c1f-4b2a-8a53-1f7f2e3f0b11",
                    "resource": status,
                    "request": {"method": "GET", "url": "Subscription/236a1d4a-5d69/$status"},
                    "response": {"status": "200"},
                }
            ],
        }
    )


def patient(number: str) -> bytes:
    """A Patient as PDS answers with."""
    verified = {
        "url": "https://fhir.hl7.org.uk/StructureDefinition/"
        "Extension-UKCore-NHSNumberVerificationStatus",
        "valueCodeableConcept": {
            "coding": [
                {
                    "system": "https://fhir.hl7.org.uk/CodeSystem/"
                    "UKCore-NHSNumberVerificationStatusEngland",
                    "code": "01",
                }
            ]
        },
    }
    return _json(
        {
            "resourceType": "Patient",
            "id": number,
            "meta": {
                "versionId": "4",
                "security": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
                        "code": "U",
                        "display": "unrestricted",
                    }
                ],
            },
            "identifier": [{"system": NHS_NUMBER, "value": number, "extension": [verified]}],
            "name": [
                {
                    "id": "123",
                    "use": "usual",
                    "period": {"start": "2020-01-01"},
                    "given": ["Rosa"],
                    "family": "Synthetic",
                }
            ],
            "gender": "female",
            "birthDate": _BORN,
            "multipleBirthInteger": 1,
            "generalPractitioner": [
                {
                    "id": "254406A3",
                    "type": "Organization",
                    "identifier": {
                        "system": "https://fhir.nhs.uk/Id/ods-organization-code",
                        "value": "Y12345",
                        "period": {"start": "2020-01-01"},
                    },
                }
            ],
            "telecom": [{"id": "789", "use": "home", "system": "phone", "value": "01632960587"}],
            "address": [
                {
                    "id": "456",
                    "use": "home",
                    "period": {"start": "2020-01-01"},
                    "line": ["1 Test Street", "LONDON"],
                    "postalCode": "ZZ99 3WZ",
                }
            ],
        }
    )


def answer_about(number: str) -> bytes:
    """The received bytes of what PDS answered about somebody on an open record."""
    own = NhsNumber(number)
    return framed(
        Answer(
            retrieval="retrieval-0123456789abcdef",
            destination=PDS,
            step="patient",
            wanted=DemographicsWanted(),
            nhs_number=own,
            person=Pseudonymiser(b"benchmarks" * 4).of_nhs_number(own),
            relation=Role.CHILD,
            why="case-opened",
            end="answered",
            reason="accepted",
            status=200,
            version=4,
            content_type="application/fhir+json",
        ),
        patient(number),
    )


def missed_appointment(number: str) -> bytes:
    """A message of a trust's engine: a child was not brought (R4, JSON)."""
    return _json(
        {
            "resourceType": "Bundle",
            "id": "5b1a2c3d",
            "type": "message",
            "timestamp": "2026-03-02T09:15:33Z",
            "entry": [
                {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
                for resource in _about_an_appointment(number)
            ],
        }
    )


def _about_an_appointment(number: str) -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "MessageHeader",
            "id": "h",
            "eventCoding": {
                "system": "http://terminology.hl7.org/CodeSystem/v2-0003",
                "code": "S26",
            },
            "source": {"endpoint": "https://engine.trust.example/"},
            "focus": [{"reference": "urn:uuid:a"}],
        },
        {
            "resourceType": "Patient",
            "id": "p",
            "identifier": [{"system": NHS_NUMBER, "value": number}],
            "name": [{"use": "official", "family": "Synthetic", "given": ["Rosa"]}],
            "birthDate": _BORN,
        },
        {
            "resourceType": "Appointment",
            "id": "a",
            "meta": {"lastUpdated": "2026-03-02T09:15:33Z", "versionId": "2"},
            "identifier": [{"system": "https://trust.example/appointments", "value": "EX-1"}],
            "status": "noshow",
            "specialty": [
                {
                    "coding": [
                        {
                            "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode",
                            "code": "290",
                        }
                    ]
                }
            ],
            "start": "2026-03-02T09:00:00Z",
            "end": "2026-03-02T09:30:00Z",
            "participant": [{"actor": {"reference": "urn:uuid:p"}, "status": "accepted"}],
        },
    ]


def arrival(number: str) -> bytes:
    """An HL7 v2 message: a child came to an emergency department."""
    visit = "PV1|1|E|ED^^^RJ121|||||||180|||||||||V1001^^^VISITID" + "|" * 25 + "20260302094500"
    person = (
        f"PID|1||{number}^^^NHS^NH~L55012^^^EXT^MR||Synthetic^Rosa^^^Miss^^L||20190501|2"
        "|||1 Test Street^^London^^ZZ99 3WZ^GBR^H"
    )
    segments = (
        r"MSH|^~\&|PAS|RJ1|KINBRIDGE|209|20260302101500||ADT^A04|M1|P|2.4",
        "EVN||20260302101200",
        person,
        "PD1|||A SURGERY^^Y12345",
        "NK1|1|Synthetic^Mother|MTH",
        visit,
    )
    return ("\r".join(segments) + "\r").encode()


def _json(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource).encode()


WHEN: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""When all of it is taken to have come."""
