"""Notifications of what the authority does: classifications, teams that hold a case, forms."""

from __future__ import annotations

from collections.abc import Iterator

from kinbridge_casesystem.eclipse_model import Assignment, Form, Person, TeamRelationship
from kinbridge_casesystem.eclipse_table import ClassificationMeans, FormMeans, fitting
from kinbridge_casesystem.eclipse_telling import OWN, Telling
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import Detail, Subject
from kinbridge_schemas.events.contact import (
    AssessmentAuthorised,
    AssessmentStarted,
    ContactReceived,
    LeadPractitionerAllocated,
    ReferralReceived,
)
from kinbridge_schemas.events.persons import (
    AdoptionShieldStarted,
    LookedAfterEnded,
    LookedAfterStarted,
)
from kinbridge_schemas.events.protection import (
    CinPlanEnded,
    CinPlanStarted,
    CpPlanEnded,
    CpPlanStarted,
    S47Ended,
    S47Started,
    StrategyDiscussionHeld,
)
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Occurred, Role


def classification(to: Telling, sent: Assignment) -> None:
    """A state that a child is in, from the start of the assignment to its end."""
    means = fitting(to.table.classifications, sent.classification.path)
    if means is None:
        to.end("classification-not-in-table")
        return
    role = to.role_of(sent.person)
    child = to.told(sent.person, role if role in OWN else Role.CHILD)
    started, ended = _state(to, sent, means)
    begun = to.when("startDateTime", sent.start_date_time, sent.start_date) or to.undated
    if to.is_ahead(begun):
        # Eclipse does not notify again when the day comes: a person has to see it.
        to.end("begins-ahead", "parked-unsupported", sent.id)
        return
    removed = to.act == "REMOVE"
    to.tell(("state", sent.id), begun, (child,), started, so=not removed)
    _ending(to, sent, child, ended)


def _ending(to: Telling, sent: Assignment, child: Subject, ended: Detail | None) -> None:
    over = to.when("endDateTime", sent.end_date_time, sent.end_date)
    if ended is None or (over is None and to.act == "ADD"):
        return
    if over is not None and to.is_ahead(over):
        to.end("ends-ahead", "parked-unsupported", sent.id)
        return
    so = to.act != "REMOVE"
    to.tell(("state-ended", sent.id), over or to.undated, (child,), ended, so=so)


def _state(
    to: Telling, sent: Assignment, means: ClassificationMeans
) -> tuple[Detail, Detail | None]:
    def own(name: str) -> Id:
        return to.local(name, f"{means.gives}|{sent.id}")

    match means.gives:
        case "cp-plan":
            plan = own("plan_id")
            return CpPlanStarted(plan_id=plan, category=means.category), CpPlanEnded(plan_id=plan)
        case "cin-plan":
            return CinPlanStarted(plan_id=own("plan_id")), CinPlanEnded(plan_id=own("plan_id"))
        case "s47":
            return S47Started(s47_id=own("s47_id")), S47Ended(s47_id=own("s47_id"))
        case "looked-after":
            episode = own("episode_id")
            reason = to.table.end_reasons.get(sent.end_reason or "")
            return (
                LookedAfterStarted(episode_id=episode, legal_status=means.legal_status),
                LookedAfterEnded(episode_id=episode, reason=reason),
            )
        case "adoption":
            return AdoptionShieldStarted(trigger="classification"), None


def team(to: Telling, sent: TeamRelationship) -> None:
    """A team that holds a case: its desk stands for whoever of it does."""
    if sent.person.date_of_birth is not None and to.role_of(sent.person) not in OWN:
        return
    until = to.when("closeDate", sent.close_date)
    detail = LeadPractitionerAllocated(
        role=to.table.team_role,
        worker=f"team-{sent.team.id}",
        team=to.table.teams.get(sent.team.id),
        until=until.at if until else to.at if to.act == "CLOSE" else None,
    )
    start = to.when("startDate", sent.start_date) or to.undated
    so = to.act != "DELETE"
    to.tell(("team", sent.id), start, (to.told(sent.person),), detail, so=so)


def form(to: Telling, sent: Form) -> None:
    """A form that says, by its name, that something was done for each child it is about."""
    means = fitting(to.table.forms, sent.name or "")
    if means is None:
        to.end("form-not-in-table")
        return
    children = _children(to, sent)
    if not children:
        raise UnreadableError("field-missing", "formInstanceSubject")
    for each in children:
        role = to.role_of(each)
        child = to.told(each, role if role in OWN else Role.CHILD)
        for slot, occurred, detail in _done(to, sent, means, to.known_by(each)):
            so = to.act != "DELETE"
            to.tell((slot, sent.id, to.known_by(each)), occurred, (child,), detail, so=so)


def _children(to: Telling, sent: Form) -> list[Person]:
    if sent.form_members:
        return [each.member_subject for each in sent.form_members if not each.excluded]
    subject = sent.form_instance_subject
    # A group and an organisation have an id too: only what is said to be a person is one.
    is_person = subject is not None and subject.typename == "Person"
    whom = to.whom(subject if is_person else None)
    return [whom] if whom is not None else []


def _done(
    to: Telling, sent: Form, means: FormMeans, child: str
) -> Iterator[tuple[str, Occurred, Detail]]:
    begun = to.when("dateStarted", sent.date_started)
    acted = to.when("activityDate", sent.activity_date) or begun or to.undated
    own = f"{means.gives}|{sent.id}"
    match means.gives:
        case "assessment":
            assessment, kind = to.local("assessment_id", f"{own}|{child}"), means.of_kind
            started = AssessmentStarted(assessment_id=assessment, of_kind=kind)
            yield "form", begun or to.undated, started
            completed = to.when("dateCompleted", sent.date_completed)
            if completed is not None or to.act != "SUBMITTED":
                done = AssessmentAuthorised(assessment_id=assessment, of_kind=kind)
                yield "form-complete", completed or to.undated, done
        case "strategy-discussion":
            yield "form", acted, StrategyDiscussionHeld(meeting_id=to.local("meeting_id", own))
        case "s47":
            enquiry = to.local("s47_id", f"{own}|{child}")
            yield "form", acted, S47Started(s47_id=enquiry)
        case "contact":
            contact = to.local("contact_id", f"{own}|{child}")
            yield "form", acted, ContactReceived(contact_id=contact)
        case "referral":
            referral = to.local("referral_id", f"{own}|{child}")
            yield "form", acted, ReferralReceived(referral_id=referral)
