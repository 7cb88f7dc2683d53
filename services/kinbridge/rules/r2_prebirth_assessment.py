"""R2: a pre-birth assessment is not authorised, and the birth comes closer. Pure.

One concern for each assessment. It is raised at the latest configured gestation that has
passed, so a late referral fires once; passing a further one revises it. It ends when the
assessment is authorised or waived and at birth, and is silent if the pregnancy has ended.
A fact that health verified never ends it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from kinbridge.partnership.model import Partnership
from kinbridge.rules.finding import SILENT, Ask, Finding, Found, Shown, answer_by, check, enabled
from kinbridge.rules.pregnancy import (
    births,
    born,
    date_of_gestation,
    expected,
    pregnancy_ended,
)
from kinbridge.rules.situation import PreBirth, pre_birth_assessments
from kinbridge.rules.view import View
from kinbridge_schemas.times import start_of
from kinbridge_schemas.vocabulary import Service

TRIGGERS: Final = frozenset({"pre_birth_assessment_required", "assessment_started"})
_PASSED: Final = {"authorised": "authorised", "waived": "waived"}


def find(view: View, clock: datetime, policy: Partnership) -> Found:
    if not enabled(policy.rules.r2, view):
        return Found()
    edd, _ = expected(view)
    thresholds = _thresholds(policy, edd)
    passed = [threshold for threshold in thresholds if threshold[1] <= clock]
    findings: list[Finding] = []
    later: list[datetime] = []
    for assessment in pre_birth_assessments(view):
        reason = _reason(view, assessment)
        heard = assessment.assessment in view.heard
        if (passed and reason is None) or (reason is not None and heard):
            latest = passed[-1] if passed else (policy.rules.r2.weeks[0], clock)
            findings.append(_finding(view, clock, policy, assessment, latest))
        if reason is None:
            later += [at for _, at in thresholds if at > clock]
    return Found(tuple(findings), min(later, default=None))


def _thresholds(policy: Partnership, edd: datetime | None) -> list[tuple[int, datetime]]:
    """Each configured week, and the opening of the duty desk on or after its day."""
    if edd is None:
        return []
    opening = policy.working_time.next_duty_start
    weeks = policy.rules.r2.weeks
    return [(week, opening(start_of(date_of_gestation(edd, week)))) for week in weeks]


def _finding(
    view: View,
    clock: datetime,
    policy: Partnership,
    assessment: PreBirth,
    threshold: tuple[int, datetime],
) -> Finding:
    terms = policy.rules.r2
    week, since = threshold
    urgency = terms.urgent if week >= terms.urgent_weeks else terms.urgency
    reason = _reason(view, assessment)
    known = max(since, assessment.began.recorded)
    return Finding(
        rule="R2",
        about=assessment.assessment,
        recorded=assessment.began.recorded,
        status=_status(reason),
        reason=reason,
        urgency=urgency,
        standing="unborn",
        deadline=True,
        facts=_facts(assessment),
        checks=(check("birth", view, clock, policy, *births(view)),),
        why=f"The pregnancy has passed {week} weeks and the assessment is not authorised.",
        threshold=f"Pre-birth assessment authorised by {week} weeks.",
        ask=Ask(
            what="complete-pre-birth-assessment",
            sentence="Please see that the pre-birth assessment is completed, or say why not.",
            by=answer_by(policy, urgency, known),
        ),
    )


def _status(reason: str | None) -> Literal["active", "withdrawn", "ended"]:
    if reason is None:
        return "active"
    return "withdrawn" if reason == SILENT else "ended"


def _reason(view: View, assessment: PreBirth) -> str | None:
    if pregnancy_ended(view):
        return SILENT
    if assessment.how in _PASSED:
        return _PASSED[assessment.how]
    return "born" if born(view) is not None else None


def _facts(assessment: PreBirth) -> tuple[Shown, ...]:
    outcome = "pre-birth-assessment-started" if assessment.started else "assessment-not-started"
    began = assessment.began
    return (Shown(began, began.occurred.at, Service.UNKNOWN, outcome),)
