"""FHIR messages of tests, as JSON and as XML from one description. Everybody is made up."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import quoteattr

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
TREATMENT = "https://fhir.nhs.uk/CodeSystem/NHSDataModelAndDictionary-treatment-function"
TRIGGER = "http://terminology.hl7.org/CodeSystem/v2-0003"
BARS = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
NEMS = "https://fhir.nhs.uk/STU3/CodeSystem/EventType-1"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CANCELLATION = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
SNOMED = "http://snomed.info/sct"

MOTHER = "9000000009"
BABY = "9000000017"
CHILD = "9000000025"
SENT = "2026-03-02T10:15:00+00:00"

Resource = dict[str, Any]


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def patient(own: str, number: str | None, born: str | None, **more: Any) -> Resource:
    found: Resource = {"resourceType": "Patient", "id": own}
    if number is not None:
        found["identifier"] = [{"system": NHS_NUMBER, "value": number}]
    found["name"] = [{"use": "official", "family": "Example", "given": ["Rosa", "Ann"]}]
    if born is not None:
        found["birthDate"] = born
    return {**found, **more}


def organisation(own: str = "trust", ods: str = "RJ1", name: str = "Example Trust") -> Resource:
    return {
        "resourceType": "Organization",
        "id": own,
        "identifier": [{"system": ODS, "value": ods}],
        "name": name,
    }


def appointment(own: str = "a1", who: str = "mother", /, **changes: Any) -> Resource:
    """An antenatal appointment that is booked, unless `changes` say otherwise."""
    found: Resource = {
        "resourceType": "Appointment",
        "id": own,
        "meta": {"versionId": "1", "lastUpdated": SENT},
        "identifier": [{"system": "https://example.org/appointments", "value": f"AP-{own}"}],
        "status": "booked",
        "serviceType": [concept(TREATMENT, "560")],
        "start": "2026-03-09T09:30:00+00:00",
        "participant": [{"actor": {"reference": f"Patient/{who}"}, "status": "accepted"}],
    }
    return {key: value for key, value in {**found, **changes}.items() if value is not None}


def encounter(own: str = "e1", who: str = "child", /, **changes: Any) -> Resource:
    """An arrival at an emergency department, unless `changes` say otherwise."""
    found: Resource = {
        "resourceType": "Encounter",
        "id": own,
        "meta": {"versionId": "1", "lastUpdated": SENT},
        "identifier": [{"system": "https://example.org/encounters", "value": f"EN-{own}"}],
        "status": "arrived",
        "class": {"system": ACT, "code": "EMER"},
        "subject": {"reference": f"Patient/{who}"},
        "period": {"start": "2026-03-02T09:50:00+00:00"},
        "serviceProvider": {"reference": "Organization/trust"},
    }
    return {key: value for key, value in {**found, **changes}.items() if value is not None}


def message(
    *resources: Resource,
    event: str = "S12",
    system: str = TRIGGER,
    own: str = "m1",
    focus: tuple[str, ...] = (),
    header: Resource | None = None,
) -> Resource:
    """A message Bundle of R4. `header` changes its MessageHeader."""
    coding = {"system": system, "code": event}
    head: Resource = {
        "resourceType": "MessageHeader",
        "id": own,
        "meta": {"lastUpdated": SENT},
        "eventCoding": coding,
        "sender": {"reference": "Organization/trust"},
        "source": {"name": "Example", "endpoint": "urn:example:sender"},
        "focus": [{"reference": reference} for reference in focus],
        **(header or {}),
    }
    head = {key: value for key, value in head.items() if value not in (None, [])}
    return {
        "resourceType": "Bundle",
        "id": f"bundle-{own}",
        "type": "message",
        "timestamp": SENT,
        "entry": [
            {"fullUrl": f"{r['resourceType']}/{r.get('id', '')}", "resource": r}
            for r in (head, *resources)
        ],
    }


def observation(about: str, code: str, **value: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": f"{about}-{code}",
        "status": "final",
        "code": concept(SNOMED, code),
        "subject": {"reference": f"Patient/{about}"},
        **value,
    }


def birth(
    *,
    mother: str | None = MOTHER,
    babies: dict[str, str | None] | None = None,
    live: str | None = "1",
    action: str = "new",
    changes: Resource | None = None,
) -> Resource:
    """A NEMS birth notification (STU3). `babies` are ids and NHS numbers."""
    babies = {"baby": BABY} if babies is None else babies
    links = [{"other": {"reference": f"RelatedPerson/rel-{b}"}, "type": "seealso"} for b in babies]
    resources: list[Resource] = [
        {
            "resourceType": "Communication",
            "id": "news",
            "status": "completed",
            "subject": {"reference": "Patient/mother"},
        },
        patient("mother", mother, "1998-05-04", link=links),
    ]
    for order, (own, number) in enumerate(babies.items(), 1):
        resources += _baby(own, number, order, len(babies), live, changes or {})
    action_code = concept("https://fhir.nhs.uk/STU3/CodeSystem/MessageEventType-1", action)
    header = {
        "eventCoding": None,
        "event": {"system": NEMS, "code": "pds-birth-notification-1"},
        "extension": [
            {
                "url": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-MessageEventType-1",
                "valueCodeableConcept": action_code,
            }
        ],
        "meta": {"versionId": "1", "lastUpdated": SENT},
        "sender": None,
        "responsible": {"reference": "Organization/trust"},
    }
    return message(*resources, organisation(), focus=("Communication/news",), header=header)


def _baby(
    own: str, number: str | None, order: int, of: int, live: str | None, changes: Resource
) -> list[Resource]:
    stillborn = "https://fhir.nhs.uk/STU3/CodeSystem/EMS-PDS-StillBornIndicator-1"
    time = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                "valueDateTime": f"2026-03-01T23:4{order}:00+00:00",
            }
        ]
    }
    relationship = concept("http://hl7.org/fhir/v3/RoleCode", "NMTH")
    category = concept(
        "https://fhir.nhs.uk/STU3/CodeSystem/BirthEpisodeCategory-1", "delivery-place"
    )
    found = [
        {
            "resourceType": "RelatedPerson",
            "id": f"rel-{own}",
            "patient": {"reference": f"Patient/{own}"},
            "relationship": relationship,
        },
        patient(own, number, "2026-03-01", _birthDate=time, multipleBirthInteger=order, **changes),
        observation(own, "412726003", valueQuantity={"value": 39.5}),
        observation("mother", "382341000000101", valueQuantity={"value": of}),
        {
            "resourceType": "EpisodeOfCare",
            "id": f"place-{own}",
            "status": "active",
            "type": [category],
            "patient": {"reference": f"Patient/{own}"},
            "managingOrganization": {"reference": "Organization/trust"},
        },
    ]
    if live is not None:
        value = {"valueCodeableConcept": concept(stillborn, live)}
        found.append(observation(own, "237364002", **value))
    return found


def as_json(bundle: Resource) -> bytes:
    return json.dumps(bundle).encode()


def as_xml(bundle: Resource) -> bytes:
    """The same in FHIR's XML: values as attributes, resources by their names."""
    return ("".join(_resource(bundle, ' xmlns="http://hl7.org/fhir"'))).encode()


def _resource(found: Resource, attributes: str = "") -> list[str]:
    kind = found["resourceType"]
    rest = {key: value for key, value in found.items() if key != "resourceType"}
    return [f"<{kind}{attributes}>", *_elements(rest), f"</{kind}>"]


def _elements(found: dict[str, Any]) -> list[str]:
    written: list[str] = []
    for name, value in found.items():
        if name.startswith("_") or name == "url":
            continue
        for item in value if isinstance(value, list) else [value]:
            if name == "resource":
                written += ["<resource>", *_resource(item), "</resource>"]
            elif isinstance(item, dict):
                url = f" url={quoteattr(item['url'])}" if "url" in item else ""
                written += [f"<{name}{url}>", *_elements(item), f"</{name}>"]
            else:
                text = str(item).lower() if isinstance(item, bool) else str(item)
                inside = "".join(_elements(found.get(f"_{name}", {})))
                written.append(f"<{name} value={quoteattr(text)}>{inside}</{name}>")
    return written
