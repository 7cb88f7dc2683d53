"""Our own adapters of case systems pass the kit that others' must pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from kinbridge_casesystem import SNAPSHOTS, CaseWebhook
from kinbridge_casesystem.conformance import AdapterConformance
from kinbridge_schemas.mapped import Adapter
from kinbridge_schemas.vocabulary import Precision
from tests.adapters.casesystem.loads import census, census_child, plan, referral

NUMBER = "9000000033"
NO_MERGES = "its people have no earlier numbers"
NO_RESTRICTION = "the return has no such mark"


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


class TestCaseWebhook(AdapterConformance):
    identifiers = ("C100", NUMBER, "Ada Example", "M200", "Rosa Example")
    cannot_say: ClassVar[Mapping[str, str]] = {"superseded": NO_MERGES}

    def adapter(self) -> Adapter:
        return CaseWebhook()

    def sent(self, kind: str = "cp_plan_started", **changes: Any) -> bytes:
        child = {"la_child_id": "C100", "nhs_number": NUMBER, "name": "Ada Example"}
        mother = {"role": "mother", "person_id": "M200", "name": "Rosa Example"}
        found = {
            "id": "E-1",
            "type": kind,
            "recorded": "2026-03-02T10:15:00Z",
            "occurred": "2026-03-02",
            "authority": "209",
            "child": {**child, **changes.pop("child", {})},
            "people": [mother],
            "data": {"plan_id": "CPP-7", "category": "NEG"},
            **changes,
        }
        return as_json(found)

    def valid(self) -> bytes:
        return self.sent()

    def corrected(self) -> bytes:
        return self.sent(version=1, occurred="2026-03-01")

    def retracted(self) -> bytes:
        return self.sent(version=2, retract=True)

    def with_number(self, number: str | None) -> bytes:
        return self.sent(child={"nhs_number": number})

    def restricted(self) -> bytes:
        return self.sent("record_restricted", data={"level": "locked"})

    def unborn(self) -> bytes:
        child = {"nhs_number": None, "name": None, "edd": "2026-06-01"}
        return self.sent("unborn_registered", child=child, data={})

    def dated(self, day: date) -> bytes:
        return self.sent(occurred=day.isoformat())

    def partly_dated(self) -> tuple[bytes, Precision]:
        return self.sent(occurred="2026-03"), Precision.MONTH

    def zoneless(self) -> bytes:
        return self.sent(recorded="2026-03-02T10:15:00")

    def with_code(self, code: str) -> bytes:
        return self.sent(f"kind_{code}")

    def with_text(self, text: str) -> bytes:
        return self.sent(notes=text)


class TestDfe(AdapterConformance):
    identifiers = ("C100", "Ada", "Example", "SE13 6AA")
    cannot_say: ClassVar[Mapping[str, str]] = {
        "with_number": "the API carries no NHS number",
        "superseded": "the API carries no NHS number",
        "restricted": "the API has no such mark",
        "partly_dated": "its contract has whole days only",
        "zoneless": "its contract has whole days only",
    }

    def adapter(self) -> Adapter:
        return SNAPSHOTS["dfe-csc"]

    def child(self, *, referred: str = "2026-01-12", source: str = "3A", **more: Any) -> bytes:
        details = {
            "first_name": "Ada",
            "surname": "Example",
            "date_of_birth": "2019-09-01",
            "postcode": "SE13 6AA",
        }
        episode = {
            "social_care_episode_id": "EP1",
            "referral_date": referred,
            "referral_source": source,
        }
        return as_json(
            {
                "la_child_id": "C100",
                "child_details": details,
                "social_care_episodes": [episode],
                **more,
            }
        )

    def valid(self) -> bytes:
        return self.child()

    def corrected(self) -> bytes:
        return self.child(referred="2026-01-13")

    def retracted(self) -> bytes:
        return as_json(
            {
                "la_child_id": "C100",
                "social_care_episodes": [{"social_care_episode_id": "EP1", "purge": True}],
            }
        )

    def unborn(self) -> bytes:
        return self.child(child_details={"expected_date_of_birth": "2026-06-01"})

    def dated(self, day: date) -> bytes:
        return self.child(referred=day.isoformat())

    def with_code(self, code: str) -> bytes:
        return self.child(source=code)

    def with_text(self, text: str) -> bytes:
        return self.child(health_and_wellbeing=text)


class TestCinCensus(AdapterConformance):
    content_type = "application/xml"
    identifiers = ("C100",)
    cannot_say: ClassVar[Mapping[str, str]] = {
        "retracted": "what is left out of a census is told by the span that it covers",
        "with_number": "the census carries no NHS number",
        "superseded": "the census carries no NHS number",
        "restricted": NO_RESTRICTION,
        "partly_dated": "the census has whole days only",
        "zoneless": "the census has whole days only",
    }

    def adapter(self) -> Adapter:
        return SNAPSHOTS["cin-census"]

    def child(self, details: str) -> bytes:
        return census(census_child("C100", details))

    def valid(self) -> bytes:
        return self.child(referral(more=plan("2026-01-20")))

    def corrected(self) -> bytes:
        return self.child(referral(more=plan("2026-01-20")).replace("3B", "3A"))

    def unborn(self) -> bytes:
        born = "<PersonBirthDate>2019-09-01</PersonBirthDate>"
        expected = "<ExpectedPersonBirthDate>2026-06-01</ExpectedPersonBirthDate>"
        return self.valid().replace(born.encode(), expected.encode())

    def dated(self, day: date) -> bytes:
        return self.child(referral(day.isoformat()))

    def with_code(self, code: str) -> bytes:
        return self.child(referral().replace("3B", code))

    def with_text(self, text: str) -> bytes:
        return self.child(referral(more=f"<Notes>{text}</Notes>"))


class TestLookedAfterReturn(AdapterConformance):
    identifiers = ("C100",)
    cannot_say: ClassVar[Mapping[str, str]] = {
        **TestCinCensus.cannot_say,
        "unborn": "nobody is looked after before birth",
        "with_code": "the return's codes are of episodes, and are carried as they stand",
        "corrected": "a row has no id of its own: another day is another fact",
    }

    def adapter(self) -> Adapter:
        return SNAPSHOTS["ssda903"]

    def child(self, *, away: str = "10/06/2025", **more: Any) -> bytes:
        tables = {"children": [{"DOB": "01/09/2014"}], "missing": [{"MIS_START": away}]}
        return as_json({"about": {}, "child": "C100", "tables": tables, **more})

    def valid(self) -> bytes:
        return self.child()

    def dated(self, day: date) -> bytes:
        return self.child(away=day.strftime("%d/%m/%Y"))

    def with_text(self, text: str) -> bytes:
        return self.child(notes=text)


class TestAnnexA(AdapterConformance):
    identifiers = ("C100",)
    cannot_say: ClassVar[Mapping[str, str]] = {
        **TestCinCensus.cannot_say,
        "with_code": "its codes are words, and are carried as they stand",
    }

    def adapter(self) -> Adapter:
        return SNAPSHOTS["annex-a"]

    def child(self, *, born: str = "2014-09-01", **changes: Any) -> bytes:
        row = {"born": born, "referred": "2025-10-01", "source": "e) 2A: Schools", "nfa": "b) No"}
        tables = {"list_3": [{**row, **changes}]}
        return as_json({"about": {}, "child": "C100", "tables": tables})

    def valid(self) -> bytes:
        return self.child()

    def corrected(self) -> bytes:
        return self.child(source="a) 1A: Individual")

    def unborn(self) -> bytes:
        return self.child(born="2026-04-20")

    def dated(self, day: date) -> bytes:
        return self.child(referred=day.isoformat())

    def with_text(self, text: str) -> bytes:
        return self.child(notes=text)
