"""Oddities of what one source says of one child, by the checks that authorities know. Pure.

Numbers are those of the CIN census validation rules (Data to Insight's validator, 2023 to 2026);
those without a number are ours. They are warnings about the feed, and never a gate. Spans in
working days are counted in weekdays: bank holidays are not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from kinbridge_casesystem.child import ChildSnapshot, CinPlan, CpPlan, Details, Enquiry, Episode
from kinbridge_casesystem.quality import Finding

_LONGEST_PREGNANCY: Final = timedelta(weeks=40)
_ASSESSMENT_DAYS: Final = 45
_CONFERENCE_DAYS: Final = 15
_SATURDAY: Final = 5


def oddities(child: ChildSnapshot) -> Iterator[Finding]:
    """Give what is odd about a child, once for each object that it is odd of."""
    if child.details is not None:
        yield from _person(child.details, child.episodes)
    for episode in child.episodes:
        yield from _episode(episode)
    enquiries = [*child.enquiries, *(q for e in child.episodes for q in e.enquiries)]
    cin_plans = [*child.cin_plans, *(p for e in child.episodes for p in e.cin_plans)]
    cp_plans = [*child.cp_plans, *(p for e in child.episodes for p in e.cp_plans)]
    yield from _enquiries(enquiries)
    yield from _plans(cin_plans, cp_plans)
    transfers = [c.on for e in child.episodes for c in e.conferences]
    yield from _without_conference(cp_plans, enquiries, transfers)
    yield from _orders(child, cin_plans, cp_plans)
    yield from _placements(child)


def _person(details: Details, episodes: Iterable[Episode]) -> Iterator[Finding]:
    if details.born is not None and details.due is not None:
        yield Finding("8525q.born-and-expected", "child.due")
    beginning = details.born or details.due
    if beginning is None:
        yield Finding("8525q.neither-born-nor-expected", "child.born")
        return
    for episode in episodes:
        if episode.referred and episode.referred < beginning - _LONGEST_PREGNANCY:
            yield Finding("8606.referral-before-pregnancy", "episode.referred")


def _episode(episode: Episode) -> Iterator[Finding]:
    for assessment in episode.assessments:
        if _weekdays(assessment.start, assessment.authorised) > _ASSESSMENT_DAYS:
            yield Finding("8670q.assessment-over-45-days", "assessment.authorised")
    if episode.enquiries and not episode.assessments:
        yield Finding("2991q.enquiry-without-assessment", "episode.assessments")
    busy = (*episode.assessments, *episode.enquiries, *episode.cin_plans, *episode.cp_plans)
    if episode.no_further_action and busy:
        yield Finding("8831.activity-after-no-further-action", "episode.no_further_action")
    if episode.closed and episode.referred and episode.closed < episode.referred:
        yield Finding("end-before-start", "episode.closed")


def _enquiries(enquiries: list[Enquiry]) -> Iterator[Finding]:
    for enquiry in enquiries:
        waited = _weekdays(enquiry.start, enquiry.conference)
        if enquiry.conference_needed is not False and waited > _CONFERENCE_DAYS:
            yield Finding("8675q.conference-over-15-days", "s47.conference")
        if enquiry.conference is not None and enquiry.conference.weekday() >= _SATURDAY:
            yield Finding("8875.conference-at-weekend", "s47.conference")
        if enquiry.conference and enquiry.start and enquiry.conference < enquiry.start:
            yield Finding("end-before-start", "s47.conference")
    dated = sorted((q.start, _until(q)) for q in enquiries if q.start)
    for (_, until), (start, _) in pairwise(dated):
        if start < until:
            yield Finding("8890.enquiries-overlap", "s47.start")


def _until(enquiry: Enquiry) -> date:
    if enquiry.end or enquiry.conference:
        return enquiry.end or enquiry.conference or date.max
    # One that needs no conference is over, on a day that the census does not tell.
    over = enquiry.conference_needed is False and enquiry.start is not None
    return enquiry.start if over and enquiry.start else date.max


def _plans(cin_plans: list[CinPlan], cp_plans: list[CpPlan]) -> Iterator[Finding]:
    for need in cin_plans:
        for protection in cp_plans:
            if need.start is None or protection.start is None:
                continue
            ends = (need.end or date.max, protection.end or date.max)
            if need.start < ends[1] and protection.start < ends[0]:
                yield Finding("4001.cin-plan-during-protection-plan", "cin-plan.start")


def _without_conference(
    cp_plans: list[CpPlan], enquiries: list[Enquiry], transfers: list[date]
) -> Iterator[Finding]:
    days = {q.conference for q in enquiries if q.conference} | set(transfers)
    for plan in cp_plans:
        if plan.start is not None and days and plan.start not in days:
            yield Finding("2885.plan-not-from-conference", "cp-plan.start")


def _orders(
    child: ChildSnapshot, cin_plans: list[CinPlan], cp_plans: list[CpPlan]
) -> Iterator[Finding]:
    assessments = [*child.assessments, *(a for e in child.episodes for a in e.assessments)]
    spans = [
        *(("assessment.authorised", a.start, a.authorised) for a in assessments),
        *(("cin-plan.end", p.start, p.end) for p in cin_plans),
        *(("cp-plan.end", p.start, p.end) for p in cp_plans),
        *(("placement.end", p.start, p.end) for p in child.placements),
        *(("missing.end", m.start, m.end) for m in child.missing),
    ]
    for where, start, end in spans:
        if start is not None and end is not None and end < start:
            yield Finding("end-before-start", where)


def _placements(child: ChildSnapshot) -> Iterator[Finding]:
    ordered = sorted((p.start, p.end or date.max) for p in child.placements)
    for (_, end), (start, _) in pairwise(ordered):
        if start < end:
            yield Finding("placements-overlap", "placement.start")


def _weekdays(start: date | None, end: date | None) -> int:
    """Count the weekdays after the first day up to the last; 0 where there is no span."""
    if start is None or end is None or end <= start:
        return 0
    weeks, rest = divmod((end - start).days, 7)
    days = (start + timedelta(days=n + 1) for n in range(rest))
    return weeks * 5 + sum(day.weekday() < _SATURDAY for day in days)
