"""What every resource that leaves has in common: its names, and how it refers to others.

Nothing is referred to by an address: a receiver finds a patient by the NHS number and all else
by our own names, which are pseudonyms and open no access.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from kinbridge_fhir.systems import NHS_NUMBER
from kinbridge_schemas.alerts import AlertId
from kinbridge_schemas.concerns import Whom
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.vocabulary import RoleCode

ALERT: Final = "urn:kinbridge:alert"
REVISION: Final = "urn:kinbridge:alert-revision"
REQUEST: Final = "urn:kinbridge:health-information-request"
REASON: Final = "urn:kinbridge:reason"
ASKED: Final = "urn:kinbridge:asked"
_CHILD: Final = "urn:kinbridge:child"
_ROLE: Final = "urn:kinbridge:role"
_AUTHORITY: Final = "urn:kinbridge:authority"

Kind = Literal["Communication", "Task"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One resource as JSON, and the name by which a receiver knows that it has it already."""

    kind: Kind
    system: str
    value: str
    content: bytes

    def __repr__(self) -> str:
        return f"Outgoing({self.kind}, {self.value}, {len(self.content)} bytes)"


def revision_name(alert: AlertId, revision: int) -> str:
    return f"{alert}.r{revision}"


def identifier(system: str, value: str) -> dict[str, Any]:
    return {"system": system, "value": value}


def to(kind: str, system: str, value: str, display: str | None = None) -> dict[str, Any]:
    """Give a logical reference (FHIR R4, Reference.identifier)."""
    found: dict[str, Any] = {"type": kind, "identifier": identifier(system, value)}
    return found if display is None else {**found, "display": display}


def patient(whom: Whom) -> dict[str, Any]:
    """Refer to a child: by NHS number where it may be shown, else by our own name for it."""
    if whom.nhs_number is not None:
        return to("Patient", NHS_NUMBER, whom.nhs_number.reveal())
    return to("Patient", _CHILD, whom.child)


def role(code: RoleCode) -> dict[str, Any]:
    """Refer to whoever holds a role: a post, never a person."""
    return to("PractitionerRole", _ROLE, code, code.replace("_", " ").replace("-", " "))


def authority(code: AuthorityCode) -> dict[str, Any]:
    return to("Organization", _AUTHORITY, code, f"Local authority {code}")


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
