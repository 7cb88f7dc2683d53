"""What the adapters of case systems share: how their names become our ids, and their people.

A case system has one namespace of person ids for children and adults, so that an adult's id
is carried like a child's: linking finds the same person by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from pydantic import StringConstraints

from kinbridge_schemas.base import Id, derive_id
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.identifiers import (
    AuthorityCode,
    LaChildId,
    NhsNumber,
    PersonName,
    Pseudonymiser,
)
from kinbridge_schemas.mapped import record_id
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Occurred, Role, Version

ADAPTER_NAME: Final = r"^[a-z][a-z0-9]{0,20}(-[a-z0-9]{1,20}){0,3}$"
AdapterName = Annotated[str, StringConstraints(pattern=ADAPTER_NAME, max_length=40)]
"""The name of an adapter that a package of its own brings, as the file of sources names it."""

_NOT_A_WORD: Final = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, slots=True)
class CaseSource:
    """One case system of one authority, as its events need it."""

    source: str
    authority: AuthorityCode
    pseudonymiser: Pseudonymiser

    def local(self, field: str, raw: str) -> Id:
        """Our id of something that the case system names, as `plan-…` for a `plan_id`.

        Raises UnreadableError for a name that is empty or longer than 200 characters.
        """
        if not 0 < len(raw) <= 200:  # noqa: PLR2004 - as the docstring says
            raise UnreadableError("id-invalid", field)
        kind = _NOT_A_WORD.sub("", field.removesuffix("_id")) or "record"
        return record_id(self.pseudonymiser, self.source, kind, raw)

    def fact(self, *parts: str) -> Id:
        return derive_id("fact", self.source, *parts)

    def subject(
        self,
        role: Role,
        person: LaChildId,
        number: NhsNumber | None = None,
        name: PersonName | None = None,
        born: datetime | None = None,
    ) -> Subject:
        return Subject(
            role=role,
            key=self.pseudonymiser.of_la_child(self.authority, person),
            nhs_number=number,
            la_child_id=person,
            name=name,
            born=born,
        )

    def event(  # noqa: PLR0913 - the fields of an event, each said once
        self,
        fact: Id,
        version: Version,
        occurred: Occurred,
        observed: datetime,
        subjects: tuple[Subject, ...],
        detail: Detail,
        *,
        retract: bool = False,
    ) -> ChildEvent:
        act = "retract" if retract else "assert"
        return ChildEvent(
            id=event_id(fact, version, act),
            fact=fact,
            version=version,
            act="retract" if retract else "assert",
            occurred=occurred,
            observed=observed,
            source=self.source,
            authority=self.authority,
            subjects=subjects,
            detail=detail,
        )


def nhs_number(text: str | None) -> NhsNumber | None:
    """Give a number that is well formed; a wrong one is no number, and no reason to stop."""
    try:
        return NhsNumber(text) if text else None
    except UnreadableError:
        return None


def source_authority(source: str) -> AuthorityCode | None:
    """Give the authority whose case system a source is, or None for a source of the NHS."""
    authority, point, _ = source.partition(".")
    ours = point and len(authority) == 3 and authority.isdigit()  # noqa: PLR2004 - see AuthorityCode
    return authority if ours else None


def person_name(text: str | None) -> PersonName | None:
    line = " ".join((text or "").split())[:200]
    return PersonName(line) if line else None
