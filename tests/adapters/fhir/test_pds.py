"""What the Personal Demographics Service says of one person, and what is never told of it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from kinbridge_schemas.events.care import GpDeregistered, GpRegistered, PdsChanged
from kinbridge_schemas.events.persons import AddressChanged, PersonMerged, RecordRestricted
from kinbridge_schemas.identifiers import NhsNumber, PostcodeDistrict
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.retrieval import CareWanted
from kinbridge_schemas.vocabulary import DisclosureTier, Precision, Provider, Role
from tests.adapters.fhir.messages import BABY, CHILD, MOTHER
from tests.adapters.fhir.pds import (
    DEATH_STATUS,
    HOME,
    PRACTICE,
    answered,
    death_status,
    ends,
    mapped,
    none_held,
    outcome,
    patient,
    removed,
    told,
)
from tests.adapters.mapping import NOW, PSEUDONYMS
from tests.builders import when

SUCCESSOR: Final = BABY


def test_an_unrestricted_record_tells_its_practice_and_the_district_of_its_home() -> None:
    events = told(answered(patient()))

    assert list(events) == ["record_unrestricted", "gp_registered", "address_changed"]
    assert events["gp_registered"].detail == GpRegistered(practice=Provider(ods="Y12345"))
    home = events["address_changed"]
    assert home.detail == AddressChanged(district=PostcodeDistrict("ZZ99"))
    assert (home.occurred.at, home.occurred.precision) == (
        when("2024-04-30 23:00"),
        Precision.DAY,
    )


@pytest.mark.parametrize(
    ("marks", "level"),
    [
        pytest.param(("R",), "sensitive", id="restricted"),
        pytest.param(("V",), "very-restricted", id="very restricted"),
        pytest.param(("REDACTED",), "very-restricted", id="redacted"),
        pytest.param(("U", "R"), "sensitive", id="two marks: the stricter holds"),
    ],
)
def test_a_restricted_record_gives_no_place_even_where_one_was_sent(
    marks: tuple[str, ...], level: Any
) -> None:
    content = answered(patient(marks=marks, extension=[death_status("2"), removed("SCT")]))
    events = told(content)

    assert list(events) == ["record_restricted", "pds_changed"]
    assert events["record_restricted"].detail == RecordRestricted(level=level)
    said = mapped(content).model_dump_json()
    assert not any(place in said for place in ("ZZ99", "Y12345", "sct"))


@pytest.mark.parametrize("marks", [(), ("X",)], ids=["no mark", "a mark nobody listed"])
def test_a_mark_that_is_not_understood_lifts_nothing_and_gives_no_place(
    marks: tuple[str, ...],
) -> None:
    content = answered(patient(marks=marks))

    assert told(content) == {}
    assert ends(content) == [("parked-unsupported", "confidentiality-unknown")]


def test_who_is_restricted_is_told_by_the_number_alone() -> None:
    events = told(answered(patient(marks=("R",), birthDate="2013-10-12")))

    (subject,) = events["record_restricted"].subjects
    assert (subject.born, subject.name) == (None, None)


def test_a_date_of_birth_guards_what_is_told_of_places() -> None:
    events = told(answered(patient()))

    (subject,) = events["gp_registered"].subjects
    assert subject.born == when("2019-08-31 23:00")
    assert subject.name is None


@pytest.mark.parametrize("born", ["2019", "2019-09", None])
def test_a_date_of_birth_in_part_is_none(born: str | None) -> None:
    events = told(answered(patient(birthDate=born)))

    assert events["gp_registered"].subjects[0].born is None


# -- which account


def test_the_same_record_asked_for_twice_tells_the_same_events() -> None:
    one = mapped(answered(patient()))
    other = mapped(answered(patient(), why="case-opened", retrieval="retrieval-other"))

    assert [event.id for event in one.events] == [event.id for event in other.events]


def test_a_later_version_is_a_later_account_of_the_same_facts() -> None:
    one, other = told(answered(patient())), told(answered(patient(marks=("R",)), version=3))

    lifted, set_ = one["record_unrestricted"], other["record_restricted"]
    assert lifted.fact == set_.fact
    assert set_.version.later_than(lifted.version)


def test_where_there_is_no_etag_the_record_says_its_version() -> None:
    events = told(answered(patient(), version=0))

    assert events["record_unrestricted"].version.number == 2


def test_one_version_that_tells_two_things_is_not_taken_for_a_repeat() -> None:
    one, other = told(answered(patient())), told(answered(patient(marks=("R",))))

    assert one["record_unrestricted"].id != other["record_restricted"].id


# -- numbers


def test_a_superseded_number_is_told_as_merged_and_the_rest_is_told_of_the_one_asked_about() -> (
    None
):
    events = told(answered(patient(SUCCESSOR)))

    into = PSEUDONYMS.of_nhs_number(NhsNumber(SUCCESSOR))
    assert events["person_merged"].detail == PersonMerged(into=into)
    assert next(iter(events)) == "person_merged"
    numbers = {subject.nhs_number for event in events.values() for subject in event.subjects}
    assert numbers == {NhsNumber(CHILD)}


def test_the_facts_are_the_records_own_under_whichever_number_it_was_asked_for() -> None:
    old, new = told(answered(patient(SUCCESSOR))), told(answered(patient(SUCCESSOR), SUCCESSOR))

    assert old["record_unrestricted"].fact == new["record_unrestricted"].fact
    assert "person_merged" not in new


def test_an_invalidated_number_is_told_by_itself_with_no_tie_to_anything() -> None:
    content = none_held()
    (event,) = mapped(content).events

    assert event.detail == PdsChanged(change="invalidated")
    assert event.subjects[0].nhs_number == NhsNumber(CHILD)
    assert ends(content) == []


@pytest.mark.parametrize("code", ["RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"])
def test_a_number_that_was_never_there_is_no_fact(code: str) -> None:
    assert ends(none_held(code)) == [("no-fact", "no-record")]


def test_that_nobody_answered_is_said() -> None:
    content = answered(end="no-answer", reason="timed-out", status=0, version=0)

    assert mapped(content).events == ()
    assert ends(content) == [("no-fact", "no-answer")]


# -- deaths


@pytest.mark.parametrize(
    ("changes", "formal", "at"),
    [
        pytest.param(
            {"extension": [death_status("2")], "deceasedDateTime": "2026-02-19"},
            True,
            "2026-02-19 00:00",
            id="registered",
        ),
        pytest.param(
            {"extension": [death_status("1")]}, False, "2026-02-20 09:00", id="noted, no date"
        ),
        pytest.param(
            {"deceasedDateTime": "2026-02-19T04:00:00+00:00"},
            None,
            "2026-02-19 04:00",
            id="a date and no status",
        ),
    ],
)
def test_a_death_is_told_with_what_is_known_of_it(
    changes: dict[str, Any], formal: bool | None, at: str
) -> None:
    death = told(answered(patient(**changes)))["pds_changed"]

    assert death.detail == PdsChanged(change="death", formal=formal)
    assert (death.act, death.occurred.at) == ("assert", when(at))


def test_a_death_that_was_an_error_is_taken_back() -> None:
    died = told(answered(patient(extension=[death_status("2")])))["pds_changed"]
    removed_ = told(answered(patient(extension=[death_status("U")]), version=3))["pds_changed"]

    assert (removed_.act, removed_.fact) == ("retract", died.fact)
    assert removed_.version.later_than(died.version)


def test_a_status_of_death_that_nobody_listed_is_parked() -> None:
    content = answered(patient(extension=[death_status("9")]))

    assert ends(content) == [("parked-unsupported", "death-status-unknown")]
    assert "pds_changed" not in told(content)


# -- practices and homes


def _practice(value: str, **period: str) -> dict[str, Any]:
    identifier = {**PRACTICE["identifier"], "value": value, "period": period}  # type: ignore[dict-item]
    return {"generalPractitioner": [{"identifier": identifier}]}


@pytest.mark.parametrize(
    ("changes", "detail", "act"),
    [
        pytest.param(
            _practice("Y12345", start="2020-01-01", end="2021-12-31"),
            GpDeregistered(),
            "assert",
            id="ended",
        ),
        pytest.param(
            _practice("Y12345", start="2020-01-01", end="2026-03-02"),
            GpRegistered(practice=Provider(ods="Y12345")),
            "assert",
            id="ends today",
        ),
        pytest.param(
            {"generalPractitioner": None, "extension": [removed("SCT")]},
            GpDeregistered(reason="sct"),
            "assert",
            id="none, with the reason",
        ),
        pytest.param(
            {"generalPractitioner": None},
            GpRegistered(practice=Provider()),
            "retract",
            id="none, without a reason",
        ),
        pytest.param(
            _practice("V81997"),
            GpRegistered(practice=Provider()),
            "retract",
            id="the code of none",
        ),
    ],
)
def test_where_somebody_is_registered(changes: dict[str, Any], detail: object, act: str) -> None:
    events = told(answered(patient(**changes)))

    (found,) = [e for kind, e in events.items() if kind.startswith("gp_")]
    assert (found.detail, found.act) == (detail, act)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("V81998", "practice-not-said"),
        ("", "practice-without-code"),
        ("?", "practice-without-code"),
    ],
)
def test_a_practice_that_is_not_said_is_parked(code: str, reason: str) -> None:
    content = answered(patient(**_practice(code)))

    assert ends(content) == [("parked-unsupported", reason)]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param({**HOME, "use": "temp"}, id="a stay"),
        pytest.param({**HOME, "period": {}}, id="without a date"),
        pytest.param({**HOME, "period": {"start": "2020-01-01", "end": "2021-01-01"}}, id="past"),
        pytest.param({**HOME, "postalCode": None}, id="without a postcode"),
        pytest.param({**HOME, "postalCode": "nowhere"}, id="no postcode"),
    ],
)
def test_what_is_no_dated_home_is_not_told(place: dict[str, Any]) -> None:
    assert "address_changed" not in told(answered(patient(address=[place])))


# -- what cannot be read


def test_a_part_that_cannot_be_read_keeps_no_restriction_from_being_told() -> None:
    spoilt = [{"url": DEATH_STATUS, "extension": []}]
    content = answered(patient(marks=("R",), extension=spoilt, deceasedDateTime="long ago"))

    assert list(told(content)) == ["record_restricted"]
    assert ends(content) == [("parked-unreadable", "time-invalid")]


CARE: Final = CareWanted(
    kinds=("Appointment",), since=NOW, until=NOW, tier=DisclosureTier.CONTENT, basis="CP"
)
BROKEN: Final = [
    pytest.param(answered(b"<html>"), "json-invalid", id="no JSON"),
    pytest.param(answered(outcome("X")), "fhir-shape-wrong", id="another resource"),
    pytest.param(answered({**patient(), "resourceType": "Person"}), "not-a-patient", id="person"),
    pytest.param(answered(patient("9000000008")), "nhs-number-invalid", id="no number"),
    pytest.param(
        none_held().replace(b"OperationOutcome", b"Bundle"),
        "not-an-operation-outcome",
        id="not found, and not by PDS",
    ),
    pytest.param(answered(b"", end="no-record"), "json-invalid", id="not found, and no word"),
    pytest.param(answered(patient(), step="x-y"), "answer-to-another-question", id="step"),
    pytest.param(answered(patient(), wanted=CARE), "answer-to-another-question", id="question"),
    pytest.param(b"{}", "answer-frame-invalid", id="no answer at all"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), BROKEN)
def test_what_is_no_answer_of_pds_is_unreadable_and_says_nothing_of_it(
    content: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableError) as raised:
        mapped(content)

    assert raised.value.reason == reason
    assert CHILD not in f"{raised.value!r} {raised.value.path}"


def test_a_mother_is_told_of_as_the_mother() -> None:
    events = told(answered(patient(MOTHER), MOTHER, relation=Role.MOTHER))

    assert {s.role for e in events.values() for s in e.subjects} == {Role.MOTHER}
