"""The unborn child, its mother, and how it becomes the born child."""

from __future__ import annotations

from itertools import permutations
from typing import Final

import pytest

from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.care import EdAttended, PdsChanged
from kinbridge_schemas.events.maternity import (
    AntenatalAppointment,
    BirthNotified,
    EddRevised,
    NeonatalAdmitted,
)
from kinbridge_schemas.events.persons import (
    EddChanged,
    PersonRegistered,
    UnbornBorn,
    UnbornRegistered,
)
from kinbridge_schemas.events.protection import CpPlanStarted
from kinbridge_schemas.vocabulary import AppointmentStatus, Role
from tests.services.linking.desk import (
    BABY,
    OTHER_MOTHER,
    START,
    Desk,
    child,
    day,
    event,
    la,
    mother,
    person,
    play,
    ref,
    retracted,
    unborn,
)

DUE: Final = day(40)
BIRTH_DAY: Final = day(35)
MISSED: Final = AntenatalAppointment(
    appointment_id="appointment-1",
    status=AppointmentStatus.DID_NOT_ATTEND,
    start=day(1),
    raw_status="noshow",
)


def registered(name: str = "bump", mum: Subject | None = None, at: float = 0) -> ChildEvent:
    return la(UnbornRegistered(edd=DUE), unborn(name), mum or mother(), at=day(at))


def plan(name: str = "bump") -> ChildEvent:
    return la(CpPlanStarted(plan_id=f"plan-{name}"), unborn(name))


def born(
    *, live: bool | None = True, births: int | None = 1, with_mother: bool = True, at: float = 35
) -> ChildEvent:
    baby = person(Role.CHILD, nhs=BABY, born=day(at))
    subjects = (baby, mother()) if with_mother else (baby,)
    detail = BirthNotified(live=live, births=births, mother_known=with_mother)
    return event(detail, *subjects, at=day(at))


def expecting(*names: str) -> Desk:
    return play([e for name in names or ("bump",) for e in (registered(name), plan(name))])


def test_a_mothers_missed_appointment_reaches_her_unborn_child() -> None:
    desk = expecting()

    desk.tell(event(MISSED, mother(), at=day(1)))

    linked = desk.linked_to("bump")[-1]
    assert (linked.detail, linked.relation) == (MISSED, Role.MOTHER)
    assert desk.last("bump").child.matched_by == "by-mother"
    assert desk.record("bump").unborn


def test_both_expectant_parents_may_be_related() -> None:
    father = person(Role.FATHER, "dad")
    desk = play([la(UnbornRegistered(edd=DUE), unborn(), mother(), father)])

    assert [r.relation for r in desk.record("bump").related] == [Role.FATHER, Role.MOTHER]


def test_maternitys_expected_date_outranks_the_authoritys_even_a_later_one() -> None:
    revised = event(EddRevised(edd=day(45)), mother(), at=day(1))
    changed = la(EddChanged(edd=day(50)), unborn(), at=day(2))

    for order in permutations([revised, changed]):
        desk = expecting()
        desk.tell(*order)
        assert desk.record("bump").edd == day(45)


def test_a_birth_makes_the_unborn_child_the_born_child_under_the_same_reference() -> None:
    desk = expecting()

    end = desk.tell(born())

    record = desk.record("bump")
    assert end.end == "mapped-and-linked"
    assert (record.child, record.unborn, record.born) == (ref("bump"), False, BIRTH_DAY)
    assert desk.linked_to("bump")[-1].relation is Role.CHILD


def test_the_babys_number_waits_for_a_person() -> None:
    desk = expecting()
    desk.tell(born())

    end = desk.tell(
        event(EdAttended(attendance_id="a-1", arrived=day(36)), person(Role.CHILD, nhs=BABY))
    )

    assert desk.record("bump").nhs_number is None
    assert (end.end, end.reason) == ("awaiting-identity", "number-proposed")


def test_the_authoritys_own_word_attaches_the_babys_number() -> None:
    desk = expecting()
    desk.tell(born(), la(PersonRegistered(), child("bump", BABY, born=BIRTH_DAY), at=day(36)))

    end = desk.tell(
        event(EdAttended(attendance_id="a-1", arrived=day(36)), person(Role.CHILD, nhs=BABY))
    )

    assert desk.record("bump").nhs_number == BABY
    assert end.end == "mapped-and-linked"


NO_DECISION: Final[list[object]] = [
    pytest.param(("bump",), 2, True, id="twins notified, one unborn on the record"),
    pytest.param(("bump",), None, True, id="how many is not said"),
    pytest.param(("bump", "bump2"), 1, True, id="two unborn on the record"),
    pytest.param(("bump", "bump2"), 2, True, id="twins"),
    pytest.param(("bump",), 1, False, id="a stillbirth"),
]


