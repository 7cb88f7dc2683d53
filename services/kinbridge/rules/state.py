"""What the stage keeps of one child: its picture, and what was said of it to whom."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from kinbridge.rules.picture import BEGINNING, Picture
from kinbridge_schemas.base import Code, Id, Value
from kinbridge_schemas.concerns import RuleCode
from kinbridge_schemas.identifiers import FamilyRef, SubjectKey
from kinbridge_schemas.retrieval import Retrieval
from kinbridge_schemas.vocabulary import DisclosureTier, Role, RoleCode, ServiceArm, Urgency


class Said(Value):
    """A concern as it was told last: enough to take it back from everybody who had it."""

    rule: RuleCode
    about: Id
    arm: ServiceArm
    status: Literal["active", "withdrawn", "ended"]
    digest: str
    urgency: Urgency
    never_suppressed: bool
    tier: DisclosureTier
    basis: str
    owner: RoleCode
    copies: tuple[RoleCode, ...]
    family: FamilyRef
    opening: int
    recorded: AwareDatetime


class AskedOf(Value):
    """A question to a provider. Several causes may lead to one: `retrieval` is its id.

    `person` is the pseudonym of whom it is about, `opening` that of the case it was asked in.
    `carer` says that an adult was asked about for care that is no part of a pregnancy.
    """

    retrieval: Id
    server: Code
    person: SubjectKey
    relation: Role
    carer: bool = False
    asked_for: tuple[Literal["appointments", "encounters"], ...]
    opening: int
    at: AwareDatetime


class ChildState(Value):
    """One child. `clock` is the last step; `withheld` why a concern was not shared, by its id.

    `asked` are the questions to providers, by every cause that led to them; `unasked` is why
    one was not asked; `waiting` those that may not have been answered, by their ids,
    and `recalls` how often such were called back.
    """

    picture: Picture = Picture()
    clock: AwareDatetime = BEGINNING
    said: dict[Id, Said] = Field(default_factory=dict)
    withheld: dict[Id, Code] = Field(default_factory=dict)
    asked: dict[Id, AskedOf] = Field(default_factory=dict)
    unasked: dict[Id, Code] = Field(default_factory=dict)
    waiting: dict[Id, Retrieval] = Field(default_factory=dict)
    recalls: int = 0
    due: AwareDatetime | None = None
