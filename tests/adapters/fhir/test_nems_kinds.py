"""What each kind of NEMS event becomes, and what of it never leaves the adapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from kinbridge_schemas.vocabulary import Provider
from tests.adapters.fhir.messages import (
    Resource,
)
from tests.adapters.fhir.nems import (
    EACH,
    LATER,
    PHONE,
    RESTRICTED,
    cared_for,
    died,
    mapped,
    moved,
    parked,
    record_changed,
    registered,
    screened,
    told,
    vaccinated,
)

each = pytest.mark.parametrize("made", EACH.values(), ids=EACH.keys())


# -- nothing leaves that is not said to


SECRETS: Final = (
    *("Example Street", "EXAMPLETON", "1AB", "2CD", "Practitioner", "Nora", "Example Team"),
    *("LOT-EXAMPLE", "team@example.org", "61761000000109", "34925411000001109", "310376006"),
    *("1085451000000103", "276781000000109", "947611000000105", "AP-", "EP-1", "IM-1", "SC-1"),
)
ALL: Final = [
    *(moved(), registered(), registered(None), died(), record_changed(), cared_for()),
    *(vaccinated(), vaccinated(given=True), screened(summary="276781000000109")),
    screened("blood-spot-test-outcome-1", ("947611000000105",)),
    cared_for(phone="ring Nora on Monday"),
]


def test_no_text_result_name_or_address_leaves_the_adapter() -> None:
    said = "".join(mapped(bundle).model_dump_json() for bundle in ALL)

    assert [secret for secret in SECRETS if secret in said] == []
    assert PHONE in said


@pytest.mark.parametrize(
    "made", [moved, registered, cared_for, screened], ids=lambda made: made.__name__
)
def test_of_a_restricted_record_no_place_is_told(made: Callable[..., Resource]) -> None:
    open_, hidden = told(made()).detail, told(made(who=RESTRICTED)).detail

    places = {"district", "previous_district", "practice", "provider", "contact"}
    kept = {
        name: value for name, value in hidden if name in places and value not in (None, Provider())
    }
    assert kept == {}
    assert [value for name, value in open_ if name in places and value not in (None, Provider())]


def test_only_the_record_change_itself_makes_a_record_sensitive() -> None:
    changes = [
        getattr(e.detail, "change", "") for e in mapped(record_changed(who=RESTRICTED)).events
    ]

    assert changes == ["record", "sensitive-on"]
    assert told(record_changed()).detail.model_dump()["change"] == "record"
    assert len(mapped(moved(who=RESTRICTED)).events) == 1


# -- what each kind becomes


@pytest.mark.parametrize(
    ("outcomes", "more", "status"),
    [
        pytest.param(("985891000000104",), {}, "done", id="done, whatever it found"),
        pytest.param(("985891000000104", "947611000000105"), {}, "unknown", id="parts differ"),
        pytest.param(("947611000000105",), {}, "declined", id="declined"),
        pytest.param(
            ("947611000000105", "946431000000102"), {}, "not-done", id="nothing was done"
        ),
        pytest.param(("1",), {}, "unknown", id="a code that nobody listed"),
        pytest.param((), {}, "unknown", id="no outcome at all"),
        pytest.param(("1",), {"parts": {"notDone": True}}, "not-done", id="said not to be done"),
        pytest.param(("1",), {"parts": {"status": "aborted"}}, "not-done", id="broken off"),
        pytest.param(
            ("947611000000105",),
            {"parts": {"notDone": True}},
            "declined",
            id="declined, so not done",
        ),
        pytest.param(
            ("985891000000104",),
            {"parts": {"status": "entered-in-error"}},
            "unknown",
            id="in error",
        ),
        pytest.param(
            ("985891000000104",),
            {"parts": {"context": {"reference": "Encounter/another"}}},
            "unknown",
            id="of another encounter",
        ),
        pytest.param(("985891000000104",), {"status": "planned"}, "unknown", id="still to come"),
        pytest.param(("985891000000104",), {"status": "cancelled"}, "not-done", id="cancelled"),
        pytest.param(
            ("1",), {"summary": "276781000000109"}, "done", id="the summary goes before the parts"
        ),
    ],
)
def test_of_a_screen_only_whether_it_took_place_is_told(
    outcomes: tuple[str, ...], more: Any, status: str
) -> None:
    detail = told(screened("nipe-outcome-1", outcomes, **more)).detail.model_dump(mode="json")

    assert (detail["screen"], detail["status"]) == ("nipe", status)


def test_a_value_set_in_place_of_a_system_is_read_as_what_was_meant() -> None:
    bundle = screened("blood-spot-test-outcome-1", ("947611000000105",))
    resources = [entry["resource"] for entry in bundle["entry"]]
    procedure = next(r for r in resources if r["resourceType"] == "Procedure")
    procedure["outcome"]["coding"][0]["system"] = (
        "https://fhir.nhs.uk/STU3/ValueSet/DCH-BloodSpotOutcome-1"
    )

    assert told(bundle).detail.model_dump(mode="json")["status"] == "declined"


@pytest.mark.parametrize(
    ("status", "action", "act"),
    [
        ("completed", "update", "assert"),
        ("entered-in-error", "update", "retract"),
        ("completed", "delete", "retract"),
    ],
)
def test_a_vaccination_that_was_not_given_is_told_until_it_is_withdrawn(
    status: str, action: str, act: str
) -> None:
    assert told(vaccinated(status=status, action=action)).act == act


def test_a_vaccination_that_was_given_says_nothing_but_that_none_is_missing() -> None:
    event = told(vaccinated(given=True))

    assert (event.act, event.detail.model_dump(exclude_none=True)) == (
        "retract",
        {"kind": "immunisation_overdue"},
    )
    assert event.fact == told(vaccinated()).fact


@pytest.mark.parametrize(
    ("status", "expected"),
    [("active", "active"), ("onhold", "active"), ("finished", "ended"), ("cancelled", "ended")],
)
def test_a_service_is_there_or_has_ended(status: str, expected: str) -> None:
    assert told(cared_for(status=status)).detail.model_dump()["status"] == expected


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        pytest.param("1326421000000106", "active", "service-not-listed", id="another service"),
        pytest.param(None, "active", "service-not-listed", id="no type"),
        pytest.param("109201000000109", "active", "service-not-told", id="of substance use"),
        pytest.param("1078501000000104", "planned", "service-not-begun", id="planned"),
        pytest.param("1078501000000104", "dormant", "service-status-unknown", id="unknown status"),
    ],
)
def test_a_service_that_is_not_told_is_parked_and_an_update_to_it_takes_back(
    code: str | None, status: str, reason: str
) -> None:
    assert parked(cared_for(code, status)) == [("parked-unsupported", reason)]

    event = told(cared_for(code, status, action="update"))
    assert (event.act, event.fact) == ("retract", told(cared_for()).fact)
    assert event.detail.model_dump()["provider"] == Provider().model_dump()


def test_a_death_is_one_fact_from_belief_to_registration_to_removal() -> None:
    steps = [told(died("1")), told(died("2")), told(died("U", None))]

    assert len({event.fact for event in steps}) == 1
    assert [event.act for event in steps] == ["assert", "assert", "retract"]
    assert [event.detail.model_dump()["formal"] for event in steps] == [False, True, None]


@pytest.mark.parametrize(
    ("status", "at", "reason"),
    [(None, None, "death-status-missing"), ("9", "2026-03-01", "death-status-unknown")],
)
def test_a_death_that_is_not_said_to_be_one_is_parked(
    status: str | None, at: str | None, reason: str
) -> None:
    assert parked(died(status, at)) == [("parked-unsupported", reason)]


def test_when_a_death_was_noted_stands_in_for_a_time_that_is_not_given() -> None:
    assert told(died("1", None)).occurred.at.isoformat() == "2026-03-02T00:00:00+00:00"
    assert told(died(None)).detail.model_dump()["formal"] is None


def test_a_new_practice_takes_the_news_of_none_back() -> None:
    none, found = told(registered(None)), told(registered(own="n2", meta={"lastUpdated": LATER}))

    assert none.fact == found.fact
    assert (none.detail.kind, found.detail.kind) == ("gp_deregistered", "gp_registered")


@pytest.mark.parametrize(
    ("old", "new", "districts"),
    [
        pytest.param("ZZ98 1AB", "ZZ99 2CD", ("ZZ98", "ZZ99"), id="both"),
        pytest.param(None, "zz992cd", (None, "ZZ99"), id="moved in"),
        pytest.param("ZZ98 1AB", None, ("ZZ98", None), id="moved out"),
        pytest.param("unknown", "", (None, None), id="neither is a postcode"),
    ],
)
def test_who_moves_in_and_who_moves_out_is_told_by_district(
    old: str | None, new: str | None, districts: tuple[str | None, str | None]
) -> None:
    detail = told(moved(old, new)).detail.model_dump(mode="json")

    assert (detail["previous_district"], detail["district"]) == districts
    assert (detail["postcode"], detail["previous_postcode"]) == (None, None)
