"""Looked-after placements: the building blocks of periods of care, as in the SSDA903 return."""

from __future__ import annotations

from typing import Final

from kinbridge_casesystem.claims import Claim, Claims, Scope, unique
from kinbridge_casesystem.snapshot_model import ToldEpisode, ToldPlacement
from kinbridge_schemas.base import Id
from kinbridge_schemas.events.persons import (
    AdoptionShieldStarted,
    LookedAfterEnded,
    LookedAfterPlacementChanged,
    LookedAfterStarted,
)

# SSDA903 code lists (2017 onwards): S starts a period of care; E codes end it, X1 goes on in
# the next placement; E11 and E12 are adoptions; A3 to A6 are placements for adoption.
_STARTS: Final = "S"
_ADOPTED: Final = frozenset({"E11", "E12"})
_FOR_ADOPTION: Final = frozenset({"A3", "A4", "A5", "A6"})

_Placed = tuple[ToldPlacement, str, str]


def care_claims(scope: Scope, episodes: tuple[ToldEpisode, ...]) -> tuple[list[Claim], str]:
    """Give the claims of all placements, and the period of care that the last belongs to.

    Placements of one child are read in the order of their dates, whatever their order here: a
    period begins with reason S, or with the first placement of which nothing earlier is known.
    """
    found: list[Claim] = []
    period = scope.remembered.marks.get("care", "")
    for placement, episode, path in _in_order(episodes):
        raw = placement.child_looked_after_placement_id
        inner = scope.inside("episode", episode).inside("placement", raw)
        starts, period = _period(inner, placement, period)
        found += _placement(inner, placement, path, period, starts=starts)
    return found, period


def _in_order(episodes: tuple[ToldEpisode, ...]) -> list[_Placed]:
    found: list[_Placed] = []
    for number, episode in enumerate(episodes):
        path = f"social_care_episodes[{number}].child_looked_after_placements"
        if episode.purge:
            continue
        found += [
            (placement, episode.social_care_episode_id, f"{path}[{index}]")
            for index, placement in enumerate(episode.child_looked_after_placements)
            if not placement.purge and placement.start_date
        ]
    unique([p.child_looked_after_placement_id for p, _, _ in found], "social_care_episodes")
    return sorted(
        found, key=lambda p: (p[0].start_date or "", p[0].child_looked_after_placement_id)
    )


def _period(inner: Scope, placement: ToldPlacement, before: str) -> tuple[bool, Id]:
    raw = placement.child_looked_after_placement_id
    known = inner.remembered.facts.get(inner.fact("placement", raw))
    if known is not None and isinstance(
        known.detail, LookedAfterStarted | LookedAfterPlacementChanged
    ):
        return isinstance(known.detail, LookedAfterStarted), known.detail.episode_id
    if placement.start_reason == _STARTS or not before:
        return True, inner.case.local("care_id", raw)
    return False, before


def _placement(
    inner: Scope, placement: ToldPlacement, path: str, period: Id, *, starts: bool
) -> Claims:
    raw, kind = placement.child_looked_after_placement_id, placement.placement_type or None
    start = inner.on(placement.start_date, f"{path}.start_date")
    if start is None:
        return
    event = LookedAfterStarted if starts else LookedAfterPlacementChanged
    yield inner.claim("placement", raw, start, event(episode_id=period, placement_type=kind))
    if kind in _FOR_ADOPTION:
        placed = AdoptionShieldStarted(trigger=f"placement-{kind.lower()}")
        yield inner.claim("shield-placement", raw, start, placed)
    end, reason = inner.on(placement.end_date, f"{path}.end_date"), placement.end_reason or ""
    if end is None or not reason.startswith("E"):
        return
    ended = LookedAfterEnded(episode_id=period, reason=reason)
    yield inner.claim("care-ended", raw, end, ended)
    if reason in _ADOPTED:
        adopted = AdoptionShieldStarted(trigger=f"end-{reason.lower()}")
        yield inner.claim("shield-ended", raw, end, adopted)
