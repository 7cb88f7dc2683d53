"""What the national events become, from their bytes to the children they concern."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any, Final

import pytest

from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.contact import ReferralReceived
from kinbridge_schemas.events.persons import RelationshipRecorded
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.messages import CHILD, MOTHER, NHS_NUMBER, Resource
from tests.adapters.fhir.nems import (
    EACH,
    RESTRICTED,
    cared_for,
    died,
    mapped,
    patient_of,
    record_changed,
    registered,
    screen_deleted,
    screened,
    told,
    vaccinated,
)
from tests.builders import when
from tests.services.linking.desk import Desk, child, la, mother, play, unborn

REFERRAL: Final = ReferralReceived(referral_id="referral-1")
TIMES: Final = tuple(f"2026-03-0{day}T10:00:00+00:00" for day in (2, 3, 4))
STEP = Callable[..., Resource]


def known() -> Desk:
    """A registry with one open case: the child of the messages."""
    return play([la(REFERRAL, child("ada", NhsNumber(CHILD), born=when("2019-08-31 23:00")))])


def expecting() -> Desk:
    """A registry with the open case of an unborn child, whose mother has a number."""
    mum = mother(NhsNumber(MOTHER))
    relation = RelationshipRecorded(
        relationship_id="relation-1", relation=Role.MOTHER, main_carer=True
    )
    return play([la(REFERRAL, unborn("bump")), la(relation, unborn("bump"), mum)])


def about_the_mother(bundle: Resource) -> Resource:
    patient_of(bundle).update(
        identifier=[{"system": NHS_NUMBER, "value": MOTHER}], birthDate="1998-05-04"
    )
    return bundle


@pytest.mark.parametrize("made", EACH.values(), ids=EACH.keys())
def test_an_event_reaches_the_open_child_it_is_about(made: STEP) -> None:
    desk = known()
    bundle = made()
    patient_of(bundle)["birthDate"] = "2019-09-01"

    end = desk.tell(told(bundle))

    assert (end.end, end.reason) == ("mapped-and-linked", "linked")
    assert desk.linked_to()[-1].relation is Role.CHILD


@pytest.mark.parametrize("made", EACH.values(), ids=EACH.keys())
def test_an_event_about_nobody_with_an_open_case_leaves_nothing_behind(made: STEP) -> None:
    desk = Desk()

    end = desk.tell(told(made()))

    assert (end.end, end.reason) == ("not-known", "no-open-case")
    assert desk.kept == {}


@pytest.mark.parametrize(
    "made",
    [cared_for, registered, vaccinated, record_changed, died],
    ids=lambda made: made.__name__,
)
def test_an_event_about_the_mother_reaches_her_unborn_child_as_hers(made: STEP) -> None:
    desk = expecting()

    end = desk.tell(told(about_the_mother(made(routed=MOTHER))))

    assert end.end == "mapped-and-linked"
    assert desk.linked_to("bump")[-1].relation is Role.MOTHER


def test_a_sensitive_mark_in_a_record_change_restricts_the_child() -> None:
    desk = known()
    assert desk.record().restriction == "none"

    desk.tell(*mapped(record_changed(who=RESTRICTED)).events)

    assert desk.record().restriction == "sensitive"


def test_a_record_change_without_a_mark_lifts_nothing() -> None:
    desk = known()
    desk.tell(*mapped(record_changed(who=RESTRICTED)).events)

    desk.tell(told(record_changed(own="n2", timestamp="2026-03-05T10:00:00+00:00")))

    assert desk.record().restriction == "sensitive"


def _steps(*made: Callable[..., Resource], **more: Any) -> list[ChildEvent]:
    return [
        told(step(own=f"n{at}", meta={"lastUpdated": TIMES[at]}, **more))
        for at, step in enumerate(made)
    ]


THREADS: Final = [
    pytest.param(
        _steps(
            lambda **more: screened("nipe-outcome-1", who={"birthDate": "2019-09-01"}, **more),
            lambda **more: screened(
                "nipe-outcome-1", ("1",), who={"birthDate": "2019-09-01"}, **more
            ),
            lambda **more: screen_deleted("nipe-outcome-1", **more),
        ),
        "retract",
        id="a screen, another in its place, deleted",
    ),
    pytest.param(
        _steps(
            cared_for,
            lambda **more: cared_for(status="entered-in-error", action="delete", **more),
            lambda **more: cared_for(status="finished", action="update", **more),
        ),
        "assert",
        id="a service that was deleted by mistake",
    ),
    pytest.param(
        _steps(vaccinated, lambda **more: vaccinated(given=True, action="update", **more)),
        "retract",
        id="a vaccination that was given after all",
    ),
    pytest.param(
        _steps(
            lambda **more: died("1", **more),
            lambda **more: died("2", **more),
            lambda **more: died("U", None, **more),
        ),
        "retract",
        id="a death that was none",
    ),
    pytest.param(
        _steps(lambda **more: registered(None, **more), registered),
        "assert",
        id="no practice, then one",
    ),
]


@pytest.mark.parametrize(("events", "act"), THREADS)
def test_a_thread_ends_the_same_in_whatever_order_its_messages_come(
    events: list[ChildEvent], act: str
) -> None:
    expected = events[-1].detail.kind
    for order in permutations(events):
        desk = known()
        desk.tell(*order)

        thread = [linked for linked in desk.linked_to() if linked.fact == events[0].fact]
        latest = max(thread, key=lambda linked: linked.version.order)
        assert (latest.act, latest.detail.kind, latest.event) == (act, expected, events[-1].id)
        assert {a for _, fact, a in desk.in_force() if fact == events[0].fact} == {act}


def test_a_delete_that_comes_first_is_a_tombstone() -> None:
    new, delete = _steps(
        vaccinated, lambda **more: vaccinated(action="delete", status="entered-in-error", **more)
    )
    desk = known()

    desk.tell(delete)
    end = desk.tell(new)

    assert (end.end, end.reason) == ("superseded", "superseded")


def test_what_is_told_under_equal_keys_is_never_dropped_as_a_repeat() -> None:
    first, second = told(vaccinated()), told(vaccinated(own="n2", reason="281399006"))
    desk = known()

    ends = [desk.tell(event).end for event in (first, second, second)]

    assert ends == ["mapped-and-linked", "mapped-and-linked", "duplicate"]


def test_a_number_with_another_date_of_birth_waits_for_a_person() -> None:
    bundle = vaccinated()
    patient_of(bundle)["birthDate"] = "2013-10-12"

    end = known().tell(told(bundle))

    assert (end.end, end.reason) == ("awaiting-identity", "birth-date-disagrees")


def test_a_subject_is_one_person_with_one_key() -> None:
    subjects: list[Subject] = [told(made()).subjects[0] for made in EACH.values()]

    assert len({subject.key for subject in subjects}) == 1
