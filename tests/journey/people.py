"""Who the journeys are about, and what is sent about them: real messages, made-up people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from kinbridge.demo.people import numbers_for
from kinbridge.demo.story import Send
from kinbridge.demo.templates import Request, request
from kinbridge_schemas.alerts import AlertRevision

LEWISHAM: Final = "209"
_SOON: Final = timedelta(minutes=20)
_PERSON = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
)


@dataclass(frozen=True, slots=True)
class Family:
    """A mother and her child, born or unborn, as Lewisham's case system knows them."""

    name: str
    edd: str | None = None
    born: str | None = None

    @property
    def numbers(self) -> dict[str, str]:
        return dict(numbers_for(self.name, ["mother", "father", "child", "baby"]))

    @property
    def child(self) -> dict[str, Any]:
        if self.born is None:
            return {"la_child_id": f"{self.name}-U", "unborn": True, "edd": self.edd}
        return {
            "la_child_id": f"{self.name}-C",
            "nhs_number": self.numbers["child"],
            "name": "Kit Example",
            "born": self.born,
        }

    @property
    def people(self) -> list[dict[str, Any]]:
        return [
            {
                "role": "mother",
                "person_id": f"{self.name}-M",
                "nhs_number": self.numbers["mother"],
                "name": "Rosa Example",
                "born": "2004-03-11",
                "main_carer": True,
            },
            {
                "role": "father",
                "person_id": f"{self.name}-F",
                "nhs_number": self.numbers["father"],
                "name": "Tomas Example",
                "born": "2001-08-30",
            },
        ]

    def event(self, kind: str, at: datetime, **data: Any) -> dict[str, Any]:
        """One event of the case system about the child, recorded and so at `at`."""
        own = data.pop("own", kind)
        return {
            "id": f"{self.name}-{own}",
            "type": kind,
            "recorded": at.isoformat(),
            "occurred": at.isoformat(),
            "authority": LEWISHAM,
            "child": self.child,
            "data": data,
        }

    def registered(self, at: datetime) -> dict[str, Any]:
        kind = "unborn_registered" if self.born is None else "referral_received"
        data = {} if self.born is None else {"referral_id": f"{self.name}-ref"}
        return {**self.event(kind, at, **data), "people": self.people}

    def on_a_plan(self, at: datetime) -> list[dict[str, Any]]:
        """What opens a case under a protection plan, with the practitioner who holds it."""
        return [
            self.registered(at),
            self.event("cp_plan_started", at, plan_id=f"{self.name}-plan", category="NEG"),
            self.event(
                "lead_practitioner_allocated",
                at,
                role="lcpp",
                worker="SW-2041",
                team="child-protection-team",
                duty_phone="020 7946 0110",
            ),
        ]


def from_cases(*events: dict[str, Any]) -> Request:
    """What the case system sends."""
    body = json.dumps(list(events)).encode()
    return Request("/cases/liquidlogic/events", "lewisham-cases", "application/json", body)


def appointment(
    family: Family,
    own: str,
    start: datetime,
    *,
    status: str = "noshow",
    recorded: datetime,
    version: int = 1,
    changes: dict[str, Any] | None = None,
) -> Request:
    """An antenatal appointment of the mother, as the shipped template writes it."""
    send = Send.model_validate(
        {
            "to": "/nhs/$process-message",
            "as": "example-maternity",
            "template": "antenatal-appointment",
            "with": {
                "message": f"{family.name}-{own}-{version}",
                "event": "S26",
                "appointment": f"{family.name}-{own}",
                "version": str(version),
                "status": status,
                "recorded": recorded.isoformat(),
                "start": start.isoformat(),
                "end": (start + _SOON).isoformat(),
                "ods": "RX999",
                "provider": "Example Maternity Unit",
                "mother": family.numbers["mother"],
            },
        }
    )
    made = request(send, {}, recorded)
    if not changes:
        return made
    bundle = json.loads(made.content)
    _resource(bundle, "Appointment").update(changes)
    return Request(made.path, made.key_of, made.content_type, json.dumps(bundle).encode())


