"""Read the subjects of an event: by which keyed pseudonyms each may be known.

Numbers that forms are filled with to get past a check are no identifiers and are left out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.identifiers import (
    AuthorityCode,
    ChildRef,
    NhsNumber,
    PersonName,
    Pseudonymiser,
    SubjectKey,
)
from kinbridge_schemas.times import LONDON
from kinbridge_schemas.vocabulary import Role

PLACEHOLDERS: Final = frozenset(
    {*(str(d) * 10 for d in range(10)), "0123456789", "1234567890", "9876543210"}
)
"""Numbers that pass modulus 11, or may be typed, and belong to nobody."""

OWN: Final = frozenset({Role.CHILD, Role.UNBORN})
PARENTAL: Final = frozenset({Role.MOTHER, Role.FATHER, Role.PARENT, Role.CARER})


@dataclass(frozen=True, slots=True)
class Party:
    """A subject with its keys. `la_key` counts only within `authority`."""

    subject: Subject
    authority: AuthorityCode | None
    la_key: SubjectKey | None = None
    nhs_key: SubjectKey | None = None
    placeholder: bool = False

    @property
    def role(self) -> Role:
        return self.subject.role

    @property
    def nhs_number(self) -> NhsNumber | None:
        return self.subject.nhs_number if self.nhs_key else None

    @property
    def own_ref(self) -> ChildRef | None:
        return self.subject.child

    @property
    def keys(self) -> tuple[SubjectKey, ...]:
        return tuple(k for k in (self.la_key, self.nhs_key) if k is not None)


def parties_of(event: ChildEvent, pseudonymiser: Pseudonymiser) -> tuple[Party, ...]:
    """Give the subjects of an event in their order."""
    return tuple(_party(s, event.authority, pseudonymiser) for s in event.subjects)


def _party(
    subject: Subject, authority: AuthorityCode | None, pseudonymiser: Pseudonymiser
) -> Party:
    la_key = nhs_key = None
    placeholder = False
    if authority is not None and subject.la_child_id is not None:
        la_key = pseudonymiser.of_la_child(authority, subject.la_child_id)
    elif authority is not None and subject.nhs_number is None and subject.child is None:
        # An authority's source that kept no identifier names the child by its pseudonym again.
        la_key = subject.key
    if subject.nhs_number is not None:
        placeholder = subject.nhs_number.reveal() in PLACEHOLDERS
        if not placeholder:
            nhs_key = pseudonymiser.of_nhs_number(subject.nhs_number)
    return Party(subject, authority, la_key, nhs_key, placeholder)


def day_of(when: datetime) -> date:
    """The date in Europe/London: dates of birth are compared by it."""
    return when.astimezone(LONDON).date()


def days_agree(one: datetime | None, other: datetime | None) -> bool:
    """Whether two dates of birth agree. One that is not given agrees with any."""
    return one is None or other is None or day_of(one) == day_of(other)


def names_agree(one: PersonName | None, other: PersonName | None) -> bool:
    """Whether two names share a word. One that is not given agrees with any."""
    if one is None or other is None:
        return True
    return bool(_words(one) & _words(other))


def _words(name: PersonName) -> frozenset[str]:
    return frozenset(w for w in name.reveal().casefold().replace("-", " ").split() if len(w) > 1)
