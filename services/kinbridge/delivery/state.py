"""What delivery remembers of a family."""

from __future__ import annotations

from kinbridge_schemas.alerts import AlertId, RestrictionSeen
from kinbridge_schemas.base import Code, Value


class Subscribed(Value):
    """A subscription that was told of an alert: it is told of everything that follows."""

    alert: AlertId
    subscription: Code


class DeliveryState(Value):
    """The restriction of each child at the highest registry revision, and who was told of what."""

    seen: tuple[RestrictionSeen, ...] = ()
    told: tuple[Subscribed, ...] = ()

    def restricted(self) -> frozenset[str]:
        return frozenset(s.child for s in self.seen if s.restriction != "none")
