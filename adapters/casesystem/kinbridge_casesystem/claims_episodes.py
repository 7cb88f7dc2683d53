"""What the authority does: contacts, help, referrals, assessments, enquiries, plans, closure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from kinbridge_casesystem.child import (
    Assessment,
    ChildSnapshot,
    CinPlan,
    CpPlan,
    Enquiry,
    Episode,
    Worker,
)
from kinbridge_casesystem.claims import Claims, Scope, on
from kinbridge_schemas.events.contact import (
    AssessmentAuthorised,
    AssessmentStarted,
    ContactReceived,
    EpisodeClosed,
    FamilyHelpEpisodeEnded,
    FamilyHelpEpisodeStarted,
    LeadPractitionerAllocated,
    LeadPractitionerChanged,
    ReferralDecided,
    ReferralReceived,
)
from kinbridge_schemas.events.persons import AdoptionShieldStarted
from kinbridge_schemas.events.protection import (
    CinPlanEnded,
    CinPlanStarted,
    CpPlanCategoryChanged,
    CpPlanEnded,
    CpPlanStarted,
    FgdmOffered,
    IcpcHeld,
    IcpcScheduled,
    PreProceedingsStarted,
    ReviewHeld,
    S47Ended,
    S47Started,
)
from kinbridge_schemas.times import start_of

# CIN census closure code: adopted. From then on nothing may tie the old record to a new one.
ADOPTION: Final = "RC1"


def early_claims(scope: Scope, snapshot: ChildSnapshot) -> Claims:
    """Give the claims of what came before a referral: contacts, and help."""
    for contact in snapshot.contacts:
        if contact.on is not None:
            received = ContactReceived(
                contact_id=scope.local("contact_id", contact.id),
                source_code=contact.source_code,
                outcome=contact.outcome,
            )
            inner = scope.inside("contact", contact.id)
            yield inner.claim("contact", contact.id, on(contact.on), received)
    for help_ in snapshot.help:
        inner, own = scope.inside("help", help_.id), scope.local("episode_id", help_.id)
        if help_.start is not None:
            started = FamilyHelpEpisodeStarted(
                episode_id=own, tier=help_.tier, team=help_.team, family_agreement=help_.agreed
            )
            yield inner.claim("help-started", help_.id, on(help_.start), started)
        if help_.end is not None:
            ended = FamilyHelpEpisodeEnded(episode_id=own, reason=help_.reason)
            yield inner.claim("help-ended", help_.id, on(help_.end), ended)


def episode_claims(scope: Scope, episode: Episode) -> Claims:
    """Give the claims of one social care episode, without its placements."""
    yield from _referral(scope, episode)
    yield from _closure(scope, episode)
    yield from work_claims(scope, episode, episode.id)
    yield from _proceedings(scope, episode)
    if episode.adoption_placed is not None:
        inner = scope.inside("adoption", episode.id)
        detail = AdoptionShieldStarted(trigger="placed-for-adoption")
        yield inner.claim("shield-placed", episode.id, on(episode.adoption_placed), detail)


def work_claims(scope: Scope, of: Episode | ChildSnapshot, episode: str = "") -> Claims:
    """Give the claims of the work in an episode, or beside all episodes."""
    yield from _workers(scope, of.workers, episode)
    yield from _assessments(scope, of.assessments)
    yield from _cin_plans(scope, of.cin_plans)
    for enquiry in of.enquiries:
        yield from _enquiry(scope, enquiry)
    for conference in of.conferences:
        own = scope.local("conference_id", conference.id)
        held = IcpcHeld(conference_id=own, transfer_in=conference.transfer_in)
        inner = scope.inside("conference", conference.id)
        yield inner.claim("icpc-held", conference.id, on(conference.on), held)
    for plan in of.cp_plans:
        yield from _cp_plan(scope, plan)


def _referral(scope: Scope, episode: Episode) -> Claims:
    own = scope.local("referral_id", episode.id)
    if episode.referred is not None:
        received = ReferralReceived(
            referral_id=own,
            source_code=episode.source_code,
            primary_need=episode.primary_need,
        )
        yield scope.claim("referral", episode.id, on(episode.referred), received)
    if episode.no_further_action:
        day = episode.closed or episode.referred
        decided = ReferralDecided(
            referral_id=own, decision="no-further-action", no_further_action=True
        )
        # No source has a date of the decision: the closest it gives, and else when it was seen.
        yield scope.claim("no-action", episode.id, on(day) if day else scope.undated, decided)


def _closure(scope: Scope, episode: Episode) -> Claims:
    if episode.closed is None:
        return
    own, reason = scope.local("episode_id", episode.id), episode.closure_reason
    closed = on(episode.closed)
    detail = EpisodeClosed(episode_id=own, reason=reason)
    yield scope.claim("closed", episode.id, closed, detail)
    if reason == ADOPTION:
        shield = AdoptionShieldStarted(trigger="closure-rc1")
        yield scope.claim("shield-closed", episode.id, closed, shield)


def _workers(scope: Scope, workers: tuple[Worker, ...], episode: str) -> Claims:
    ordered = sorted(workers, key=lambda w: (w.role, w.start, w.worker))
    last = ""
    for worker in ordered:
        kind = LeadPractitionerChanged if worker.role == last else LeadPractitionerAllocated
        last = worker.role
        detail = kind(
            role=worker.role,
            worker=worker.worker,
            team=worker.team,
            duty_phone=worker.duty_phone,
            until=_start(worker.end),
        )
        raw = f"{episode}|{worker.worker}|{worker.start.isoformat()}"
        yield scope.claim("worker", raw, on(worker.start), detail)


def _assessments(scope: Scope, assessments: tuple[Assessment, ...]) -> Claims:
    for assessment in assessments:
        raw, kind = assessment.id, assessment.of_kind
        inner, own = scope.inside("assessment", raw), scope.local("assessment_id", raw)
        if assessment.start is not None:
            started = AssessmentStarted(assessment_id=own, of_kind=kind)
            yield inner.claim("assessment-started", raw, on(assessment.start), started)
        if assessment.authorised is not None:
            factors = tuple(sorted(assessment.factors))
            done = AssessmentAuthorised(assessment_id=own, of_kind=kind, factors=factors)
            yield inner.claim("assessment-authorised", raw, on(assessment.authorised), done)


def _cin_plans(scope: Scope, plans: tuple[CinPlan, ...]) -> Claims:
    for plan in plans:
        inner, own = scope.inside("cin-plan", plan.id), scope.local("plan_id", f"cin|{plan.id}")
        if plan.start is not None:
            started = CinPlanStarted(plan_id=own)
            yield inner.claim("cin-plan-started", plan.id, on(plan.start), started)
        if plan.end is not None:
            yield inner.claim("cin-plan-ended", plan.id, on(plan.end), CinPlanEnded(plan_id=own))


def _cp_plan(scope: Scope, plan: CpPlan) -> Claims:
    raw = plan.id
    inner, own = scope.inside("cp-plan", raw), scope.local("plan_id", f"cp|{raw}")
    if plan.start is not None:
        started = CpPlanStarted(
            plan_id=own, category=plan.category, previous_plans=plan.previous_plans
        )
        yield inner.claim("cp-plan-started", raw, on(plan.start), started)
    told = scope.fact("cp-plan-category", raw) in scope.remembered.facts
    # Only a change is told; going back to the first category is one too.
    if plan.latest_category and (told or plan.latest_category != plan.category):
        changed = CpPlanCategoryChanged(plan_id=own, category=plan.latest_category)
        # No source has the day of the change.
        yield inner.claim("cp-plan-category", raw, scope.undated, changed)
    for day in sorted(set(plan.reviews)):
        review = f"{raw}|{day.isoformat()}"
        yield inner.claim("review-held", review, on(day), ReviewHeld(plan_id=own))
    if plan.end is not None:
        yield inner.claim("cp-plan-ended", raw, on(plan.end), CpPlanEnded(plan_id=own))


def _enquiry(scope: Scope, enquiry: Enquiry) -> Claims:
    raw, needed = enquiry.id, enquiry.conference_needed
    inner, own = scope.inside("s47", raw), scope.local("s47_id", raw)
    if enquiry.start is not None:
        start = on(enquiry.start)
        # The CIN census defines this date as that of the strategy discussion.
        started = S47Started(s47_id=own, strategy_date=start.at, icpc_required=needed)
        yield inner.claim("s47-started", raw, start, started)
    if enquiry.conference is not None:
        day, meeting = on(enquiry.conference), scope.local("conference_id", raw)
        if day.at > scope.now:
            scheduled = IcpcScheduled(conference_id=meeting, date=day.at)
            yield inner.claim("icpc-scheduled", raw, scope.undated, scheduled)
        else:
            held = IcpcHeld(conference_id=meeting, plan_made=enquiry.plan_made)
            yield inner.claim("icpc-held", raw, day, held)
    if enquiry.end is not None:
        outcome = None if needed is None else "conference" if needed else "no-conference"
        ended = S47Ended(s47_id=own, outcome=outcome)
        yield inner.claim("s47-ended", raw, on(enquiry.end), ended)


def _proceedings(scope: Scope, episode: Episode) -> Claims:
    for step in episode.proceedings:
        inner, own = scope.inside("proceedings", step.id), scope.local("proceedings_id", step.id)
        if step.letter is not None:
            started = PreProceedingsStarted(proceedings_id=own)
            yield inner.claim("pre-proceedings", step.id, on(step.letter), started)
        if step.family_meeting_offered:
            # The census says that it was offered, and not when.
            offer = FgdmOffered(offer_id=scope.local("offer_id", step.id))
            yield inner.claim("fgdm-offered", step.id, scope.undated, offer)


def _start(day: date | None) -> datetime | None:
    return start_of(day) if day is not None else None
