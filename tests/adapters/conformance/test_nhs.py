"""Our own adapters of the NHS pass the kit too, as far as their sources can say such things."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from kinbridge_casesystem.conformance import AdapterConformance
from kinbridge_fhir import FhirMessages
from kinbridge_fhir.hl7v2 import Hl7v2
from kinbridge_schemas.mapped import Adapter
from tests.adapters.fhir.messages import appointment, message, patient
from tests.adapters.hl7v2.messages import message as er7
from tests.adapters.hl7v2.messages import msh

NUMBER = "9000000033"
ELSEWHERE = "such a thing comes by PDS, which has an adapter of its own"
MOTHERS = "it is the mother's appointment, and hers alone"
CLINICS = "a clinic has a time of its own"


class TestFhirMessages(AdapterConformance):
    source = "example-trust"
    content_type = "application/fhir+json"
    route = "fhir-message"
    identifiers = (NUMBER, "Rosa", "AP-a1")
    cannot_say: ClassVar[Mapping[str, str]] = {
        "superseded": ELSEWHERE,
        "restricted": ELSEWHERE,
        "unborn": MOTHERS,
        "dated": CLINICS,
        "partly_dated": CLINICS,
    }

    def adapter(self) -> Adapter:
        return FhirMessages()

    def sent(
        self, number: str | None = NUMBER, *, own: str = "m1", event: str = "S26", **changes: Any
    ) -> bytes:
        told = appointment(**{"status": "noshow", **changes})
        mother = patient("mother", number, "1998-05-04")
        return json.dumps(message(told, mother, event=event, own=own)).encode()

    def later(self, version: str, **changes: Any) -> bytes:
        meta = {"versionId": version, "lastUpdated": f"2026-03-0{version}T11:00:00+00:00"}
        return self.sent(own=f"m{version}", meta=meta, **changes)

    def valid(self) -> bytes:
        return self.sent()

    def corrected(self) -> bytes:
        return self.later("2", status="fulfilled")

    def retracted(self) -> bytes:
        return self.later("3", status="entered-in-error")

    def with_number(self, number: str | None) -> bytes:
        return self.sent(number)

    def zoneless(self) -> bytes:
        return self.sent(start="2026-03-09T09:30:00")

    def with_code(self, code: str) -> bytes:
        return self.sent(status=code)

    def with_text(self, text: str) -> bytes:
        return self.sent(comment=text, description=text, patientInstruction=text)


class TestHl7v2(AdapterConformance):
    source = "example-trust"
    content_type = "application/hl7-v2"
    route = "hl7v2"
    identifiers = (NUMBER, "Okoro", "Rosa", "L55012")
    cannot_say: ClassVar[Mapping[str, str]] = {
        "superseded": ELSEWHERE,
        "restricted": ELSEWHERE,
        "unborn": MOTHERS,
        "dated": CLINICS,
        "partly_dated": CLINICS,
        "zoneless": "HL7 v2 of the NHS writes the time of London",
    }

    def adapter(self) -> Adapter:
        return Hl7v2()

    def sent(
        self,
        number: str | None = NUMBER,
        *,
        event: str = "SIU^S26",
        hour: int = 10,
        status: str = "",
        text: str = "",
    ) -> bytes:
        held = f"{number}^^^NHS^NH~" if number else ""
        pid = f"PID|1||{held}L55012^^^EXT^MR||Okoro^Rosa^^^Ms^^L||19920704|2"
        more = f"{text}||||^^^202603020930" + "|" * 14 + status
        header = msh(event, f"S{hour}", sent=f"20260302{hour}1500")
        return er7(header, f"SCH|A7001^BOOKINGS||||||{more}", pid, "PV1|1|O||||||||560")

    def valid(self) -> bytes:
        return self.sent()

    def corrected(self) -> bytes:
        return self.sent(event="SIU^S15", hour=11)

    def retracted(self) -> bytes:
        return self.sent(event="SIU^S17", hour=12)

    def with_number(self, number: str | None) -> bytes:
        return self.sent(number)

    def with_code(self, code: str) -> bytes:
        return self.sent(event="SIU^S14", status=code)

    def with_text(self, text: str) -> bytes:
        return self.sent(text=text)
