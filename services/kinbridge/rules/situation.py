"""How a child stands with the authority, as several rules and every alert read it. Pure.

Nothing here concludes from absence; a reading says what the facts say at a given time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from kinbridge.rules.picture import Account
from kinbridge.rules.view import View, read_once
from kinbridge_schemas.base import Id, Value
from kinbridge_schemas.concerns import Situation
from kinbridge_schemas.events.contact import (
    AssessmentAuthorised,
    AssessmentStarted,
    FamilyHelpEpisodeEnded,
    FamilyHelpEpisodeStarted,
    FamilyHelpEpisodeStepped,
    PreBirthAssessmentRequired,
    PreBirthAssessmentWaived,
)
from kinbridge_schemas.events.persons import (
    DisclosureRiskCleared,
    DisclosureRiskSet,
    FamilyAgreementRecorded,
    FamilyAgreementWithdrawn,
    LookedAfterEnded,
    LookedAfterStarted,
)
from kinbridge_schemas.events.protection import (
    CinPlanEnded,
    CinPlanStarted,
    CpPlanEnded,
    CpPlanStarted,
    IcpcHeld,
    IcpcScheduled,
    MeetingCancelled,
    MeetingKind,
    MeetingScheduled,
    S47Ended,
    S47Started,
    StrategyDiscussionCancelled,
    StrategyDiscussionHeld,
    StrategyDiscussionRescheduled,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.linked import ChildRecord, Restriction
from kinbridge_schemas.vocabulary import Precision, Role, SupportTier

OWN: Final = frozenset({Role.CHILD, Role.UNBORN})
"""The child itself is whom the event is about."""

_DAY: Final = timedelta(days=1)
_NONE: Final = timedelta()
_STRICTNESS: Final[tuple[Restriction, ...]] = ("none", "sensitive", "very-restricted", "locked")


@dataclass(frozen=True, slots=True)
class Span:
    """Something that began and may have ended. `start` is the account that began it."""

    start: Account
    end: datetime | None

    def covers(self, at: datetime, grace: timedelta = _NONE) -> bool:
        """Whether it was so at a time, or began within `grace` after it."""
        return self.start.occurred.at <= at + grace and (self.end is None or self.end > at)

    def lasts(self, at: datetime) -> bool:
        """Whether it has not ended by a time."""
        return self.end is None or self.end > at


def _spans(view: View, began: type[Value], ended: type[Value], key: str) -> list[Span]:
    ends = {getattr(detail, key): _closing(account) for account, detail in view.of(ended)}
    return [Span(account, ends.get(getattr(detail, key))) for account, detail in view.of(began)]


def _closing(account: Account) -> datetime:
    # A day on which something ended is still a day on which it held.
    whole_day = account.occurred.precision is not Precision.INSTANT
    return account.occurred.at + (_DAY if whole_day else _NONE)


@read_once
def plans(view: View) -> list[Span]:
    return _spans(view, CpPlanStarted, CpPlanEnded, "plan_id")


@read_once
def enquiries(view: View) -> list[Span]:
    return _spans(view, S47Started, S47Ended, "s47_id")


@read_once
def looked_after(view: View) -> list[Span]:
    return _spans(view, LookedAfterStarted, LookedAfterEnded, "episode_id")


def protected(view: View, at: datetime, grace: timedelta = _NONE) -> bool:
    """Whether a protection plan or a section 47 enquiry held at a time."""
    return any(span.covers(at, grace) for span in (*plans(view), *enquiries(view)))


@dataclass(frozen=True, slots=True)
class PreBirth:
    """A pre-birth assessment: the account that began it, and how and when it ended."""

    assessment: str
    began: Account
    how: Literal["open", "authorised", "waived"]
    ended: Account | None
    started: bool


@read_once
def pre_birth_assessments(view: View) -> list[PreBirth]:
    """Each assessment that is called pre-birth, or has the id of one that was required.

    The CIN census and the DfE API carry no kind of assessment, hence by the id.
    """
    required = {d.assessment_id: a for a, d in view.of(PreBirthAssessmentRequired) if _own(a)}
    started = {d.assessment_id: (a, d) for a, d in view.of(AssessmentStarted) if _own(a)}
    named = {name for name, (_, d) in started.items() if d.of_kind == "pre-birth"}
    found: list[PreBirth] = []
    for name in sorted(named | set(required)):
        how, ended = _end(view, name)
        began = required.get(name) or started[name][0]
        begun = name in started or how == "authorised"
        found.append(PreBirth(name, began, how, ended, begun))
    return found


def _own(account: Account) -> bool:
    return account.relation in OWN


def _end(
    view: View, assessment: str
) -> tuple[Literal["open", "authorised", "waived"], Account | None]:
    for account, waived in view.of(PreBirthAssessmentWaived):
        if waived.assessment_id == assessment and _own(account):
            return "waived", account
    # Sources differ in ids: one authorised as pre-birth answers for the child.
    done = [
        account
        for account, d in view.of(AssessmentAuthorised)
        if _own(account) and (d.assessment_id == assessment or d.of_kind == "pre-birth")
    ]
    first = min(done, key=lambda a: (a.occurred.at, a.event), default=None)
    return ("authorised", first) if first else ("open", None)


def assessing(view: View, at: datetime, grace: timedelta = _NONE) -> bool:
    """Whether a pre-birth assessment was asked for or under way at a time."""
    return any(
        p.began.occurred.at <= at + grace and (p.ended is None or _closing(p.ended) > at)
        for p in pre_birth_assessments(view)
    )


@read_once
def in_need(view: View) -> bool:
    """Whether there is a child in need plan."""
    return any(s.end is None for s in _spans(view, CinPlanStarted, CinPlanEnded, "plan_id"))


@read_once
def helped(view: View) -> bool:
    """Whether Family Help is under way."""
    held = _spans(view, FamilyHelpEpisodeStarted, FamilyHelpEpisodeEnded, "episode_id")
    return any(span.end is None for span in held)


def agreed(view: View, scope: str) -> bool:
    """Whether the family's agreement to sharing of this kind is recorded, and stands.

    What was ticked when Family Help began ends with it, and with any withdrawal after it.
    """
    withdrawn = list(view.of(FamilyAgreementWithdrawn))
    over = {detail.agreement_id for _, detail in withdrawn}
    for _, agreement in view.of(FamilyAgreementRecorded):
        covers = not agreement.scope or scope in agreement.scope
        if covers and agreement.agreement_id not in over:
            return True
    ended = {detail.episode_id for _, detail in view.of(FamilyHelpEpisodeEnded)}
    last = max((account.occurred.at for account, _ in withdrawn), default=None)
    return any(
        begun.family_agreement
        and begun.episode_id not in ended
        and (last is None or account.occurred.at > last)
        for account, begun in view.of(FamilyHelpEpisodeStarted)
    )


def situation(view: View, as_of: datetime) -> Situation:
    """How the child stands with the authority, by its own record."""
    plan = any(span.lasts(as_of) for span in plans(view))
    enquiry = any(span.lasts(as_of) for span in enquiries(view))
    looked = any(span.lasts(as_of) for span in looked_after(view))
    nearest = next((m for m in meetings(view) if m.at >= as_of), None)
    return Situation(
        tier=_tier(view, looked=looked, protection=plan or enquiry),
        protection_plan=plan,
        s47_open=enquiry,
        looked_after=looked,
        pre_birth_assessment=pre_birth(view),
        next_meeting=nearest.at if nearest else None,
        next_meeting_kind=nearest.kind if nearest else None,
        meeting_cancelled=nearest is None and view.has(StrategyDiscussionCancelled),
    )


def _tier(view: View, *, looked: bool, protection: bool) -> SupportTier:
    if looked:
        return SupportTier.LOOKED_AFTER
    if protection:
        return SupportTier.CHILD_PROTECTION
    held = {*_tiers_of_help(view), *([SupportTier.FAMILY_HELP] if in_need(view) else [])}
    return max(held, key=_RISING.index, default=SupportTier.UNIVERSAL)


_RISING: Final = tuple(tier for tier in SupportTier if tier is not SupportTier.UNKNOWN)


def _tiers_of_help(view: View) -> Iterator[SupportTier]:
    """Give the tier of each help that is under way, as it was last stepped up or down."""
    steps = sorted(view.of(FamilyHelpEpisodeStepped), key=lambda s: (s[0].occurred.at, s[0].event))
    last = {step.episode_id: step.to_tier for _, step in steps}
    ended = {detail.episode_id for _, detail in view.of(FamilyHelpEpisodeEnded)}
    for _, begun in view.of(FamilyHelpEpisodeStarted):
        if begun.episode_id not in ended:
            tier = last.get(begun.episode_id, begun.tier)
            yield SupportTier.FAMILY_HELP if tier is SupportTier.UNKNOWN else tier


_Assessment = Literal["none", "required", "started", "authorised", "waived"]


def pre_birth(view: View) -> _Assessment:
    """How the pre-birth assessment stands."""
    state: _Assessment = "none"
    for found in pre_birth_assessments(view):
        if found.how == "open":
            return "started" if found.started else "required"
        state = found.how
    return state


@dataclass(frozen=True, slots=True, order=True)
class Meeting:
    """A meeting with a time, that was neither cancelled nor held."""

    at: datetime
    kind: str


@read_once
def meetings_over(view: View) -> frozenset[Id]:
    """The strategy discussions that were cancelled or held."""
    over = {d.meeting_id for _, d in view.of(StrategyDiscussionCancelled)}
    return frozenset(over | {d.meeting_id for _, d in view.of(StrategyDiscussionHeld)})


@read_once
def meetings(view: View) -> list[Meeting]:
    """The meetings that stand in the authority's record, earliest first, past ones too."""
    over = meetings_over(view)
    times = [(a, d.meeting_id, d.start_at) for a, d in view.of(StrategyDiscussionScheduled)]
    times += [(a, d.meeting_id, d.start_at) for a, d in view.of(StrategyDiscussionRescheduled)]
    times.sort(key=lambda told: (told[0].observed, told[0].event))
    latest = {meeting: at for _, meeting, at in times if meeting not in over}
    found = [Meeting(at, "strategy-discussion") for at in latest.values()]
    off = {d.meeting_id for _, d in view.of(MeetingCancelled)}
    held = {d.conference_id for _, d in view.of(IcpcHeld)} | off
    # An initial conference has a word of its own, which other sources say too.
    found += [
        Meeting(d.start_at, d.meeting.value)
        for _, d in view.of(MeetingScheduled)
        if d.meeting_id not in off and d.meeting is not MeetingKind.INITIAL_CONFERENCE
    ]
    found += [
        Meeting(d.date, "initial-conference")
        for _, d in view.of(IcpcScheduled)
        if d.conference_id not in held
    ]
    return sorted(found)


def at_risk(view: View) -> bool:
    """Whether a named person has yet to look at what must not reach whom, set at any time."""
    cleared = {detail.risk_id for detail in view.ever(DisclosureRiskCleared)}
    return any(detail.risk_id not in cleared for detail in view.ever(DisclosureRiskSet))


def restriction(record: ChildRecord) -> Restriction:
    """The child's restriction; its mother's too, while it is unborn or its own is not known."""
    found = [record.restriction]
    if record.unborn or record.nhs_number is None:
        found += [r.restriction for r in record.related if r.relation is Role.MOTHER]
    return max(found, key=_STRICTNESS.index)
