"""Pregnancy, birth and care seen, as several rules and every alert read them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final, Literal

from kinbridge.partnership.calendar import london_date
from kinbridge.rules.picture import Account
from kinbridge.rules.situation import OWN
from kinbridge.rules.view import View, read_once
from kinbridge_schemas.events.care import (
    Admitted,
    AppointmentRecorded,
    Discharged,
    EdAttended,
    HvContact,
)
from kinbridge_schemas.events.knowledge import HealthFactVerified, VerifiedFact
from kinbridge_schemas.events.maternity import (
    AntenatalAppointment,
    BirthNotified,
    EddRevised,
    MaternityBooked,
)
from kinbridge_schemas.events.persons import (
    EddChanged,
    PregnancyEnded,
    UnbornBorn,
    UnbornRegistered,
)
from kinbridge_schemas.vocabulary import AppointmentStatus, Role

FULL_TERM: Final = 280
"""Days from the first day of the last period to the expected date of delivery."""

_LONGEST: Final = 330
_FAR: Final = timedelta(days=140)
"""A birth further from the expected date than this is of another pregnancy."""

_STAY: Final = timedelta(days=30)
EddSource = Literal["maternity", "authority", "none"]


@read_once
def expected(view: View) -> tuple[datetime | None, EddSource]:
    """The expected date of delivery and whose it is: maternity's outranks the authority's."""
    # A carer's own pregnancy is another's: it is neither this child's nor for its readers.
    maternity = [(a, d.edd) for a, d in view.of(EddRevised) if of_mother_or_own(a)]
    maternity += [(a, d.edd) for a, d in view.of(MaternityBooked) if d.edd and of_mother_or_own(a)]
    authority = [(a, d.edd) for a, d in view.of(EddChanged)]
    authority += [(a, d.edd) for a, d in view.of(UnbornRegistered) if d.edd]
    if view.permissive:
        return _earliest(view, maternity, authority), "authority"
    if maternity:
        return _latest(maternity), "maternity"
    if authority:
        return _latest(authority), "authority"
    return view.record.edd, "authority" if view.record.edd else "none"


_Dated = list[tuple[Account, datetime]]


def _latest(dated: _Dated) -> datetime:
    return max(dated, key=lambda told: (told[0].observed, told[0].event))[1]


def _earliest(view: View, maternity: _Dated, authority: _Dated) -> datetime | None:
    """The earliest date that held at some moment since the last step: it raises most."""
    dates: list[datetime] = []
    for dated in (maternity, authority):
        dates += [edd for account, edd in dated if account.fresh]
        settled = [told for told in dated if not told[0].fresh]
        if settled:
            return min([*dates, _latest(settled)])
    return min([*dates, *([view.record.edd] if view.record.edd else [])], default=None)


def gestation(view: View, at: datetime) -> int | None:
    """Days of pregnancy at a time; None without an expected date, or where it cannot be."""
    edd, _ = expected(view)
    if edd is None:
        return None
    days = FULL_TERM - (london_date(edd) - london_date(at)).days
    return days if 0 <= days <= _LONGEST else None


def date_of_gestation(edd: datetime, weeks: int) -> date:
    """The day on which the pregnancy reaches so many weeks."""
    return london_date(edd) - timedelta(days=FULL_TERM - 7 * weeks)


def of_mother_or_own(account: Account) -> bool:
    return account.relation in OWN or account.relation is Role.MOTHER


@read_once
def births(view: View) -> list[Account]:
    """Accounts of this child's live birth, earliest first. A stillbirth is not one of them."""
    found = [a for a, _ in view.of(UnbornBorn) if a.relation in OWN]
    found += [a for a, d in view.of(BirthNotified) if d.live is not False and _this(view, a)]
    return sorted(found, key=lambda a: (a.occurred.at, a.event))


def _this(view: View, account: Account) -> bool:
    """Whether a birth is of this child and not of a sibling."""
    if account.relation is not Role.MOTHER or not view.record.unborn:
        return account.relation in OWN
    # Word of the mother's earlier pregnancy may come, or be corrected, during this one.
    edd, _ = expected(view)
    return edd is None or abs(edd - account.occurred.at) <= _FAR


@read_once
def born(view: View) -> datetime | None:
    """When the child was born, as far as is known."""
    if view.record.born is not None:
        return view.record.born
    found = births(view)
    return found[0].occurred.at if found else None


@read_once
def pregnancy_ended(view: View) -> bool:
    """Whether the pregnancy ended without a living child: rules stop, and nothing says why."""
    if not view.record.unborn:
        return False
    if any(of_mother_or_own(a) for a, _ in view.of(PregnancyEnded)):
        return True
    if any(d.fact is VerifiedFact.PREGNANCY_ENDED for _, d in view.of(HealthFactVerified)):
        return True
    still = any(d.live is False and _this(view, a) for a, d in view.of(BirthNotified))
    return still and not births(view)


def unborn_at(view: View, at: datetime) -> bool:
    """Whether the child was not yet born at a time."""
    birth = born(view)
    return view.record.unborn if birth is None else at < birth


def in_hospital(view: View, on: date, relation: Role) -> Account | None:
    """The account by which somebody was in hospital on a day: emergency care or a stay."""
    for account, _ in view.of(EdAttended):
        if account.relation is relation and london_date(account.occurred.at) == on:
            return account
    ends = {d.admission_id: a.occurred.at for a, d in view.of(Discharged)}
    for account, stay in view.of(Admitted):
        start = account.occurred.at
        end = ends.get(stay.admission_id, start + _STAY)
        if account.relation is relation and london_date(start) <= on <= london_date(end):
            return account
    return None


@read_once
def last_seen(view: View) -> datetime | None:
    """When a health professional last saw the child, or the mother of an unborn one."""
    seen = OWN | {Role.MOTHER} if view.record.unborn else OWN
    attended = AppointmentStatus.ATTENDED
    times = [d.start for d in _appointments(view) if d.status is attended]
    times += [
        d.arrived for a, d in view.of(EdAttended) if a.relation in seen and not d.left_before_seen
    ]
    times += [a.occurred.at for a, _ in view.of(Admitted) if a.relation in seen]
    times += [a.occurred.at for a, _ in view.of(BirthNotified) if a.relation in seen]
    times += [
        a.occurred.at
        for a, d in view.of(HvContact)
        if a.relation in seen and d.status == "completed"
    ]
    times += [d.last_attended for _, d in view.of(HealthFactVerified) if d.last_attended]
    return max(times, default=None)


def next_appointment(view: View, as_of: datetime) -> datetime | None:
    """The next appointment that is booked: antenatal, or the child's own."""
    booked = AppointmentStatus.BOOKED
    times = (d.start for d in _appointments(view) if d.status is booked)
    return min((at for at in times if at >= as_of), default=None)


def _appointments(view: View) -> Iterator[AntenatalAppointment | AppointmentRecorded]:
    """The child's own, and its mother's for the pregnancy. Other care of an adult is theirs."""
    for account, detail in view.of(AppointmentRecorded):
        if account.relation in OWN:
            yield detail
    for account, antenatal in view.of(AntenatalAppointment):
        if view.record.unborn and of_mother_or_own(account):
            yield antenatal