@pytest.mark.parametrize(("names", "births", "live"), NO_DECISION)
def test_a_birth_in_doubt_is_told_to_each_unborn_and_decides_nothing(
    names: tuple[str, ...],
    births: int | None,
    live: bool,
) -> None:
    desk = expecting(*names)

    desk.tell(born(births=births, live=live))

    for name in names:
        assert desk.linked_to(name)[-1].detail.kind == "birth_notified"
        assert desk.linked_to(name)[-1].relation is Role.MOTHER
        assert desk.record(name).unborn


def test_a_birth_without_its_mother_concerns_nobody_known() -> None:
    desk = expecting()
    before = dict(desk.kept)

    assert desk.tell(born(with_mother=False)).end == "not-known"
    assert desk.kept == before


def test_a_birth_of_another_mother_concerns_nobody_known() -> None:
    desk = expecting()

    end = desk.tell(
        event(
            BirthNotified(live=True, births=1), person(Role.CHILD, nhs=BABY), mother(OTHER_MOTHER)
        )
    )

    assert end.end == "not-known"


def test_a_birth_taken_back_makes_the_child_unborn_again() -> None:
    desk = expecting()
    desk.tell(born())

    desk.tell(retracted(born()))

    assert desk.record("bump").unborn
    assert desk.record("bump").born is None


def test_the_authoritys_birth_and_healths_agree_in_either_order() -> None:
    ours = la(UnbornBorn(), unborn("bump"), at=day(35))

    for order in permutations([ours, born()]):
        desk = expecting()
        desk.tell(*order)
        assert (desk.record("bump").unborn, desk.record("bump").born) == (False, BIRTH_DAY)
        assert desk.ends[-1].end == "mapped-and-linked"


def test_a_new_id_given_at_birth_goes_on_with_the_unborn_childs_record() -> None:
    ours = la(UnbornBorn(), unborn("bump"), child("kid"), at=day(35))
    seen = la(PersonRegistered(), child("kid", BABY, name="Kit Obi"), at=day(36))

    for order in permutations([ours, seen]):
        desk = expecting()
        desk.tell(*order)
        record = desk.record("bump")
        assert (record.child, record.unborn) == (ref("bump"), False)
        assert record.nhs_number == BABY


def test_an_earlier_baby_is_not_taken_for_the_next_pregnancy() -> None:
    desk = expecting()
    desk.tell(born())

    desk.tell(la(UnbornRegistered(edd=day(500)), unborn("next"), mother(), at=day(300)))

    assert not desk.record("bump").unborn
    assert desk.record("next").unborn


def test_a_newborns_admission_reaches_it_through_its_mother_and_no_older_child() -> None:
    desk = expecting()
    desk.tell(la(CpPlanStarted(plan_id="plan-old"), child("old")))
    desk.tell(la(PersonRegistered(), child("old"), mother(), at=day(1)))
    desk.tell(born())

    baby = person(Role.CHILD, nhs=BABY)
    desk.tell(event(NeonatalAdmitted(), baby, mother(), at=day(36)))

    assert desk.linked_to("bump")[-1].detail.kind == "neonatal_admitted"
    assert "neonatal_admitted" not in {h.detail.kind for h in desk.linked_to("old")}


def test_the_baby_takes_its_mothers_restriction_until_its_own_is_known() -> None:
    desk = expecting()
    desk.tell(event(PdsChanged(change="sensitive-on"), mother(), at=day(1), source="pds"))
    desk.tell(born())
    taken = desk.record("bump").restriction
    desk.tell(la(PersonRegistered(), child("bump", BABY, born=BIRTH_DAY), at=day(36)))

    own = event(
        PdsChanged(change="sensitive-off"), person(Role.CHILD, nhs=BABY), at=day(37), source="pds"
    )
    desk.tell(own)

    assert taken == "sensitive"
    assert desk.record("bump").restriction == "none"


def test_an_unborn_child_is_known_by_its_role_alone() -> None:
    assert play([plan()]).record("bump").unborn


def test_a_mother_known_first_by_id_and_later_by_number_is_followed_by_both() -> None:
    desk = play([registered(mum=mother(None, "mum")), plan()])
    assert desk.tell(event(MISSED, mother(), at=START)).end == "not-known"

    desk.tell(la(PersonRegistered(), unborn(), mother(la="mum"), at=day(1)))

    assert desk.tell(event(MISSED, mother(), at=START)).end == "mapped-and-linked"
