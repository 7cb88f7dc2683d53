"""The children in need census: whole files, file after file, and what is tolerated of one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge_schemas.problems import UnreadableError
from tests.adapters.casesystem.loads import (
    Loads,
    census,
    census_child,
    enquiry,
    kinds,
    parts,
    plan,
    referral,
    report,
)
from tests.adapters.mapping import map_one

BEFORE = census(
    census_child("C1", referral(more=enquiry("2025-12-03", "2026-01-20") + plan("2026-01-20"))),
    census_child("C2", referral(more=enquiry("2026-02-02", unneeded="true"))),
    census_child("C3", referral("2025-06-02"), referral("2025-12-08")),
)
AFTER = census(
    census_child(
        "C1",
        referral(more=enquiry("2025-12-03", "2026-01-20") + plan("2026-01-20", "2026-02-25")),
    ),
    census_child("C2", referral()),
    census_child("C3", referral("2025-06-02"), referral("2025-12-08")),
    census_child("C4", referral("2026-02-20")),
)


def test_a_changed_file_tells_the_difference_and_nothing_else() -> None:
    loads = Loads("cin-census")
    loads.take({"cin.xml": BEFORE})

    assert kinds(loads.take({"cin.xml": AFTER})) == [
        ("assert", "cp_plan_ended"),
        ("assert", "person_registered"),
        ("assert", "referral_received"),
        ("retract", "s47_started"),
    ]


def test_the_same_file_twice_tells_nothing() -> None:
    loads = Loads("cin-census")
    loads.take({"cin.xml": BEFORE})

    assert loads.take({"cin.xml": BEFORE}) == []


@pytest.mark.parametrize("seed", range(4))
def test_children_and_their_objects_in_another_order_tell_nothing(seed: int) -> None:
    order = random.Random(seed)
    work = [enquiry("2025-12-03", unneeded="1"), enquiry("2025-12-03"), plan("2026-01-20")]
    children = [census_child(f"C{n}", referral(more="".join(work))) for n in range(5)]
    mixed = [
        census_child(f"C{n}", referral(more="".join(order.sample(work, 3)))) for n in range(5)
    ]
    loads = Loads("cin-census")
    loads.take({"cin.xml": census(*children)})

    assert loads.take({"again.xml": census(*order.sample(mixed, 5))}) == []


def test_two_enquiries_of_one_day_are_two() -> None:
    work = enquiry("2025-12-03", unneeded="1") + enquiry("2025-12-03")
    told = Loads("cin-census").take({"cin.xml": census(census_child("C1", referral(more=work)))})

    assert kinds(told).count(("assert", "s47_started")) == 2
    assert len({e.fact for e in told}) == len(told)


def test_a_child_given_once_for_each_of_its_episodes_is_one_child() -> None:
    apart = census(
        census_child("C3", referral("2025-06-02")), census_child("C3", referral("2025-12-08"))
    )
    loads = Loads("cin-census")
    loads.take({"cin.xml": BEFORE})
    told = loads.take({"cin.xml": apart})

    assert (told, [p.id for p in parts("cin-census", {"cin.xml": apart})]) == ([], ["C3"])


def test_what_the_years_before_held_is_not_deleted_by_a_later_year() -> None:
    earlier = BEFORE.replace(b"2026-03-31", b"2025-03-31").replace(b"2025-", b"2024-")
    loads = Loads("cin-census")
    loads.take({"cin.xml": earlier})
    told = loads.take({"cin.xml": census(census_child("C3", referral("2025-12-08")))})

    assert kinds(told) == [("assert", "referral_received")]


def test_an_earlier_year_that_comes_late_adds_and_changes_nothing() -> None:
    def year(*episodes: str, end: int = 2026) -> bytes:
        return census(census_child("C1", *episodes)).replace(b"2026-03-31", b"%d-03-31" % end)

    before = referral("2024-06-03", more=plan("2024-07-01"))
    loads = Loads("cin-census")
    loads.take({"2026.xml": year(referral("2024-06-03", more=plan("2024-07-01", "2025-06-02")))})
    told = loads.take({"2025.xml": year(referral("2024-04-08"), before, end=2025)})

    assert kinds(told) == [("assert", "referral_received")]
    assert {e.occurred.at.date().isoformat() for e in told} == {"2024-04-07"}


def test_what_came_after_its_reference_date_is_not_deleted_by_a_census() -> None:
    loads = Loads("cin-census")
    loads.take({"2025.xml": BEFORE.replace(b"2026-03-31", b"2025-03-31")})
    told = loads.take({"again.xml": census(census_child("C2")).replace(b"2026-", b"2025-")})

    assert told == []


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(1, len(BEFORE) - 1))
def test_a_file_cut_anywhere_is_refused_whole(cut: int) -> None:
    with pytest.raises(UnreadableError) as raised:
        parts("cin-census", {"cin.xml": BEFORE[:cut]})

    assert raised.value.reason in {"file-cut-short", "xml-invalid"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"<Message><Children/></Message>", "no-records", id="no child"),
        pytest.param(BEFORE.replace(b"CIN<", b"SWF<"), "collection-not-cin", id="another census"),
        pytest.param(b"", "file-empty", id="nothing"),
        pytest.param(b"PK\x03\x04 a zip file>", "xml-invalid", id="no XML"),
        pytest.param(
            b'<!DOCTYPE m [<!ENTITY a "b">]>' + BEFORE, "document-type-not-allowed", id="entities"
        ),
    ],
)
def test_what_is_no_census_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        parts("cin-census", {"cin.xml": content})

    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        pytest.param(census_child("", referral()), "field-missing", id="no id"),
        pytest.param(census_child("C 1/2", referral()), "la-child-id-invalid", id="a wrong id"),
    ],
)
def test_a_child_without_a_usable_id_is_one_unreadable_part(child: str, reason: str) -> None:
    found = report("cin-census", {"cin.xml": census(child, census_child("C1", referral()))})

    assert (found.children, found.unreadable) == (2, 1)
    assert [(c.rule, c.times) for c in found.counts] == [(reason, 1)]


def test_what_is_wrong_with_a_field_costs_that_field_and_is_said() -> None:
    wrong = (
        "<CINreferralDate>2025-12-01</CINreferralDate><ReferralSource>3Z</ReferralSource>"
        "<CINclosureDate>31/02/2026</CINclosureDate><ReasonForClosure>RC7</ReasonForClosure>"
        "<Section47><S47ActualStartDate>2027-01-01</S47ActualStartDate></Section47>"
        "<ReferralNFA>maybe</ReferralNFA>"
    )
    content = census(census_child("C1", wrong))
    told = Loads("cin-census").take({"cin.xml": content})

    assert kinds(told) == [("assert", "person_registered"), ("assert", "referral_received")]
    assert {(c.rule, c.field) for c in report("cin-census", {"cin.xml": content}).counts} == {
        ("code-unknown", "CINdetails.ReferralSource"),
        ("date-invalid", "CINdetails.CINclosureDate"),
        ("date-in-future", "CINdetails.Section47.S47ActualStartDate"),
        ("flag-invalid", "CINdetails.ReferralNFA"),
        ("s47-shape", "CINdetails.Section47.ICPCnotRequired"),
        ("2991q.enquiry-without-assessment", "episode.assessments"),
    }


def test_a_namespace_and_missing_blocks_change_nothing() -> None:
    child = census_child("C1", referral(more=plan("2026-01-20")))
    bare = f"<Message><Children>{child}</Children></Message>".encode()
    spaced = bare.replace(b"<Message>", b'<Message xmlns="urn:example">')

    assert kinds(Loads("cin-census").take({"cin.xml": spaced})) == [
        ("assert", "cp_plan_started"),
        ("assert", "person_registered"),
        ("assert", "referral_received"),
    ]


def test_a_file_that_is_taken_for_one_child_is_unreadable() -> None:
    with pytest.raises(UnreadableError) as raised:
        map_one("cin-census", BEFORE, "application/xml")

    assert raised.value.reason == "children-differ"


def test_a_part_says_whose_census_it_is_of() -> None:
    assert {part.authority for part in parts("cin-census", {"cin.xml": BEFORE})} == {"209"}


def test_nothing_of_a_child_is_remembered_in_clear() -> None:
    loads = Loads("cin-census")
    loads.take({"cin.xml": BEFORE})
    kept = "".join(r.model_dump_json() for r in loads.remembered.values())

    assert not [text for text in ("2019-09-01", '"C1"', "C1|") if text in kept]
