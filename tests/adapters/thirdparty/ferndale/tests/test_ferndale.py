"""Ferndale holds to what every adapter must. Everybody here is made up."""

from __future__ import annotations

from datetime import date

from ferndale_records import Ferndale

from kinbridge_casesystem.conformance import AdapterConformance
from kinbridge_schemas.mapped import Adapter
from kinbridge_schemas.vocabulary import Precision


class TestFerndale(AdapterConformance):
    source = "209.ferndale"
    content_type = "text/plain"
    identifiers = ("C100", "9000000033", "Ada Example")

    def adapter(self) -> Adapter:
        return Ferndale()

    def sent(
        self,
        event: str = "CPP|2026-03-02|NEG",
        *,
        record: str = "0|2026-03-02T10:15:00Z|CURRENT",
        numbers: tuple[str, str] = ("9000000033", ""),
        note: str = "written by nobody",
    ) -> bytes:
        number, earlier = numbers
        child = f"CHILD|C100|{number}|Ada Example|2019-09-01|{earlier}"
        return f"RECORD|F-77|{record}\n{child}\nEVENT|{event}\nNOTE|{note}\n".encode()

    def valid(self) -> bytes:
        return self.sent()

    def corrected(self) -> bytes:
        return self.sent("CPP|2026-03-01|EMO", record="1|2026-03-03T09:00:00Z|CURRENT")

    def retracted(self) -> bytes:
        return self.sent(record="2|2026-03-04T09:00:00Z|VOID")

    def with_number(self, number: str | None) -> bytes:
        return self.sent(numbers=(number or "", ""))

    def superseded(self, old: str, new: str) -> bytes:
        return self.sent("PERSON|2026-03-02|", numbers=(new, old))

    def restricted(self) -> bytes:
        return self.sent("REST|2026-03-02|")

    def unborn(self) -> bytes:
        return self.sent("UNB|2026-03-02|")

    def dated(self, day: date) -> bytes:
        return self.sent(f"CPP|{day.isoformat()}|NEG")

    def partly_dated(self) -> tuple[bytes, Precision]:
        return self.sent("CPP|2026-03|NEG"), Precision.MONTH

    def zoneless(self) -> bytes:
        return self.sent(record="0|2026-03-02T10:15:00|CURRENT")

    def with_code(self, code: str) -> bytes:
        return self.sent(f"{code}|2026-03-02|")

    def with_text(self, text: str) -> bytes:
        return self.sent(note=text)
