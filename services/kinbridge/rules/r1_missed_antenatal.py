"""R1: an antenatal appointment was missed by the mother of an unborn child at risk. Pure.

Each miss is a concern of its own, so that a second one is a new item of the same alert.
It is about a child with a protection plan, an open section 47 enquiry or a pre-birth
assessment at the time, or within the window after it. A miss that was none, or that has an
explanation, is given as withdrawn with its reason; whether anybody needs to hear that is
decided where it is known who had the alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kinbridge.partnership.calendar import london_date
from kinbridge.partnership.model import Partnership
from kinbridge.partnership.terms import MissedAntenatal
from kinbridge.rules.finding import (
    SILENT,
    Ask,
    Finding,
    Found,
    Shown,
    answer_by,
    check,
    day_text,
    enabled,
    is_history,
    verified_for,
    verified_reason,
)
from kinbridge.rules.picture import Account
from kinbridge.rules.pregnancy import (
    births,
    born,
    gestation,
    in_hospital,
    of_mother_or_own,
    pregnancy_ended,
)
from kinbridge.rules.situation import assessing, protected
from kinbridge.rules.view import View
from kinbridge_schemas.concerns import Check
from kinbridge_schemas.events.maternity import AntenatalAppointment, MaternityCareTransferred
from kinbridge_schemas.events.persons import UnbornRegistered
from kinbridge_schemas.vocabulary import AppointmentStatus, Role, Service, Urgency

TRIGGERS: Final = frozenset({"antenatal_appointment"})
_CONDITIONS: Final = frozenset(
    {
        "cp_plan_started",
        "s47_started",
        "pre_birth_assessment_required",
        "assessment_started",
        "edd_revised",
        "edd_changed",
        "maternity_booked",
        "unborn_registered",
    }
)
_DNA: Final = AppointmentStatus.DID_NOT_ATTEND
_OTHERWISE: Final = {
    AppointmentStatus.ATTENDED: "attended",
    AppointmentStatus.CANCELLED_BY_PROVIDER: "cancelled-by-provider",
    AppointmentStatus.CANCELLED_BY_PATIENT: "cancelled-by-patient",
    AppointmentStatus.RESCHEDULED: "rebooked",
    AppointmentStatus.TRANSFERRED: "care-transferred",
    AppointmentStatus.CAME_TOO_LATE: "came-too-late",
}
_CANCELLED: Final = frozenset(
    {AppointmentStatus.CANCELLED_BY_PATIENT, AppointmentStatus.CANCELLED_BY_PROVIDER}
)
_CLINIC: Final = timedelta(hours=4)
"""How long after its start a clinic is taken to close where the source does not say."""


def raises(account: Account) -> bool:
    detail = account.detail
    if isinstance(detail, AntenatalAppointment):
        return detail.status is _DNA
    return detail.kind in _CONDITIONS


@dataclass(frozen=True, slots=True)
class _Appointment:
    account: Account
    detail: AntenatalAppointment
    excuse: str | None
    """Why it is no miss; None where it is one."""


def find(view: View, clock: datetime, policy: Partnership) -> Found:
    terms = policy.rules.r1
    if not enabled(terms, view) or not _expected_once(view):
        return Found()
    known = [
        _Appointment(account, detail, _excuse(view, account, detail))
        for account, detail in view.of(AntenatalAppointment)
        if detail.status is not AppointmentStatus.BOOKED and of_mother_or_own(account)
    ]
    told = [one for one in known if one.excuse is None or one.account.fact in view.heard]
    findings = [_finding(view, clock, policy, one, known) for one in told]
    return Found(tuple(f for f in findings if f is not None))


def _expected_once(view: View) -> bool:
    """Whether it is this child's pregnancy: of a born child's, its mother's next is not."""
    return view.record.unborn or born(view) is not None or view.has(UnbornRegistered)


def _excuse(view: View, account: Account, detail: AntenatalAppointment) -> str | None:
    if pregnancy_ended(view):
        return SILENT
    if detail.status is not _DNA:
        return _OTHERWISE.get(detail.status, "corrected-by-source")
    corrected = verified_for(view, "R1", account.fact, account.fact)
    if corrected is not None:
        return verified_reason(corrected[1])
    return _moot(view, detail) or _elsewhere(view, detail)


def _moot(view: View, detail: AntenatalAppointment) -> str | None:
    on = london_date(detail.start)
    birth = born(view)
    if birth is not None and london_date(birth) <= on:
        return "born-by-then"
    if in_hospital(view, on, Role.MOTHER) is not None:
        return "in-hospital-that-day"
    return None


def _elsewhere(view: View, detail: AntenatalAppointment) -> str | None:
    if _rebooked(view, detail):
        return "rebooked"
    for account, moved in _transfers(view):
        before = london_date(account.occurred.at) <= london_date(detail.start)
        here = detail.provider.ods
        at_new = here is not None and here == moved.to_provider.ods
        left = moved.from_provider.ods
        elsewhere = here is not None and left is not None and here != left
        if moved.accepted and before and not at_new and not elsewhere:
            return "care-transferred"
    return None


def _transfers(view: View) -> list[tuple[Account, MaternityCareTransferred]]:
    """Transfers of the mother's care, and of no carer's own pregnancy."""
    known = view.of(MaternityCareTransferred)
    return [(account, moved) for account, moved in known if of_mother_or_own(account)]


def _rebooked(view: View, detail: AntenatalAppointment) -> bool:
    """Whether another appointment stood in its place before the clinic closed.

    One that was booked after the miss does not undo it: it is the next appointment.
    """
    return any(
        other.replaces == detail.appointment_id
        and other.status not in _CANCELLED
        and account.observed <= _closes(detail)
        for account, other in view.of(AntenatalAppointment)
    )


