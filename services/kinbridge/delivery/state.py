"""What delivery remembers of a family."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from kinbridge_schemas.alerts import AlertId, RestrictionSeen
from kinbridge_schemas.base import Code, Value
from kinbridge_schemas.identifiers import ChildRef

_ALERTS_REMEMBERED: Final = 40


class Followed(Value):
    """An alert up to a revision, and the subscriptions that were told of it.

    They are told of everything that follows, also after it is closed: a correction may come
    weeks later.
    """

    alert: AlertId
    revision: Annotated[int, Field(ge=1)]
    subscriptions: tuple[Code, ...] = ()


class DeliveryState(Value):
    """The restriction of each child at the highest registry revision, and who follows what."""

    seen: tuple[RestrictionSeen, ...] = ()
    followed: tuple[Followed, ...] = ()

    def restricted(self) -> frozenset[ChildRef]:
        return frozenset(s.child for s in self.seen if s.restriction != "none")

    def of(self, alert: AlertId) -> Followed | None:
        return next((f for f in self.followed if f.alert == alert), None)

    def with_followed(self, followed: Followed) -> DeliveryState:
        others = tuple(f for f in self.followed if f.alert != followed.alert)
        latest = (*others, followed)[-_ALERTS_REMEMBERED:]
        return self.model_copy(update={"followed": latest})
