"""The load of the whole line: made-up families with open cases, and what happens to them.

Half of the families await a birth and are on a protection plan; the others have a baby on one.
Of the relevant events 20 in 100 are urgent: a missed antenatal appointment, or a baby's
attendance at an emergency department for an injury. The others are appointments attended or
booked and news of the authority. Every event is another fact; none is a repeat.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.load import Sendable
from benchmarks.people import MOST, nhs_number
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.envelope import Envelope, to_headers
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.received import Received

SECRET: Final = "a secret of the benchmarks, and of nothing else"  # noqa: S105 - made up, for made-up people
AUTHORITY: Final = "209"
CASES: Final = f"{AUTHORITY}.liquidlogic"
NHS: Final = "example-maternity"

Kind = str
MIX: Final[tuple[Kind, ...]] = (
    *("missed", "attended", "attended", "booked", "attended"),
    *("injury", "attended", "booked", "attended", "allocated"),
)
"""Ten events, over and over: what share each kind has."""
URGENT: Final = frozenset({"missed", "injury"})

_TRIGGER: Final = "http://terminology.hl7.org/CodeSystem/v2-0003"
_SPECIALTY: Final = "https://fhir.nhs.uk/CodeSystem/NHSDataModelAndDictionary-treatment-function"
_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
_STATUS: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One received record of the load. `id` is what all that follows from it is known by."""

    id: str
    kind: Kind
    record: Sendable

    @property
    def urgent(self) -> bool:
        return self.kind in URGENT


