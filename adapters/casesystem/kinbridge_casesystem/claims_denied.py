"""What a snapshot takes back by saying something else in its place.

What is left out says nothing. But a flag that says no, and a code that is another than the one
from which something was concluded, deny what was concluded.
"""

from __future__ import annotations

from collections.abc import Iterator

from kinbridge_casesystem.child import ChildSnapshot, Episode, Placement
from kinbridge_casesystem.claims import Scope
from kinbridge_casesystem.claims_care import (
    ADOPTED,
    FOR_ADOPTION,
    PLACED,
    broke_down,
    is_placement,
)
from kinbridge_casesystem.claims_details import DIED, pregnancy_fact
from kinbridge_casesystem.claims_episodes import ADOPTION
from kinbridge_schemas.base import Id
from kinbridge_schemas.times import LONDON


def denied(scope: Scope, snapshot: ChildSnapshot) -> set[Id]:
    """Give the facts that are denied, whether or not they were ever told."""
    by_episodes = (fact for e in snapshot.episodes for fact in _by_episode(scope, e))
    by_placements = (fact for p in snapshot.placements for fact in _by_placement(scope, p))
    return {*by_episodes, *by_placements, *_by_what_followed(scope, snapshot.placements)}


def _by_episode(scope: Scope, episode: Episode) -> Iterator[Id]:
    if episode.no_further_action is False:
        yield scope.fact("no-action", episode.id)
    if episode.closure_reason not in (None, ADOPTION):
        yield scope.fact("shield-closed", episode.id)
    lost = scope.remembered.facts.get(pregnancy_fact(scope))
    by_this = lost is not None and scope.object("episode", episode.id) in lost.within
    if by_this and episode.closure_reason not in (None, DIED):
        yield pregnancy_fact(scope)


def _by_placement(scope: Scope, placement: Placement) -> Iterator[Id]:
    if placement.kind is not None and placement.kind not in FOR_ADOPTION:
        yield scope.fact(PLACED, placement.id)
    if placement.end_reason is not None and placement.end_reason not in ADOPTED:
        yield scope.fact("shield-ended", placement.id)


def _by_what_followed(scope: Scope, told: tuple[Placement, ...]) -> Iterator[Id]:
    # What is told now may be the later placement alone.
    for fact, known in scope.remembered.facts.items():
        day = known.occurred.at.astimezone(LONDON).date()
        if is_placement(known.detail) and broke_down(day, told):
            yield fact
