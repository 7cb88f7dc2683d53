"""What consolidation tells itself when a child's family reference changes.

The family that a child came to asks the one that it left, and is given the open items. The one
that it left keeps a forwarding address, for proposals and answers that come late.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.alerts import Acknowledgement, AlertId, Item
from kinbridge_schemas.base import Contract, Value
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.identifiers import ChildRef, FamilyRef
from kinbridge_schemas.responses import Response
from kinbridge_schemas.vocabulary import ServiceArm


class HandOver(Value):
    """The child is with us now: give us what is open."""

    what: Literal["hand-over"] = "hand-over"


class MovedItem(Value):
    """One item as it stood where it came from. `said` tells whether a reader had it."""

    item: Item
    said: bool
    since: AwareDatetime


class HandedOver(Value):
    """What was open of the child for one team, said or not yet said. Empty where nothing was."""

    what: Literal["handed-over"] = "handed-over"
    arm: ServiceArm
    from_alert: AlertId | None = None
    items: tuple[MovedItem, ...] = ()
    acknowledgement: Acknowledgement | None = None


class ConcernFollowed(Value):
    """An account of a concern that reached the family after the child had left it.

    `recall` is for an account that takes back or restates what the addressee said in an alert
    that is closed by now: its readers must hear it, and it goes no further.
    """

    what: Literal["concern-followed"] = "concern-followed"
    concern: Concern
    since: AwareDatetime
    recall: bool = False


class ResponseFollowed(Value):
    """An answer to an alert whose items have moved."""

    what: Literal["response-followed"] = "response-followed"
    arm: ServiceArm
    response: Response


class ItemsMoved(Contract):
    """One word from one family's record to another's.

    `record_revision`, then `moved`, says which of two moves of a child is the later.
    """

    contract: ClassVar[str] = "ItemsMoved/v1"

    family: FamilyRef
    from_family: FamilyRef
    child: ChildRef | None = None
    record_revision: Annotated[int, Field(ge=0)] = 0
    moved: AwareDatetime
    said: Annotated[
        HandOver | HandedOver | ConcernFollowed | ResponseFollowed,
        Field(discriminator="what"),
    ]

    @property
    def family_ref(self) -> FamilyRef:
        """The key of the topic alerts-moved: the family that is spoken to."""
        return self.family