class Families:
    """So many families, half with an unborn child, half with a baby. `now` is the present."""

    def __init__(self, count: int, now: datetime) -> None:
        self._count = count
        self._now = now
        self._pseudonymiser = Pseudonymiser(SECRET.encode())

    def opened(self) -> list[Happening]:
        """Give the records that make the families known and open their cases."""
        found = []
        for family in range(self._count):
            opening = "unborn_registered" if _expects(family) else "person_registered"
            plan = {"plan_id": f"plan-{family}", "category": "NEG"}
            found.append(self._case_event(f"open-{family}", opening, family, {}, days=60))
            found.append(
                self._case_event(f"plan-{family}", "cp_plan_started", family, plan, days=40)
            )
        return found

    def relevant(self, first: int, count: int) -> list[Happening]:
        """Give events about these families by the mix, from the number `first` on."""
        return [self._of_mix(number) for number in range(first, first + count)]

    def not_known(self, first: int, count: int) -> list[Happening]:
        """Give events about people of whom no authority has an open case."""
        return [
            self._appointment(f"u{number}", "unknown", nhs_number(MOST // 2 - number), "fulfilled")
            for number in range(first, first + count)
        ]

    def _of_mix(self, number: int) -> Happening:
        kind, turn = MIX[number % len(MIX)], number // len(MIX)
        # Each kind goes round the families on its own, so that each gets some of everything.
        family = turn * 2 % self._count + (kind in {"injury", "allocated"})
        name = f"e{number}"
        match kind:
            case "missed":
                return self._appointment(name, kind, nhs_number(family), "noshow")
            case "attended":
                return self._appointment(name, kind, nhs_number(family), "fulfilled")
            case "booked":
                return self._appointment(name, kind, nhs_number(family), "booked")
            case "injury":
                return self._attendance(name, family)
            case _:
                worker = {"role": "lcpp", "worker": f"SW-{number % 50}", "team": "team-a"}
                kind_of_news = "lead_practitioner_allocated"
                return self._case_event(name, kind_of_news, family, worker, days=0)

    # -- the three shapes

    def _case_event(
        self, name: str, kind: Kind, family: int, data: dict[str, Any], *, days: int
    ) -> Happening:
        then = self._now - timedelta(days=days, minutes=5)
        body = {
            "id": name,
            "type": kind,
            "recorded": then.isoformat(),
            "occurred": then.date().isoformat(),
            "authority": AUTHORITY,
            "child": self._child(family),
            "people": [self._mother(family)] if _expects(family) and days else [],
            "data": data,
        }
        return self._received("received.cases", "case-webhook", CASES, name, kind, body)

    def _child(self, family: int) -> dict[str, Any]:
        if _expects(family):
            due = (self._now + timedelta(days=25)).date().isoformat()
            return {"la_child_id": f"C{family}", "unborn": True, "edd": due}
        return {
            "la_child_id": f"C{family}",
            "nhs_number": nhs_number(family),
            "name": "Baby Example",
            "born": self._baby_born,
        }

    @property
    def _baby_born(self) -> str:
        return (self._now - timedelta(days=120)).date().isoformat()

    def _mother(self, family: int) -> dict[str, Any]:
        return {
            "role": "mother",
            "person_id": f"M{family}",
            "nhs_number": nhs_number(family),
            "name": "Rosa Example",
            "born": "2001-03-11",
            "main_carer": True,
        }

    def _appointment(self, name: str, kind: Kind, number: str, status: str) -> Happening:
        ahead = timedelta(days=7) if status == "booked" else timedelta(hours=-30)
        start = self._now + ahead
        appointment = {
            "resourceType": "Appointment",
            "id": name,
            "meta": self._meta,
            "status": status,
            "specialty": [{"coding": [{"system": _SPECIALTY, "code": "560"}]}],
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=30)).isoformat(),
            "participant": [
                {"actor": {"reference": f"Patient/{name}"}, "status": "accepted"},
                {"actor": {"reference": f"Organization/{name}"}, "status": "accepted"},
            ],
        }
        code = "S26" if status == "noshow" else "S12"
        return self._message(name, kind, code, appointment, number, "2001-03-11")

    def _attendance(self, name: str, family: int) -> Happening:
        act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
        injury = {"system": "http://snomed.info/sct", "code": "417746004"}
        encounter = {
            "resourceType": "Encounter",
            "id": name,
            "meta": self._meta,
            "status": "finished",
            "class": {"system": act, "code": "EMER"},
            "subject": {"reference": f"Patient/{name}"},
            "period": {"start": (self._now - timedelta(hours=3)).isoformat()},
            "reasonCode": [{"coding": [injury]}],
            "serviceProvider": {"reference": f"Organization/{name}"},
        }
        number = nhs_number(family)
        return self._message(name, "injury", "A04", encounter, number, self._baby_born)

    def _message(
        self, name: str, kind: Kind, code: str, focus: dict[str, Any], number: str, born: str
    ) -> Happening:
        verified = {"coding": [{"system": "https://fhir.hl7.org.uk", "code": "01"}]}
        patient = {
            "resourceType": "Patient",
            "id": name,
            "identifier": [
                {
                    "system": _NUMBER,
                    "value": number,
                    "extension": [{"url": _STATUS, "valueCodeableConcept": verified}],
                }
            ],
            "name": [{"use": "official", "family": "Example", "given": ["Rosa"]}],
            "birthDate": born,
        }
        provider = {
            "resourceType": "Organization",
            "id": name,
            "identifier": [
                {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RX999"}
            ],
            "name": "Example Hospital",
        }
        header = {
            "resourceType": "MessageHeader",
            "id": name,
            "meta": {"lastUpdated": self._now.isoformat()},
            "eventCoding": {"system": _TRIGGER, "code": code},
            "source": {"name": "Example", "endpoint": "urn:example:hospital"},
            "focus": [{"reference": f"{focus['resourceType']}/{name}"}],
        }
        body = {
            "resourceType": "Bundle",
            "id": name,
            "type": "message",
            "timestamp": self._now.isoformat(),
            "entry": [
                {"fullUrl": f"{each['resourceType']}/{name}", "resource": each}
                for each in (header, focus, patient, provider)
            ],
        }
        return self._received("received.nhs", "fhir-message", NHS, name, kind, body)

    @property
    def _meta(self) -> dict[str, str]:
        updated = self._now - timedelta(minutes=1)
        return {"versionId": "2", "lastUpdated": updated.isoformat()}

    def _received(
        self, topic: str, route: str, source: str, name: str, kind: Kind, body: dict[str, Any]
    ) -> Happening:
        own = derive_id("received", route, name)
        is_fhir = route == "fhir-message"
        envelope = Envelope(
            id=own,
            type=Received.contract,
            source=f"{route}:{source}",
            recorded=self._now,
            correlation=own,
            content_type="application/fhir+json" if is_fhir else "application/json",
        )
        key = self._pseudonymiser.of_source_record(source, name).encode()
        value = json.dumps(body).encode()
        return Happening(own, kind, Sendable(topic, key, value, to_headers(envelope)))


def _expects(family: int) -> bool:
    return family % 2 == 0
