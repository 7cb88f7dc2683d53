"""The adapter of Eclipse passes the kit that others' must pass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from kinbridge_casesystem import Eclipse
from kinbridge_casesystem.conformance import AdapterConformance
from kinbridge_schemas.mapped import Adapter
from kinbridge_schemas.vocabulary import Precision
from tests.adapters.casesystem.eclipses import NUMBER, TABLE, a_person, delivered


class TestEclipse(AdapterConformance):
    source = "209.example"
    identifiers = ("E100", NUMBER, "Ada", "Example", "SE13 6AA")
    cannot_say: ClassVar[Mapping[str, str]] = {"superseded": "its people have no earlier numbers"}

    def adapter(self) -> Adapter:
        return Eclipse({"209.example": TABLE})

    def moved(self, act: str = "ADD", *, postcode: str = "SE13 6AA", **more: Any) -> bytes:
        hour = {"ADD": 9, "UPDATE": 10, "DELETE": 11}[act]
        child = {**a_person(), **more.pop("person", {})}
        resource = {
            "id": "A1",
            "person": child,
            "location": {"postcode": postcode},
            "startDate": {"lower": "2026-02-27", "upper": "2026-02-27"},
            **more,
        }
        return delivered(f"PersonAddress_{act}", resource, at=f"2026-03-02T{hour:02}:15:00Z")

    def valid(self) -> bytes:
        return self.moved()

    def corrected(self) -> bytes:
        return self.moved("UPDATE", postcode="SE13 7AA")

    def retracted(self) -> bytes:
        return self.moved("DELETE")

    def with_number(self, number: str | None) -> bytes:
        return self.moved(person={"nhsNumber": number})

    def restricted(self) -> bytes:
        return self.moved(doNotDisclose=True)

    def unborn(self) -> bytes:
        expected = a_person(dateOfBirth=None, dueDate="2026-06-01", lifeState="UNBORN")
        return delivered("Person_ADD", expected)

    def dated(self, day: date) -> bytes:
        return self.moved(startDate={"lower": day.isoformat(), "upper": day.isoformat()})

    def partly_dated(self) -> tuple[bytes, Precision]:
        month = {"lower": "2026-02-01", "upper": "2026-02-28"}
        return self.moved(startDate=month), Precision.MONTH

    def zoneless(self) -> bytes:
        return delivered("Person_ADD", a_person(), at="2026-03-02T10:15:00")

    def with_code(self, code: str) -> bytes:
        return delivered(f"Person_{code}", a_person())

    def with_text(self, text: str) -> bytes:
        return self.moved(notes=text)
