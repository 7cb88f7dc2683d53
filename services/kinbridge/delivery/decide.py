"""Decide who receives a revision, and what of it they may see. Pure.

It is stripped here once more, by the highest registry revision that delivery has seen: a child
restricted after an item was made is restricted in it all the same. A subscription that was told
of an alert is told of all that follows, however little urgent: a correction travels as far as
the alarm did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinbridge.delivery.state import DeliveryState, Followed
from kinbridge.partnership.model import Partnership, Subscription
from kinbridge.stage import At, Decision, Message, Output
from kinbridge_schemas.alerts import (
    AlertRevision,
    Dispatch,
    Item,
    RestrictionSeen,
    TeamAlert,
)
from kinbridge_schemas.base import Code, derive_id
from kinbridge_schemas.disclosure import disclose
from kinbridge_schemas.identifiers import AuthorityCode, ChildRef
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import DisclosureTier, ServiceArm


@dataclass(frozen=True, slots=True)
class Delivery:
    """The stage's decisions. `team_topics` are templates by arm; `dispatches` is a topic."""

    partnerships: Mapping[AuthorityCode, Partnership]
    team_topics: Mapping[ServiceArm, str]
    dispatches: str

    def decide(self, state: DeliveryState, message: Message, _at: At) -> Decision[DeliveryState]:
        """Take one revision. Raises UnreadableError for an authority that takes no part."""
        revision = message.body
        if not isinstance(revision, AlertRevision):
            raise UnreadableError("contract-unexpected")
        policy = self.partnerships.get(revision.authority)
        if policy is None:
            raise UnreadableError("authority-not-known", "authority")
        known = state.of(revision.alert)
        if known is not None and revision.revision <= known.revision:
            return Decision("revision-repeated", state)
        state = state.model_copy(update={"seen": _seen(state.seen, revision)})
        shown = team_alert(revision, state.restricted())
        told = tuple(s for s in policy.subscriptions if _told(s, known, revision))
        outputs = [
            Output(
                self.team_topics[revision.arm],
                revision.family,
                shown,
                {"authority": revision.authority},
            ),
            *(Output(self.dispatches, s.name, dispatch(s, revision, shown)) for s in told),
        ]
        followed = Followed(
            alert=revision.alert,
            revision=revision.revision,
            subscriptions=tuple(s.name for s in told),
        )
        return Decision(
            reason="restricted" if shown.restricted else "shown",
            state=state.with_followed(followed),
            outputs=tuple(outputs),
        )


def team_alert(revision: AlertRevision, restricted: frozenset[ChildRef]) -> TeamAlert:
    """Give a revision as the readers of the team's topic may see it."""
    hidden = any(item.concern.child in restricted for item in revision.items)
    return TeamAlert(
        id=derive_id("shown", revision.id),
        alert=revision.alert,
        family=revision.family,
        authority=revision.authority,
        arm=revision.arm,
        team=None if hidden or revision.team is None else revision.team.code,
        revision=revision.revision,
        reason=revision.reason,
        state=revision.state,
        urgency=revision.urgency,
        restricted=hidden,
        content=None if hidden else _disclosed(revision),
    )


def dispatch(subscription: Subscription, revision: AlertRevision, shown: TeamAlert) -> Dispatch:
    """Give a revision for one subscription: thin, or for a FHIR server as its team sees it."""
    return Dispatch(
        id=derive_id("dispatch", subscription.name, revision.id),
        subscription=subscription.name,
        alert=revision.alert,
        authority=revision.authority,
        arm=revision.arm,
        team=shown.team,
        revision=revision.revision,
        reason=revision.reason,
        urgency=revision.urgency,
        state=revision.state,
        said=revision.as_of,
        shown=shown if subscription.kind == "fhir" else None,
    )


def _disclosed(revision: AlertRevision) -> AlertRevision:
    items = tuple(_item(item) for item in revision.items)
    told = {i.concern.concern for i in items if i.concern.tier is DisclosureTier.CONTENT}
    # The name of a suppression tells which rule it is about.
    kept = tuple(
        s if s.concern in told else s.model_copy(update={"rule": "hidden", "version": "hidden"})
        for s in revision.suppressed
    )
    return revision.model_copy(update={"items": items, "suppressed": kept})


def _item(item: Item) -> Item:
    concern = disclose(item.concern, item.concern.tier, restricted=False)
    return item.model_copy(update={"concern": concern})


def _seen(
    before: tuple[RestrictionSeen, ...], revision: AlertRevision
) -> tuple[RestrictionSeen, ...]:
    latest = {s.child: s for s in before}
    for item in revision.items:
        concern = item.concern
        known = latest.get(concern.child)
        if known is None or known.revision < concern.record_revision:
            latest[concern.child] = RestrictionSeen(
                child=concern.child,
                revision=concern.record_revision,
                restriction=concern.whom.restriction,
            )
    return tuple(latest[child] for child in sorted(latest))


def _told(subscription: Subscription, known: Followed | None, revision: AlertRevision) -> bool:
    follows = known is not None and subscription.name in known.subscriptions
    return follows or subscription.wants(revision.arm, revision.urgency, _teams(revision))


def _teams(revision: AlertRevision) -> frozenset[Code]:
    """The teams that the alert asks something of: children of one family may have several."""
    active = [i.concern.team for i in revision.items if i.concern.status == "active"]
    return frozenset(team.code for team in (revision.team, *active) if team is not None)
