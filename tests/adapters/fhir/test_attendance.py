"""The one table of what became of an appointment: each code, the age, and whose errand it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge_fhir.attendance import (
    APPOINTMENT_STATUS,
    ATTENDED_OR_NOT,
    NOT_GIVEN,
    TABLE,
    Meaning,
    Outcome,
    Whose,
    meaning_of,
    outcome,
    own_errand,
    read_local,
    together,
)
from kinbridge_fhir.systems import CANCELLATION, FILLER_STATUS, READ_V2, TRIGGER
from kinbridge_schemas.vocabulary import AppointmentStatus, Responsible, Service

AT: Final = datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
CHILD: Final = datetime(2019, 9, 1, tzinfo=UTC)
ADULT: Final = datetime(1998, 5, 4, tzinfo=UTC)
MISSES: Final = {AppointmentStatus.DID_NOT_ATTEND, AppointmentStatus.WAS_NOT_BROUGHT}


def ended(
    meaning: Meaning, born: datetime | None, *, own: bool = False
) -> tuple[AppointmentStatus, Responsible] | None:
    found = outcome(meaning, Whose(born, AT, own_errand=own))
    return (found.status, found.responsible) if found else None


@pytest.mark.parametrize(
    ("system", "code", "adult", "child"),
    [
        pytest.param(APPOINTMENT_STATUS, "booked", "booked", "booked", id="FHIR booked"),
        pytest.param(APPOINTMENT_STATUS, "arrived", "attended", "attended", id="FHIR arrived"),
        pytest.param(APPOINTMENT_STATUS, "fulfilled", "attended", "attended", id="FHIR fulfilled"),
        pytest.param(APPOINTMENT_STATUS, "checked-in", "attended", "attended", id="FHIR checked"),
        pytest.param(
            APPOINTMENT_STATUS, "noshow", "did-not-attend", "was-not-brought", id="FHIR noshow"
        ),
        pytest.param(APPOINTMENT_STATUS, "cancelled", "unknown", "unknown", id="FHIR cancelled"),
        pytest.param(APPOINTMENT_STATUS, "waitlist", None, None, id="FHIR waitlist"),
        pytest.param(APPOINTMENT_STATUS, "entered-in-error", None, None, id="FHIR in error"),
        pytest.param(
            CANCELLATION, "pat-lt", "cancelled-by-patient", "cancelled-by-patient", id="no bus"
        ),
        pytest.param(
            CANCELLATION, "prov-edu", "cancelled-by-provider", "cancelled-by-provider", id="course"
        ),
        pytest.param(CANCELLATION, "oth-weath", "unknown", "unknown", id="snow"),
        pytest.param(ATTENDED_OR_NOT, "0", "booked", "booked", id="NHS 0 in the future"),
        pytest.param(
            ATTENDED_OR_NOT, "2", "cancelled-by-patient", "cancelled-by-patient", id="NHS 2"
        ),
        pytest.param(ATTENDED_OR_NOT, "3", "did-not-attend", "was-not-brought", id="NHS 3 DNA"),
        pytest.param(
            ATTENDED_OR_NOT, "4", "cancelled-by-provider", "cancelled-by-provider", id="NHS 4"
        ),
        pytest.param(ATTENDED_OR_NOT, "5", "attended", "attended", id="NHS 5"),
        pytest.param(ATTENDED_OR_NOT, "6", "attended", "attended", id="NHS 6 late and seen"),
        pytest.param(
            ATTENDED_OR_NOT, "7", "came-too-late", "came-too-late", id="NHS 7 late, not seen"
        ),
        pytest.param(TRIGGER, "S12", "booked", "booked", id="SIU booked"),
        pytest.param(TRIGGER, "S15", "unknown", "unknown", id="SIU cancelled"),
        pytest.param(TRIGGER, "S17", None, None, id="SIU deleted"),
        pytest.param(TRIGGER, "S26", "did-not-attend", "was-not-brought", id="SIU no-show"),
        pytest.param(FILLER_STATUS, "Noshow", "did-not-attend", "was-not-brought", id="0278"),
        pytest.param(FILLER_STATUS, "NOSHOW", "did-not-attend", "was-not-brought", id="0278 caps"),
        pytest.param(FILLER_STATUS, "Complete", "attended", "attended", id="0278 complete"),
        pytest.param(FILLER_STATUS, "Dc", "unknown", "unknown", id="0278 discontinued"),
        pytest.param(READ_V2, "9Nz1.", "did-not-attend", "was-not-brought", id="Read v2"),
        pytest.param(NOT_GIVEN, "true", None, None, id="NEMS vaccine not given"),
    ],
)
def test_a_code_of_an_adult_and_of_a_child(
    system: str, code: str, adult: str | None, child: str | None
) -> None:
    meaning = meaning_of(system, code)

    assert meaning is not None
    statuses = [found[0].value if (found := ended(meaning, b)) else None for b in (ADULT, CHILD)]
    assert statuses == [adult, child]


def test_who_is_responsible_is_judged_apart_from_the_code() -> None:
    missed = Meaning.MISSED

    assert ended(missed, CHILD) == (AppointmentStatus.WAS_NOT_BROUGHT, Responsible.CARER)
    assert ended(missed, ADULT) == (AppointmentStatus.DID_NOT_ATTEND, Responsible.SELF)
    assert ended(missed, None) == (AppointmentStatus.DID_NOT_ATTEND, Responsible.UNKNOWN)
    assert ended(Meaning.ATTENDED, CHILD) == (AppointmentStatus.ATTENDED, Responsible.CARER)


@pytest.mark.parametrize(
    ("born", "brought_by_others"),
    [
        pytest.param(datetime(2008, 3, 9, tzinfo=UTC), False, id="eighteen on the day"),
        pytest.param(datetime(2008, 3, 10, tzinfo=UTC), True, id="eighteen the day after"),
    ],
)
def test_the_day_of_the_appointment_decides(born: datetime, brought_by_others: bool) -> None:
    assert Whose(born, AT).under_age is brought_by_others


def test_a_mother_of_fifteen_did_not_attend_her_antenatal_appointment() -> None:
    fifteen = datetime(2010, 6, 1, tzinfo=UTC)

    did_not = (AppointmentStatus.DID_NOT_ATTEND, Responsible.SELF)
    assert ended(Meaning.MISSED, fifteen, own=own_errand(Service.MATERNITY)) == did_not
    assert ended(Meaning.NOT_BROUGHT, fifteen, own=own_errand(Service.MATERNITY)) == did_not
    assert ended(Meaning.MISSED, fifteen, own=own_errand(Service.CAMHS)) == (
        AppointmentStatus.WAS_NOT_BROUGHT,
        Responsible.CARER,
    )


def test_a_code_that_says_child_is_believed_where_no_age_is_given() -> None:
    assert ended(Meaning.NOT_BROUGHT, None) == (
        AppointmentStatus.WAS_NOT_BROUGHT,
        Responsible.CARER,
    )


@pytest.mark.parametrize(
    ("system", "code"),
    [
        pytest.param(APPOINTMENT_STATUS, "NOSHOW", id="case counts in FHIR"),
        pytest.param(APPOINTMENT_STATUS, "missed", id="a word of nobody's"),
        pytest.param(ATTENDED_OR_NOT, "9", id="no national code"),
        pytest.param(TRIGGER, "S99", id="no trigger"),
        pytest.param("", "3", id="a code without its system"),
        pytest.param("https://example.org/codes", "noshow", id="somebody else's system"),
    ],
)
def test_what_nobody_listed_has_no_meaning(system: str, code: str) -> None:
    assert meaning_of(system, code) is None


def test_a_feed_gives_its_own_codes_and_they_go_first() -> None:
    local = read_local(
        {"dna": "missed", "WNB": "not-brought", "TRF": "transferred", "3": "booked"}
    )

    assert meaning_of("", "DNA", local) is Meaning.MISSED
    assert meaning_of("https://example.org/own", "wnb", local) is Meaning.NOT_BROUGHT
    assert ended(Meaning.TRANSFERRED, CHILD) == (AppointmentStatus.TRANSFERRED, Responsible.CARER)
    assert meaning_of(ATTENDED_OR_NOT, "3", local) is Meaning.BOOKED
    with pytest.raises(ValueError, match="perhaps"):
        read_local({"DNA": "perhaps"})


M = Meaning


@pytest.mark.parametrize(
    ("several", "one"),
    [
        pytest.param([M.BOOKED, M.MISSED], M.MISSED, id="the outcome says more than the booking"),
        pytest.param([M.CANCELLED, M.BY_PROVIDER], M.BY_PROVIDER, id="by whom says more"),
        pytest.param([M.BOOKED, M.CANCELLED, M.BY_PATIENT], M.BY_PATIENT, id="three in a row"),
        pytest.param([M.MISSED, M.NOT_BROUGHT], M.NOT_BROUGHT, id="not brought says more"),
        pytest.param([M.CANCELLED, M.TRANSFERRED], M.TRANSFERRED, id="off, for it was moved"),
        pytest.param([M.ATTENDED, M.MISSED], None, id="came and did not come"),
        pytest.param([M.BY_PATIENT, M.BY_PROVIDER], None, id="cancelled by both"),
        pytest.param([M.BOOKED, None], None, id="one of them nobody listed"),
        pytest.param([], None, id="none at all"),
    ],
)
def test_several_codes_of_one_appointment(
    several: list[Meaning | None], one: Meaning | None
) -> None:
    assert together(several) is one
    assert together(reversed(several)) is one


@given(st.lists(st.sampled_from(Meaning), max_size=4), st.sampled_from([CHILD, ADULT, None]))
def test_only_what_says_missed_is_ever_a_miss(meanings: list[Meaning], born: Any) -> None:
    meaning = together(meanings)

    found = outcome(meaning, Whose(born, AT)) if meaning is not None else None
    if found is not None and found.status in MISSES:
        assert {Meaning.MISSED, Meaning.NOT_BROUGHT} & set(meanings)
        assert not {Meaning.ATTENDED, Meaning.TOO_LATE, Meaning.TRANSFERRED} & set(meanings)


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_a_code_of_the_table_or_has_no_meaning(system: str, code: str) -> None:
    listed = {(row.system, said) for row in TABLE for said in row.codes}

    assert (meaning_of(system, code) is None) is ((system, code.strip()) not in listed)


def test_every_row_has_its_source_and_date_and_no_code_stands_twice() -> None:
    codes = [(row.system, code) for row in TABLE for code in row.codes]

    assert len(codes) == len(set(codes))
    assert all(row.source and row.date[:2] == "20" for row in TABLE)
    assert isinstance(outcome(Meaning.BOOKED, Whose(None, AT)), Outcome)