def _closes(detail: AntenatalAppointment) -> datetime:
    return detail.clinic_end or detail.start + _CLINIC


def _finding(
    view: View,
    clock: datetime,
    policy: Partnership,
    one: _Appointment,
    known: list[_Appointment],
) -> Finding | None:
    terms = policy.rules.r1
    grace = timedelta(days=terms.window_days)
    start = one.detail.start
    risk = protected(view, start, grace)
    if is_history(one.account, start, policy) or not (risk or assessing(view, start, grace)):
        return None
    misses = _counted(one, known, terms)
    needed = _needed(view, start, terms, risk=risk)
    missed = one.excuse is None
    if missed and len(misses) < needed:
        return None
    urgency = _urgency(view, start, terms)
    say_at = _say_at(policy, one, urgency)
    recorded = one.account.recorded
    return Finding(
        rule="R1",
        about=one.account.fact,
        recorded=one.account.recorded,
        status="active" if missed else "withdrawn",
        reason=one.excuse,
        urgency=urgency,
        standing="unborn",
        protected=risk,
        say_at=say_at,
        facts=_facts(view, misses if missed else [one]),
        corrects=() if missed else (one.account.fact,),
        checks=_checks(view, clock, policy, one.detail),
        why=_why(start, len(misses)),
        threshold=_threshold(terms, needed, risk=risk),
        # A miss of last week that is told today is not to be answered by last week.
        ask=_ask(policy, urgency, max(say_at or recorded, recorded)),
    )


def _counted(
    one: _Appointment, known: list[_Appointment], terms: MissedAntenatal
) -> list[_Appointment]:
    """The misses that count at this one: within the window that it ends."""
    since = one.detail.start - timedelta(days=terms.window_days)
    misses = [
        other
        for other in known
        if other.excuse is None and since < other.detail.start <= one.detail.start
    ]
    distinct = {other.account.fact: other for other in misses}
    return sorted(distinct.values(), key=lambda a: (a.detail.start, a.account.fact))


def _needed(view: View, start: datetime, terms: MissedAntenatal, *, risk: bool) -> int:
    if risk:
        return terms.plan_misses
    days = gestation(view, start)
    late = days is not None and days >= terms.weeks_at_one_miss * 7
    return 1 if late else terms.misses


def _urgency(view: View, start: datetime, terms: MissedAntenatal) -> Urgency:
    days = gestation(view, start)
    return terms.urgent if days is not None and days >= terms.urgent_weeks * 7 else terms.urgency


def _say_at(policy: Partnership, one: _Appointment, urgency: Urgency) -> datetime | None:
    terms = policy.rules.r1
    if terms.hold == "none":
        return None
    closes = _closes(one.detail)
    if urgency is terms.urgent:
        return closes
    # What was held must not wake the emergency duty team: it waits for the desk to open.
    time = policy.working_time
    recorded = one.account.recorded
    opens = time.next_duty_start(closes)
    return opens if time.within_duty(recorded) else max(opens, time.next_duty_start(recorded))


def _facts(view: View, appointments: list[_Appointment]) -> tuple[Shown, ...]:
    return tuple(
        Shown(
            account=one.account,
            at=one.detail.start,
            service=Service.MATERNITY,
            outcome=one.detail.status.value,
            provider=one.detail.provider,
            withdrawn=one.excuse is not None,
        )
        for one in appointments
    ) + _of_transfers(view)


def _of_transfers(view: View) -> tuple[Shown, ...]:
    """A transfer that nobody accepted explains nothing, but whoever looks into it needs it."""
    waiting = [a for a, moved in _transfers(view) if not moved.accepted]
    return tuple(
        Shown(account, account.occurred.at, Service.MATERNITY, "transfer-not-accepted")
        for account in sorted(waiting, key=lambda a: (a.occurred.at, a.fact))
    )


def _checks(
    view: View, clock: datetime, policy: Partnership, detail: AntenatalAppointment
) -> tuple[Check, ...]:
    on = london_date(detail.start)
    rebooked = [a for a, d in view.of(AntenatalAppointment) if d.replaces == detail.appointment_id]
    moved = [a for a, _ in _transfers(view)]
    stay = in_hospital(view, on, Role.MOTHER)
    return (
        check("rebooking", view, clock, policy, *rebooked),
        check("transfer-of-care", view, clock, policy, *moved),
        check("hospital-that-day", view, clock, policy, *([stay] if stay else [])),
        check("birth", view, clock, policy, *births(view)),
    )


def _why(start: datetime, misses: int) -> str:
    count = "" if misses < 2 else f" It is miss number {misses} in the window."  # noqa: PLR2004 - from the second on
    return f"An antenatal appointment on {day_text(start)} is recorded as not attended.{count}"


def _threshold(terms: MissedAntenatal, needed: int, *, risk: bool) -> str:
    if risk:
        return f"Under a protection plan or section 47 enquiry: {needed} missed."
    if needed == 1:
        return f"Under pre-birth assessment, from {terms.weeks_at_one_miss} weeks: 1 missed."
    return f"Under pre-birth assessment: {needed} missed within {terms.window_days} days."


def _ask(policy: Partnership, urgency: Urgency, since: datetime) -> Ask:
    return Ask(
        what="verify-missed-antenatal",
        sentence=(
            "Please find out through maternity whether care goes on, here or elsewhere, and"
            " answer. The health lead owns this check; the case holder stays responsible for"
            " the plan."
        ),
        by=answer_by(policy, urgency, since),
    )
