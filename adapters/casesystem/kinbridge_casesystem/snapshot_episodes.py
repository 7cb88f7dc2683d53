"""What the authority does: referrals, assessments, enquiries, plans, workers, closure."""

from __future__ import annotations

from kinbridge_casesystem.claims import Claims, Scope, unique
from kinbridge_casesystem.snapshot_model import (
    ToldAssessment,
    ToldCinPlan,
    ToldCpPlan,
    ToldEpisode,
    ToldS47,
    ToldWorker,
)
from kinbridge_schemas.events.contact import (
    AssessmentAuthorised,
    AssessmentStarted,
    EpisodeClosed,
    LeadPractitionerAllocated,
    LeadPractitionerChanged,
    ReferralDecided,
    ReferralReceived,
)
from kinbridge_schemas.events.persons import AdoptionShieldStarted
from kinbridge_schemas.events.protection import (
    CinPlanEnded,
    CinPlanStarted,
    CpPlanEnded,
    CpPlanStarted,
    IcpcHeld,
    IcpcScheduled,
    S47Ended,
    S47Started,
)

# CIN census closure code: adopted. From then on nothing may tie the old record to a new one.
_ADOPTED = "RC1"
_WORKER_ROLE = "allocated_social_worker"


def episode_claims(scope: Scope, episode: ToldEpisode, path: str) -> Claims:
    """Give the claims of one social care episode, without its placements."""
    raw = episode.social_care_episode_id
    yield from _referral(scope, episode, raw, path)
    yield from _closure(scope, episode, raw, path)
    yield from _workers(scope, episode.care_worker_details, raw, f"{path}.care_worker_details")
    yield from _assessments(scope, episode.child_and_family_assessments, path)
    yield from _cin_plans(scope, episode.child_in_need_plans, path)
    yield from _enquiries(scope, episode.section_47_assessments, path)
    yield from _cp_plans(scope, episode.child_protection_plans, path)
    if episode.adoption is not None and not episode.adoption.purge:
        placed = scope.on(episode.adoption.placed_date, f"{path}.adoption.placed_date")
        if placed is not None:
            inner = scope.inside("adoption", raw)
            detail = AdoptionShieldStarted(trigger="placed-for-adoption")
            yield inner.claim("shield-placed", raw, placed, detail)


def _referral(scope: Scope, episode: ToldEpisode, raw: str, path: str) -> Claims:
    own = scope.case.local("referral_id", raw)
    referred = scope.on(episode.referral_date, f"{path}.referral_date")
    if referred is not None:
        received = ReferralReceived(referral_id=own, source_code=episode.referral_source or None)
        yield scope.claim("referral", raw, referred, received)
    if episode.referral_no_further_action_flag:
        closed = scope.on(episode.closure_date, f"{path}.closure_date")
        decided = ReferralDecided(
            referral_id=own, decision="no-further-action", no_further_action=True
        )
        # The API has no date of the decision: the closest it gives, and else when it was seen.
        yield scope.claim("no-action", raw, closed or referred or scope.undated, decided)


def _closure(scope: Scope, episode: ToldEpisode, raw: str, path: str) -> Claims:
    closed = scope.on(episode.closure_date, f"{path}.closure_date")
    if closed is None:
        return
    own, reason = scope.case.local("episode_id", raw), episode.closure_reason or None
    yield scope.claim("closed", raw, closed, EpisodeClosed(episode_id=own, reason=reason))
    if reason == _ADOPTED:
        detail = AdoptionShieldStarted(trigger="closure-rc1")
        yield scope.claim("shield-closed", raw, closed, detail)


def _workers(scope: Scope, workers: tuple[ToldWorker, ...], episode: str, path: str) -> Claims:
    named = [w for w in workers if w.worker_id is not None and w.start_date]
    ordered = sorted(named, key=lambda w: (w.start_date or "", w.worker_id or ""))
    unique([f"{w.worker_id}|{w.start_date}" for w in ordered], path)
    for index, worker in enumerate(ordered):
        start = scope.on(worker.start_date, f"{path}.start_date")
        until = scope.on_any(worker.end_date, f"{path}.end_date")
        if start is None or worker.worker_id is None:
            continue
        kind = LeadPractitionerChanged if index else LeadPractitionerAllocated
        detail = kind(
            role=_WORKER_ROLE, worker=worker.worker_id, until=until.at if until else None
        )
        raw = f"{episode}|{worker.worker_id}|{worker.start_date}"
        yield scope.claim("worker", raw, start, detail)