def birth(family: Family, born: datetime, *, recorded: datetime) -> Request:
    """The notification of a live, single birth."""
    send = Send.model_validate(
        {
            "to": "/nhs/$process-message",
            "as": "nems",
            "template": "birth-notification",
            "with": {
                "message": f"{family.name}-birth",
                "recorded": recorded.isoformat(),
                "birth_day": born.date().isoformat(),
                "born": born.isoformat(),
                "weeks": "38",
                "ods": "RX998",
                "provider": "Second Example Maternity Unit",
                "mother": family.numbers["mother"],
                "baby": family.numbers["baby"],
            },
        }
    )
    return request(send, {}, recorded)


def emergency_arrival(
    family: Family, arrived: datetime, *, reason: str | None = None, own: str = "ed"
) -> Request:
    """The child arrives at an emergency department. `reason` is a SNOMED CT code."""
    message = f"{family.name}-{own}"
    resources = [
        {
            "resourceType": "MessageHeader",
            "id": message,
            "meta": {"lastUpdated": arrived.isoformat()},
            "eventCoding": {
                "system": "http://terminology.hl7.org/CodeSystem/v2-0003",
                "code": "A04",
            },
            "source": {"endpoint": "urn:example:hospital"},
            "focus": [{"reference": f"Encounter/{message}"}],
        },
        {
            "resourceType": "Encounter",
            "id": message,
            "meta": {"versionId": "1", "lastUpdated": arrived.isoformat()},
            "status": "arrived",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": "EMER",
            },
            "subject": {"reference": f"Patient/{message}-child"},
            "period": {"start": arrived.isoformat()},
            **({"reasonCode": [{"coding": [_snomed(reason)]}]} if reason else {}),
        },
        _patient(f"{message}-child", family.numbers["child"], family.born),
    ]
    return _fhir("example-hospital", message, resources)


def answered(alert: AlertRevision, at: datetime, **said: Any) -> Request:
    """What the health lead answers to an alert."""
    body = {"by": "HL-0012", "role": "macpt_health_lead", "at": at.isoformat(), "said": said}
    content = json.dumps(body).encode()
    path = f"/alerts/{alert.alert}/responses"
    return Request(path, "lewisham-health-lead", "application/json", content)


def care_was_given_elsewhere(alert: AlertRevision, at: datetime) -> Request:
    """The health lead's verified fact about every missed appointment of an alert."""
    missed = [i.concern for i in alert.items if i.concern.rule == "R1"]
    return answered(
        alert,
        at,
        answer="verified-fact",
        child=missed[0].child,
        fact="care-transferred",
        corrects=list(dict.fromkeys(f.fact for c in missed for f in c.facts)),
        how="provider-midwifery-office",
        as_of=(at - timedelta(days=3)).isoformat(),
        provider={"ods": "RX998", "name": "Second Example Maternity Unit"},
        last_attended=(at - timedelta(days=3)).isoformat(),
    )


def _fhir(key_of: str, message: str, resources: Sequence[dict[str, Any]]) -> Request:
    bundle = {
        "resourceType": "Bundle",
        "id": message,
        "type": "message",
        "entry": [{"fullUrl": f"{r['resourceType']}/{r['id']}", "resource": r} for r in resources],
    }
    kind = "application/fhir+json; fhirVersion=4.0"
    return Request("/nhs/$process-message", key_of, kind, json.dumps(bundle).encode())


def _patient(own: str, number: str, born: str | None) -> dict[str, Any]:
    status = {
        "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus",
        "code": "number-present-and-verified",
    }
    identifier = {
        "system": "https://fhir.nhs.uk/Id/nhs-number",
        "value": number,
        "extension": [{"url": _PERSON, "valueCodeableConcept": {"coding": [status]}}],
    }
    return {
        "resourceType": "Patient",
        "id": own,
        "identifier": [identifier],
        "name": [{"use": "official", "family": "Example", "given": ["Kit"]}],
        "birthDate": born,
    }


def _snomed(code: str) -> dict[str, str]:
    return {"system": "http://snomed.info/sct", "code": code}


def _resource(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind
    )
    return found
