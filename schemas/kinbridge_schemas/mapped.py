"""The port between mapping and its adapters: bytes of a source in, shared events out.

An adapter is a pure function of what was received, what it remembered for the record's key,
the pseudonymiser and the time. It reads no clock and keeps nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Protocol

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Code, Id, Value, derive_id
from kinbridge_schemas.dispositions import End
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.identifiers import AuthorityCode, Pseudonymiser
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.vocabulary import Occurred, Role

ROUTES: Final = (
    "fhir-message",
    "fhir-notification",
    "fhir-search",
    "mns-signal",
    "pds-patient",
    "pds-related-persons",
    "case-webhook",
    "eclipse",
    "dfe-csc",
    "cin-census",
    "ssda903",
    "annex-a",
    "case-extract",
    "meeting",
    "hl7v2",
)
"""The routes that are built in: the first part of an envelope's `source`, before the colon."""


class Ended(Value):
    """A fact of a message that goes no further, with the end that it met and why."""

    fact: Id
    end: End
    reason: Code


class Asserted(Value):
    """One fact as an adapter last told it, so that it can be told apart and taken back.

    `content` is a keyed hash. `within` are the ids of the objects of the source that it lies
    in: when one is purged, the fact is retracted. `detail` holds no identifier of a person.
    """

    content: str
    within: tuple[Id, ...]
    role: Role
    occurred: Occurred
    detail: Detail


class Remembered(Value):
    """What an adapter that compares snapshots keeps for one record. Empty for all others.

    `updated` is the version that was told last; `marks` are keyed hashes and derived ids of
    values that are only compared. `folded` is what commands have made of the record so far, as
    JSON of the adapter's own shape; it holds no identifier of a person.
    """

    facts: dict[Id, Asserted] = Field(default_factory=dict)
    marks: dict[Code, str] = Field(default_factory=dict)
    updated: AwareDatetime | None = None
    folded: str = ""


class Flaw(Value):
    """Where a record is not as its standard says, by field names only, and in which way.

    It was understood all the same: nothing is lost by a flaw.
    """

    place: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\[\]]{1,200}$")]
    problem: Annotated[str, Field(pattern=r"^[a-z0-9._-]{1,100}$")]


class Mapped(Value):
    """What one received record means. `version` is the source's own version of the record.

    Empty `events` and `ends` mean that the record says nothing that was not known. `flaws` are
    looked for where that was asked for.
    """

    events: tuple[ChildEvent, ...] = ()
    ends: tuple[Ended, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    version: str = ""
    remember: Remembered = Field(default_factory=Remembered)


@dataclass(frozen=True, slots=True)
class Given:
    """What an adapter is given beside the bytes. `now` is when intake recorded them."""

    pseudonymiser: Pseudonymiser
    now: datetime
    remembered: Remembered = field(default_factory=Remembered)


class Adapter(Protocol):
    """One kind of source. `version` goes into the envelope of every event that it makes.

    `compares` says that the same bytes may come again and mean something: a snapshot. For all
    others mapping itself ends a repeat as a duplicate.
    """

    @property
    def version(self) -> str: ...

    @property
    def compares(self) -> bool: ...

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one record. Raises UnreadableError(reason, path) for what can never be read."""
        ...


Routes = Mapping[str, Adapter]
"""Adapters by route."""


CaseSource = Annotated[str, Field(pattern=r"^\d{3}\.[a-z0-9][a-z0-9_-]{0,40}$")]
"""The source of a case system: its authority and its name, as `209.liquidlogic`."""


def authority_of(source: str) -> AuthorityCode:
    """Give whose case system a source is. Raises UnreadableError."""
    authority, point, system = source.partition(".")
    if not (point and system and len(authority) == 3 and authority.isdigit()):  # noqa: PLR2004 - see AuthorityCode
        raise UnreadableError("source-without-authority", "ce_source")
    return authority


def record_id(pseudonymiser: Pseudonymiser, source: str, kind: str, raw: str) -> Id:
    """Give our id of something a source names: the same name gives the same id.

    Names of a source may themselves hold an identifier, so they pass the pseudonymiser first.
    """
    return derive_id(kind, pseudonymiser.of_source_record(source, f"{kind}|{raw}"))
