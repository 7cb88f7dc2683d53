"""Whether a child's case is open, and how often it was opened: a fold over involvements.

Referrals, enquiries, plans and the like begin and end; `episode_closed` ends all that began
before it. Where an authority tells of none of these, its work with the child (a strategy
discussion, a lead practitioner, an unborn child's registration) counts as an open case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kinbridge.linking.documents import Involvement, Part
from kinbridge.linking.parties import day_of
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.contact import ContactReceived, ReferralDecided
from kinbridge_schemas.vocabulary import Precision

_STARTS: Final[Mapping[str, tuple[str, str]]] = {
    "referral_received": ("referral", "referral_id"),
    "assessment_started": ("assessment", "assessment_id"),
    "family_help_episode_started": ("family-help", "episode_id"),
    "s47_started": ("s47", "s47_id"),
    "cp_plan_started": ("cp-plan", "plan_id"),
    "cin_plan_started": ("cin-plan", "plan_id"),
    "looked_after_started": ("looked-after", "episode_id"),
}
# An authorised assessment ends none of these: what follows from it is the authority's word.
_ENDS: Final[Mapping[str, tuple[str, str]]] = {
    "family_help_episode_ended": ("family-help", "episode_id"),
    "s47_ended": ("s47", "s47_id"),
    "cp_plan_ended": ("cp-plan", "plan_id"),
    "cin_plan_ended": ("cin-plan", "plan_id"),
    "looked_after_ended": ("looked-after", "episode_id"),
}
_WORK: Final = frozenset({
    "unborn_registered",
    "strategy_discussion_requested",
    "strategy_discussion_scheduled",
    "lead_practitioner_allocated",
    "health_information_requested",
    "pre_birth_assessment_required",
    "icpc_scheduled",
    "icpc_held",
    "cp_medical_requested",
    "pre_proceedings_started",
    "missing_started",
    "family_help_episode_stepped",
    "looked_after_placement_changed",
    "cp_plan_category_changed",
    "standing_request_recorded",
})  # fmt: skip
_NO_FURTHER_ACTION: Final = frozenset({"nfa", "no-further-action", "no_further_action"})


@dataclass(frozen=True, slots=True)
class Case:
    """`opening` is how often the case was opened; 0 if it never was."""

    open: bool
    opening: int


@dataclass(frozen=True, slots=True)
class _Span:
    start: Involvement
    end: datetime | None
    closure: Involvement | None


def involvement_parts(event: ChildEvent) -> tuple[tuple[Part, str, bool], ...]:
    """Give what an event says of the case: the part, what it is about, and whether it is so.

    An outcome that a later account of the fact no longer has is given as not so.
    """
    detail, kind = event.detail, event.detail.kind
    if isinstance(detail, ContactReceived):
        about = f"contact:{detail.contact_id}"
        return (("start", about, True), ("end", about, detail.outcome in _NO_FURTHER_ACTION))
    if isinstance(detail, ReferralDecided):
        return (("end", f"referral:{detail.referral_id}", detail.no_further_action),)
    if kind in _STARTS:
        return (("start", _about(_STARTS[kind], detail), True),)
    if kind in _ENDS:
        return (("end", _about(_ENDS[kind], detail), True),)
    if kind == "episode_closed":
        return (("closure", "", True),)
    return (("work", "", True),) if kind in _WORK else ()


def _about(named: tuple[str, str], detail: object) -> str:
    word, attribute = named
    return f"{word}:{getattr(detail, attribute)}"


def case_of(involvements: Iterable[Involvement]) -> Case:
    """Fold involvements, in any order."""
    standing = [i for i in involvements if i.stands]
    closures = [i for i in standing if i.part == "closure"]
    spans = _spans(standing, closures)
    worked = any(i.part == "work" for i in standing)
    if not spans:
        return Case(open=worked and not closures, opening=int(worked))
    return Case(open=any(_runs(s) for s in spans), opening=_openings(spans))


def _runs(span: _Span) -> bool:
    return span.end is None and span.closure is None


def _spans(standing: list[Involvement], closures: list[Involvement]) -> list[_Span]:
    starts: dict[str, Involvement] = {}
    ends: dict[str, datetime] = {}
    for told in standing:
        if told.part == "start":
            first = starts.get(told.about)
            if first is None or _began(told) < _began(first):
                starts[told.about] = told
        elif told.part == "end":
            ends[told.about] = max(ends.get(told.about, _until(told)), _until(told))
    return [
        _Span(start, ends.get(about), _closing(start, closures)) for about, start in starts.items()
    ]


def _began(told: Involvement) -> tuple[datetime, str]:
    return (told.occurred.at, told.event)


def _until(told: Involvement) -> datetime:
    whole_day = told.occurred.precision is Precision.DAY
    return told.occurred.at + timedelta(days=1 if whole_day else 0)


def _closing(start: Involvement, closures: list[Involvement]) -> Involvement | None:
    closing = [c for c in closures if _covers(c, start)]
    return min(closing, key=_began, default=None)


def _covers(closure: Involvement, start: Involvement) -> bool:
    # Of two dates without time on one day, the order in which the source wrote them decides.
    dates_only = Precision.DAY in {closure.occurred.precision, start.occurred.precision}
    if dates_only and day_of(closure.occurred.at) == day_of(start.occurred.at):
        return start.observed <= closure.observed
    return start.occurred.at <= closure.occurred.at


def _openings(spans: list[_Span]) -> int:
    in_order = sorted(spans, key=lambda s: _began(s.start))
    return sum(
        not any(_reaches(earlier, span) for earlier in in_order[:n])
        for n, span in enumerate(in_order)
    )


def _reaches(earlier: _Span, later: _Span) -> bool:
    """Whether the case was still open by `earlier` when `later` began."""
    if earlier.end is not None and earlier.end < later.start.occurred.at:
        return False
    return earlier.closure is None or _covers(earlier.closure, later.start)