def _assessments(scope: Scope, found: tuple[ToldAssessment, ...], path: str) -> Claims:
    path = f"{path}.child_and_family_assessments"
    unique([a.child_and_family_assessment_id for a in found], path)
    for index, assessment in enumerate(found):
        if assessment.purge:
            continue
        raw, where = assessment.child_and_family_assessment_id, f"{path}[{index}]"
        inner = scope.inside("assessment", raw)
        own = scope.case.local("assessment_id", raw)
        start = scope.on(assessment.start_date, f"{where}.start_date")
        if start is not None:
            started = AssessmentStarted(assessment_id=own)
            yield inner.claim("assessment-started", raw, start, started)
        done = scope.on(assessment.authorisation_date, f"{where}.authorisation_date")
        if done is not None:
            factors = tuple(sorted(assessment.factors))
            authorised = AssessmentAuthorised(assessment_id=own, factors=factors)
            yield inner.claim("assessment-authorised", raw, done, authorised)


def _cin_plans(scope: Scope, found: tuple[ToldCinPlan, ...], path: str) -> Claims:
    path = f"{path}.child_in_need_plans"
    unique([p.child_in_need_plan_id for p in found], path)
    for index, plan in enumerate(found):
        if plan.purge:
            continue
        raw, where = plan.child_in_need_plan_id, f"{path}[{index}]"
        inner = scope.inside("cin-plan", raw)
        own = scope.case.local("plan_id", f"cin|{raw}")
        if (start := scope.on(plan.start_date, f"{where}.start_date")) is not None:
            yield inner.claim("cin-plan-started", raw, start, CinPlanStarted(plan_id=own))
        if (end := scope.on(plan.end_date, f"{where}.end_date")) is not None:
            yield inner.claim("cin-plan-ended", raw, end, CinPlanEnded(plan_id=own))


def _cp_plans(scope: Scope, found: tuple[ToldCpPlan, ...], path: str) -> Claims:
    path = f"{path}.child_protection_plans"
    unique([p.child_protection_plan_id for p in found], path)
    for index, plan in enumerate(found):
        if plan.purge:
            continue
        raw, where = plan.child_protection_plan_id, f"{path}[{index}]"
        inner = scope.inside("cp-plan", raw)
        own = scope.case.local("plan_id", f"cp|{raw}")
        if (start := scope.on(plan.start_date, f"{where}.start_date")) is not None:
            yield inner.claim("cp-plan-started", raw, start, CpPlanStarted(plan_id=own))
        if (end := scope.on(plan.end_date, f"{where}.end_date")) is not None:
            yield inner.claim("cp-plan-ended", raw, end, CpPlanEnded(plan_id=own))


def _enquiries(scope: Scope, found: tuple[ToldS47, ...], path: str) -> Claims:
    path = f"{path}.section_47_assessments"
    unique([e.section_47_assessment_id for e in found], path)
    for index, enquiry in enumerate(found):
        if not enquiry.purge:
            yield from _enquiry(scope, enquiry, f"{path}[{index}]")


def _enquiry(scope: Scope, enquiry: ToldS47, path: str) -> Claims:
    raw, needed = enquiry.section_47_assessment_id, enquiry.icpc_required_flag
    inner = scope.inside("s47", raw)
    own = scope.case.local("s47_id", raw)
    start = scope.on(enquiry.start_date, f"{path}.start_date")
    if start is not None:
        # The CIN census defines this date as that of the strategy discussion.
        started = S47Started(s47_id=own, strategy_date=start.at, icpc_required=needed)
        yield inner.claim("s47-started", raw, start, started)
    conference = scope.on_any(enquiry.icpc_date, f"{path}.icpc_date")
    if conference is not None:
        meeting = scope.case.local("conference_id", raw)
        if conference.at > scope.now:
            scheduled = IcpcScheduled(conference_id=meeting, date=conference.at)
            yield inner.claim("icpc-scheduled", raw, scope.undated, scheduled)
        else:
            yield inner.claim("icpc-held", raw, conference, IcpcHeld(conference_id=meeting))
    end = scope.on(enquiry.end_date, f"{path}.end_date")
    if end is not None:
        outcome = None if needed is None else "conference" if needed else "no-conference"
        yield inner.claim("s47-ended", raw, end, S47Ended(s47_id=own, outcome=outcome))
