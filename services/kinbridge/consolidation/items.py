"""Merge the accounts of a concern, and tell what of it readers have not had. Pure.

The later account holds whatever the order of arrival; a repeat changes nothing. Two accounts
of one moment are taken in the order they come, which for one child is the order in which they
were decided: they come from one partition, numbered without a gap.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from kinbridge.consolidation.state import Kept, Said
from kinbridge_schemas.base import Code, derive_id
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.vocabulary import Urgency


class News(Enum):
    """What readers have not had of an item."""

    NEW = "new"
    RAISED = "raised"
    CORRECTED = "corrected"


def merged(kept: Kept | None, concern: Concern, recorded: datetime) -> Kept:
    """Give the item after one more account of its concern."""
    if kept is None:
        return Kept(concern=concern, added=concern.as_of, seen=recorded, since=recorded)
    at, held = concern.as_of, kept.concern.as_of
    added = min(kept.added, concern.as_of)
    if at < held:
        heard = kept.said is not None and at <= kept.said.as_of
        since = kept.since if heard else least(kept.since, recorded)
        return _if_changed(kept, added=added, since=since)
    if at == held and concern == kept.concern:
        since = None if kept.since is None else min(kept.since, recorded)
        return _if_changed(kept, seen=min(kept.seen, recorded), since=since)
    since = least(kept.since, recorded)
    return _changed(kept, concern=concern, added=added, seen=recorded, since=since)


def news(kept: Kept) -> News | None:
    """What readers have not had of this item; None where they had all that matters.

    An item that was withdrawn before anybody was told of it is no news. Neither is a changed
    appointment or check: the next revision carries it, but it alone is not worth a call.
    """
    concern, said = kept.concern, kept.said
    if kept.left or kept.since is None:
        return None
    if said is None or said.status != "active":
        return News.NEW if concern.status == "active" else None
    if concern.status != "active":
        return News.CORRECTED
    if concern.urgency.more_urgent_than(said.urgency):
        return News.RAISED
    return News.CORRECTED if shown(concern) != said.shown else None


def told(kept: Kept) -> Kept:
    """The item after a revision that showed it."""
    said = Said(
        status="withdrawn" if kept.left else kept.concern.status,
        urgency=kept.concern.urgency,
        team=_team(kept.concern),
        shown=shown(kept.concern),
        as_of=kept.concern.as_of,
    )
    return _changed(kept, said=said, since=None, held_until=None)


def urgency_of(kept: Kept) -> Urgency:
    """How soon its news must be said: a correction as soon as the alarm it corrects."""
    if kept.said is None:
        return kept.concern.urgency
    return min(kept.said.urgency, kept.concern.urgency)


def shown(concern: Concern) -> str:
    """A digest of what a reader would call another fact: dates and outcomes, no places.

    That the record is restricted now is news too: what readers hold must be handled anew. So is
    another team: whoever had it must know that others have it now.
    """
    facts = sorted(
        f"{f.fact} {f.occurred.at.isoformat()} {f.outcome} {f.withdrawn}" for f in concern.facts
    )
    handling = "open" if concern.whom.restriction == "none" else "restricted"
    return derive_id("shown", concern.asked.what, handling, _team(concern) or "none", *facts)


def team_changed(kept: Kept) -> bool:
    """Whether readers were last told that another team has this item."""
    return kept.said is not None and kept.said.team != _team(kept.concern)


def _team(concern: Concern) -> Code | None:
    return concern.team.code if concern.team else None


def least(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _if_changed(kept: Kept, **fields: object) -> Kept:
    if all(getattr(kept, name) == value for name, value in fields.items()):
        return kept
    return _changed(kept, **fields)


def _changed(kept: Kept, **fields: object) -> Kept:
    return kept.model_copy(update=fields)
