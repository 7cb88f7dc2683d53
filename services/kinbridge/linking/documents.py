"""What the registry keeps: children, identifiers, and which facts a child has seen.

Nothing here is a conclusion. A document keeps what was told, by whom and when, each fact in its
latest account; what the registry says of a child is a fold over that (`fold`, `case`, `record`),
so the order in which facts came does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Code, Id, Value
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import (
    AuthorityCode,
    ChildRef,
    FamilyRef,
    LaChildId,
    NhsNumber,
    PersonName,
    SubjectKey,
)
from kinbridge_schemas.linked import ChildRecord, Restriction
from kinbridge_schemas.vocabulary import Occurred, Role, StaffRef, Version

LinkState = Literal["link_asserted", "link_rejected", "link_superseded", "link_proposed"]
"""How a tie between an identifier and a child stands. `proposed` waits for a person."""

Part = Literal["start", "end", "closure", "work"]

Order = tuple[int, datetime, datetime, bool]
"""What two accounts of one fact are compared by; the greater is the later."""

BUCKETS: Final = 16
"""Over how many documents a child's facts are spread, so that one fact reads a few of them."""


class Told(Value):
    """The latest account of one fact, and whose word it is. `by` is AUTO or a named person."""

    event: Id
    source: str
    version: Version
    act: Literal["assert", "retract"] = "assert"
    occurred: Occurred
    observed: AwareDatetime
    by: StaffRef = "AUTO"

    @property
    def stands(self) -> bool:
        return self.act == "assert"

    @property
    def order(self) -> Order:
        """Of two accounts of one fact the later holds; a retraction beats its own assertion."""
        return account_order(self)

    @property
    def latest(self) -> tuple[datetime, str]:
        """Of two facts that say different things of one field, the one seen later holds."""
        return (self.observed, self.event)


class Claim(Told):
    """What an authority calls the child: the source of number, name and date of birth.

    `confirmed` is when it was last seen to say so.
    """

    confirmed: AwareDatetime
    role: Literal[Role.CHILD, Role.UNBORN] = Role.CHILD
    nhs_number: NhsNumber | None = None
    nhs_key: SubjectKey | None = None
    name: PersonName | None = None
    born: AwareDatetime | None = None

    @property
    def latest(self) -> tuple[datetime, str]:
        return (self.confirmed, self.event)


class Involvement(Told):
    """What opens, keeps open and closes the case. `about` names the plan or episode."""

    part: Part
    about: str = ""


class Unborn(Told):
    """That the child was unborn (`born` False), or was born, in the authority's words."""

    born: bool = False


class Due(Told):
    """An expected date of delivery. Maternity's outranks the authority's.

    `via` is the mother's key by which maternity's reached this child.
    """

    edd: AwareDatetime
    maternity: bool = False
    via: SubjectKey | None = None


class Relation(Told):
    """Somebody is related to the child. An `end` closes all of one `relationship`."""

    relationship: Id
    part: Literal["start", "end"] = "start"
    relation: Role
    main_carer: bool = False
    keys: tuple[SubjectKey, ...] = ()
    nhs_number: NhsNumber | None = None
    name: PersonName | None = None
    born: AwareDatetime | None = None


class Birth(Told):
    """A birth notified for this child's mother. The baby's number waits for a person."""

    mother: SubjectKey
    live: bool | None
    births: int | None
    born: AwareDatetime
    baby_key: SubjectKey | None = None
    baby_number: NhsNumber | None = None


class Join(Told):
    """Two records of one authority are one child. A birth joins as a merge does."""

    other: ChildRef


class Restricted(Told):
    """A restriction set or lifted. Only the `setter` that set one lifts it."""

    setter: str
    level: Restriction


class Merge(Told):
    """Two identifiers are of one person, and this is the other."""

    other: SubjectKey


class Holding(Value):
    """That a child's record names this identifier: the child's own, or of somebody related.

    `gathers` says that it is a birth mother's or main carer's, which makes a family.
    """

    child: ChildRef
    authority: AuthorityCode
    relation: Role
    says: LinkState
    gathers: bool = False
    name: PersonName | None = None
    born: AwareDatetime | None = None
    event: Id
    at: AwareDatetime
    by: StaffRef = "AUTO"
    reasons: tuple[Code, ...] = ()


class ChildDocument(Value):
    """What was told of one child by one authority, under one of its ids.

    `since` is when the first of it was received. `held` are events that came before the case
    opened, said when it does. `keys` are the identifiers whose documents name this child, and
    `usable` those by which events reach it. `said` is the record as last said. `signs` are what
    shields it: when the last of them is taken back, it may begin anew.
    """

    child: ChildRef
    authority: AuthorityCode
    la_key: SubjectKey | None = None
    la_child_id: LaChildId | None = None
    since: AwareDatetime
    ended: Literal["", "shielded", "purged"] = ""
    ended_at: AwareDatetime | None = None
    signs: Mapping[str, Told] = {}
    claims: Mapping[str, Claim] = {}
    involvements: Mapping[str, Involvement] = {}
    unborn: Mapping[str, Unborn] = {}
    dues: Mapping[str, Due] = {}
    relations: Mapping[str, Relation] = {}
    births: Mapping[str, Birth] = {}
    joins: Mapping[str, Join] = {}
    held: tuple[ChildEvent, ...] = ()
    keys: tuple[SubjectKey, ...] = ()
    usable: tuple[SubjectKey, ...] = ()
    families: tuple[FamilyRef, ...] = ()
    revision: Annotated[int, Field(ge=0)] = 0
    said: ChildRecord | None = None


class KeyDocument(Value):
    """Whose an identifier is, and what was told of the person by it.

    `pds` is the latest version of PDS's record that was told, 0 where none was.
    """

    holdings: tuple[Holding, ...] = ()
    restrictions: Mapping[str, Restricted] = {}
    merges: Mapping[str, Merge] = {}
    pds: Annotated[int, Field(ge=0)] = 0


class SeenFact(Value):
    """The account of a fact that a child has. `via` is the key by which it came, if any.

    `times` counts how often it was linked again after having been taken back.
    """

    event: Id
    version: Version
    act: Literal["assert", "retract"] = "assert"
    via: SubjectKey | None = None
    unlinked: bool = False
    times: int = 0

    @property
    def order(self) -> Order:
        return account_order(self)


class FactsDocument(Value):
    """A share of the facts that a child has seen, by fact."""

    facts: Mapping[str, SeenFact] = {}


class NoState(Value):
    """Linking keeps nothing by record key: all of it is in the documents."""


DOCUMENTS: Final[Mapping[str, type[Value]]] = {
    "child": ChildDocument,
    "key": KeyDocument,
    "facts": FactsDocument,
}


def account_order(account: Told | SeenFact | ChildEvent) -> Order:
    """Give what two accounts of one fact are compared by; the greater is the later."""
    return (*account.version.order, account.act == "retract")


def child_name(child: ChildRef) -> str:
    return f"child:{child}"


def key_name(key: SubjectKey) -> str:
    return f"key:{key}"


def facts_name(child: ChildRef, bucket: int) -> str:
    return f"facts:{child}:{bucket}"


def bucket_of(fact: Id) -> int:
    # A fact's id ends in a hash in base 16: its last digit spreads them evenly.
    return ord(fact[-1]) % BUCKETS


T = TypeVar("T", bound=Told)


def latest_account(known: Mapping[str, T], name: str, told: T) -> Mapping[str, T]:
    """Give `known` with this account of a fact, unless it has a later one already."""
    before = known.get(name)
    if before is not None and (told.order, told.event) <= (before.order, before.event):
        return known
    return {**known, name: told}
