"""R7: a child at risk came to hospital without plan, or was admitted. Pure.

At once, one concern for each arrival and admission. It is for children with a protection
plan or an open section 47 enquiry, and looked-after children; an attendance of a pregnant
mother counts for her unborn child. Why somebody came sets the urgency, and is never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kinbridge.partnership.calendar import london_date
from kinbridge.partnership.model import Partnership
from kinbridge.partnership.terms import Standing
from kinbridge.rules.finding import (
    SILENT,
    Ask,
    Finding,
    Found,
    Shown,
    answer_by,
    day_text,
    enabled,
    is_history,
    verified_for,
    verified_reason,
)
from kinbridge.rules.picture import Account
from kinbridge.rules.pregnancy import born, pregnancy_ended, unborn_at
from kinbridge.rules.situation import OWN, enquiries, looked_after, protected
from kinbridge.rules.view import View
from kinbridge_schemas.events.care import Admitted, EdAttended, PresentationGroup
from kinbridge_schemas.events.persons import StandingRequestEnded, StandingRequestRecorded
from kinbridge_schemas.vocabulary import Provider, Role, Service, Urgency

TRIGGERS: Final = frozenset({"ed_attended", "admitted"})
_CONDITIONS: Final = frozenset({"cp_plan_started", "s47_started", "looked_after_started"})
_GRAVE: Final = frozenset({PresentationGroup.INJURY, PresentationGroup.SELF_HARM})


def raises(account: Account) -> bool:
    return account.detail.kind in TRIGGERS | _CONDITIONS


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An attendance or admission, and what a reader at CONTENT sees of it."""

    account: Account
    at: datetime
    service: Service
    outcome: str
    grave: bool
    provider: Provider
    place: str | None


def find(view: View, clock: datetime, policy: Partnership) -> Found:
    del clock  # an arrival is a fact: nothing here waits for time
    if not enabled(policy.rules.r7, view):
        return Found()
    findings = [_finding(view, policy, arrival) for arrival in _arrivals(view, policy)]
    return Found(tuple(f for f in findings if f is not None))


def _arrivals(view: View, policy: Partnership) -> list[_Arrival]:
    found = [_attendance(a, d) for a, d in view.of(EdAttended)]
    found += [
        _admission(a, d)
        for a, d in view.of(Admitted)
        if policy.rules.r7.planned_admissions or d.planned is not True
    ]
    return [arrival for arrival in found if _concerns(view, arrival)]


def _attendance(account: Account, detail: EdAttended) -> _Arrival:
    outcome = "left-before-seen" if detail.left_before_seen else "attended"
    grave = detail.presentation in _GRAVE
    return _Arrival(
        account, detail.arrived, detail.service, outcome, grave, detail.provider, detail.place
    )


def _admission(account: Account, detail: Admitted) -> _Arrival:
    at = account.occurred.at
    grave = detail.presentation in _GRAVE
    service = Service.MATERNITY if detail.maternity else Service.INPATIENT
    # A ward tells what somebody is treated for. So may the hospital itself, and why an adult is
    # in hospital is not for the readers of the child's alerts.
    hers = account.relation is Role.MOTHER and not detail.maternity
    provider = Provider() if hers else detail.provider
    return _Arrival(account, at, service, "admitted", grave, provider, None)


def _concerns(view: View, arrival: _Arrival) -> bool:
    """The child's own arrival, or its mother's while it is unborn."""
    if arrival.account.relation in OWN:
        return True
    return arrival.account.relation is Role.MOTHER and unborn_at(view, arrival.at)


def _finding(view: View, policy: Partnership, arrival: _Arrival) -> Finding | None:
    standing = _standing(view, arrival)
    if standing is None or is_history(arrival.account, arrival.at, policy):
        return None
    urgency = _urgency(view, policy, arrival)
    reason = _reason(view, arrival)
    fact = arrival.account.fact
    if reason is not None and fact not in view.heard:
        return None
    return Finding(
        rule="R7",
        about=fact,
        recorded=arrival.account.recorded,
        status="active" if reason is None else "withdrawn",
        reason=reason,
        urgency=urgency,
        standing=standing,
        protected=True,
        never_suppressed=urgency is Urgency.U1,
        facts=(_shown(arrival, withdrawn=reason is not None),),
        corrects=(fact,) if reason else (),
        why=_why(arrival),
        threshold="Each arrival at an emergency department or urgent treatment, or admission.",
        ask=Ask(
            what="follow-up-arrival",
            sentence=(
                "Please speak to the hospital's safeguarding team about what is needed, and"
                " record what you decide."
            ),
            by=answer_by(policy, urgency, arrival.account.recorded),
        ),
    )


def _standing(view: View, arrival: _Arrival) -> Standing | None:
    at = arrival.at
    if any(span.covers(at) for span in looked_after(view)):
        return "looked-after"
    if not protected(view, at):
        return None
    if unborn_at(view, at):
        return "unborn"
    asked = any(span.covers(at) for span in enquiries(view)) and _requested(view, arrival)
    return "s47-standing-request" if asked else "protection"


def _requested(view: View, arrival: _Arrival) -> bool:
    """Whether the authority asked beforehand to be told of this kind of event."""
    ended = {d.request_id: a.occurred.at for a, d in view.of(StandingRequestEnded)}
    for account, request in view.of(StandingRequestRecorded):
        until = min((t for t in (request.until, ended.get(request.request_id)) if t), default=None)
        in_time = account.occurred.at <= arrival.at and (until is None or arrival.at < until)
        if in_time and arrival.account.detail.kind in request.events:
            return True
    return False


def _urgency(view: View, policy: Partnership, arrival: _Arrival) -> Urgency:
    terms = policy.rules.r7
    return terms.urgent if arrival.grave or _infant(view, policy, arrival) else terms.urgency


def _infant(view: View, policy: Partnership, arrival: _Arrival) -> bool:
    birth = born(view)
    if birth is None or arrival.account.relation not in OWN:
        return False
    was, now = london_date(birth), london_date(arrival.at)
    months = (now.year - was.year) * 12 + now.month - was.month - (now.day < was.day)
    return 0 <= months < policy.rules.r7.infant_months


def _reason(view: View, arrival: _Arrival) -> str | None:
    if pregnancy_ended(view) and arrival.account.relation is Role.MOTHER:
        return SILENT
    fact = arrival.account.fact
    corrected = verified_for(view, "R7", fact, fact)
    return verified_reason(corrected[1]) if corrected else None


def _shown(arrival: _Arrival, *, withdrawn: bool) -> Shown:
    return Shown(
        account=arrival.account,
        at=arrival.at,
        service=arrival.service,
        outcome=arrival.outcome,
        provider=arrival.provider,
        place=arrival.place,
        withdrawn=withdrawn,
    )


def _why(arrival: _Arrival) -> str:
    who = "The child" if arrival.account.relation in OWN else "The mother of the unborn child"
    what = "was admitted to hospital" if arrival.outcome == "admitted" else "came to urgent care"
    return f"{who} {what} on {day_text(arrival.at)}."
