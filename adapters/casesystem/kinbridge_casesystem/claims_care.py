"""Looked-after placements: the building blocks of periods of care, as in the SSDA903 return."""

from __future__ import annotations

from datetime import date
from typing import Final

from kinbridge_casesystem.child import ChildSnapshot, Placement
from kinbridge_casesystem.claims import Claim, Claims, Scope, on
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import Detail
from kinbridge_schemas.events.persons import (
    AdoptionShieldStarted,
    LookedAfterEnded,
    LookedAfterPlacementChanged,
    LookedAfterStarted,
    MissingEnded,
    MissingStarted,
)

# SSDA903 code lists (2017 onwards): S starts a period of care; E codes end it, X1 goes on in
# the next placement; E11 and E12 are adoptions; A3 to A6 are placements for adoption.
_STARTS: Final = "S"
ADOPTED: Final = frozenset({"E11", "E12"})
_TEMPORARY: Final = "T"
PLACED: Final = "shield-placement"
FOR_ADOPTION: Final = frozenset({"A3", "A4", "A5", "A6"})


_ORDERS: Final = frozenset({"closure-rc1", "end-e11", "end-e12", "adoption-order"})
"""The triggers that say that a child was adopted, and not only placed for it."""


def is_shield(detail: Detail) -> bool:
    """Whether a fact is a sign of adoption."""
    return isinstance(detail, AdoptionShieldStarted)


def is_order(detail: Detail) -> bool:
    """Whether a fact is that the child was adopted, which no removal of a record undoes."""
    return isinstance(detail, AdoptionShieldStarted) and detail.trigger in _ORDERS


def is_placement(detail: Detail) -> bool:
    """Whether a fact is a placement for adoption, by its type."""
    return isinstance(detail, AdoptionShieldStarted) and detail.trigger.startswith("placement-")


def care_claims(scope: Scope, placements: tuple[Placement, ...]) -> tuple[list[Claim], str]:
    """Give the claims of all placements, and the period of care that the last belongs to.

    Placements of one child are read in the order of their dates, whatever their order here: a
    period begins with reason S, or with the first placement of which nothing earlier is known.
    """
    found: list[Claim] = []
    period = scope.remembered.marks.get("care", "")
    for placement in sorted(placements, key=lambda p: (p.start, p.id)):
        inner = scope.inside("episode", placement.episode) if placement.episode else scope
        inner = inner.inside("placement", placement.id)
        starts, period = _period(inner, placement, period)
        if placement.kind in FOR_ADOPTION and not broke_down(placement.start, placements):
            placed = AdoptionShieldStarted(trigger=f"placement-{placement.kind.lower()}")
            found.append(inner.claim(PLACED, placement.id, on(placement.start), placed))
        found += _placement(inner, placement, period, starts=starts)
    return found, period


def broke_down(since: date, placements: tuple[Placement, ...]) -> bool:
    """Whether a placement for adoption of that day was followed by one of another kind.

    Temporary ones (T0 to T4) are no end of it.
    """
    later = (p.kind for p in placements if p.start > since and p.kind is not None)
    return any(kind not in FOR_ADOPTION and not kind.startswith(_TEMPORARY) for kind in later)


def other_care_claims(scope: Scope, snapshot: ChildSnapshot) -> Claims:
    """Give the claims of going missing, and of adoption as no placement tells it."""
    for missing in snapshot.missing:
        inner, own = scope.inside("missing", missing.id), scope.local("episode_id", missing.id)
        started = MissingStarted(episode_id=own)
        yield inner.claim("missing-started", missing.id, on(missing.start), started)
        if missing.end is not None:
            ended = MissingEnded(episode_id=own)
            yield inner.claim("missing-ended", missing.id, on(missing.end), ended)
    for adoption in snapshot.adoptions:
        inner = scope.inside("adoption", adoption.id)
        shield = AdoptionShieldStarted(trigger=adoption.sign)
        yield inner.claim(f"shield-{adoption.sign}", adoption.id, on(adoption.on), shield)


def _period(inner: Scope, placement: Placement, before: str) -> tuple[bool, Id]:
    known = inner.remembered.facts.get(inner.fact("placement", placement.id))
    if known is not None and isinstance(
        known.detail, LookedAfterStarted | LookedAfterPlacementChanged
    ):
        return isinstance(known.detail, LookedAfterStarted), known.detail.episode_id
    if placement.start_reason == _STARTS or not before:
        return True, inner.local("care_id", placement.id)
    return False, before


def _placement(inner: Scope, placement: Placement, period: Id, *, starts: bool) -> Claims:
    raw, kind, start = placement.id, placement.kind, on(placement.start)
    if starts:
        began = LookedAfterStarted(
            episode_id=period, placement_type=kind, legal_status=placement.legal_status
        )
        yield inner.claim("placement", raw, start, began)
    else:
        moved = LookedAfterPlacementChanged(episode_id=period, placement_type=kind)
        yield inner.claim("placement", raw, start, moved)
    reason = placement.end_reason or ""
    if placement.end is None or not reason.startswith("E"):
        return
    ended = LookedAfterEnded(episode_id=period, reason=reason)
    yield inner.claim("care-ended", raw, on(placement.end), ended)
    if reason in ADOPTED:
        adopted = AdoptionShieldStarted(trigger=f"end-{reason.lower()}")
        yield inner.claim("shield-ended", raw, on(placement.end), adopted)
