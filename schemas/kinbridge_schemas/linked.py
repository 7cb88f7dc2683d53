"""What linking says of a child: whose event this is, and how the child's record stands."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Contract, Id, Value
from kinbridge_schemas.events.event import Detail
from kinbridge_schemas.identifiers import (
    AuthorityCode,
    ChildRef,
    FamilyRef,
    LaChildId,
    NhsNumber,
    PersonName,
    PersonRef,
)
from kinbridge_schemas.vocabulary import Occurred, Role, Version

Restriction = Literal["none", "sensitive", "very-restricted", "locked"]
MatchedBy = Literal["la-child-id", "nhs-number", "by-mother", "by-person"]


class Related(Value):
    """Somebody on the child's record. `person` is a reference, not an identity.

    `nhs_number` is given of a mother or main carer only, as the authority told it, and only
    where nothing speaks against it: it is for asking providers of care, where policy allows.
    """

    person: PersonRef
    relation: Role
    restriction: Restriction = "none"
    nhs_number: NhsNumber | None = None


class ChildRecord(Value):
    """A child in one authority, as the registry holds it at `revision`.

    Family, relations, openness and restriction count only from the highest revision seen.
    `nhs_number` is given only where it was matched exactly and verified; `matched_by` says by
    what health's events find the child, and `by-person` that a named person decided it.
    `opening` counts the openings of the case; `shielded` is adoption: the stream has stopped.
    """

    child: ChildRef
    family: FamilyRef
    authority: AuthorityCode
    revision: Annotated[int, Field(ge=1)]
    open: bool
    opening: Annotated[int, Field(ge=0)] = 0
    unborn: bool = False
    restriction: Restriction = "none"
    shielded: bool = False
    la_child_id: LaChildId | None = None
    nhs_number: NhsNumber | None = None
    name: PersonName | None = None
    mother_name: PersonName | None = None
    born: AwareDatetime | None = None
    edd: AwareDatetime | None = None
    matched_by: MatchedBy = "la-child-id"
    related: tuple[Related, ...] = ()
    siblings: tuple[ChildRef, ...] = ()
    merged_from: tuple[FamilyRef, ...] = ()


class EventLinked(Value):
    """An event that concerns the child: its own, or that of somebody related to it."""

    what: Literal["event-linked"] = "event-linked"
    event: Id
    fact: Id
    version: Version
    act: Literal["assert", "retract"] = "assert"
    relation: Role
    occurred: Occurred
    observed: AwareDatetime
    source: str
    detail: Detail


class EventUnlinked(Value):
    """An event that was linked to this child by mistake: it must be taken back everywhere."""

    what: Literal["event-unlinked"] = "event-unlinked"
    event: Id
    fact: Id
    reason: Literal["link-rejected", "link-superseded", "purged"]


class ChildChanged(Value):
    """The child's record changed without an event of its own: family, openness, restriction."""

    what: Literal["child-changed"] = "child-changed"


class LinkedEvent(Contract):
    """One event for one child, with the child's record as it stood when it was decided."""

    contract: ClassVar[str] = "LinkedEvent/v1"

    child: ChildRecord
    happened: Annotated[EventLinked | EventUnlinked | ChildChanged, Field(discriminator="what")]

    @property
    def child_ref(self) -> ChildRef:
        return self.child.child
