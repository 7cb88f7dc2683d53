"""The fields of PDS's own resources that are used: Patient and OperationOutcome, as R4 JSON.

Source: NHS England, Personal Demographics Service FHIR API, 2026-03-13. Left unread on purpose:
names, telecom, contacts, the lines of addresses, pharmacies, language and contact preferences,
place of birth, managing organisation.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from kinbridge_fhir.thin import Thin

_UK_CORE: Final = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
DEATH_STATUS: Final = f"{_UK_CORE}DeathNotificationStatus"
REMOVAL: Final = "https://fhir.nhs.uk/StructureDefinition/Extension-PDS-RemovalFromRegistration"
# A tuple: what is looked up in it may be anything, and not hashable.
_USED: Final = (DEATH_STATUS, REMOVAL)


class Period(Thin):
    start: str | None = None
    end: str | None = None


class Mark(Thin):
    system: str | None = None
    code: str | None = None


class Coding(Thin):
    """A code in a place where the system is always the same."""

    code: str | None = None


class Concept(Thin):
    coding: tuple[Coding, ...] = ()


class Detail(Thin):
    """An extension within an extension."""

    url: str
    value_codeable_concept: Concept | None = None
    value_date_time: str | None = None
    value_period: Period | None = None


class Extension(Thin):
    url: str
    extension: tuple[Detail, ...] = ()

    def detail(self, url: str) -> Detail | None:
        return next((each for each in self.extension if each.url == url), None)

    def code(self, url: str) -> str | None:
        """Give the first code of a part."""
        concept = found.value_codeable_concept if (found := self.detail(url)) else None
        return concept.coding[0].code if concept and concept.coding else None


def _used(extensions: Any) -> Any:
    # The others are most of a record; their shape is nobody's matter here.
    if not isinstance(extensions, list):
        return extensions
    return [e for e in extensions if isinstance(e, dict) and e.get("url") in _USED]


class Meta(Thin):
    version_id: str | None = None
    security: tuple[Mark, ...] = ()


class Identifier(Thin):
    value: str | None = None
    period: Period = Period()


class Practice(Thin):
    identifier: Identifier = Identifier()


class Address(Thin):
    use: str | None = None
    period: Period = Period()
    postal_code: str | None = None


class Patient(Thin):
    resource_type: str
    id: str
    meta: Meta = Meta()
    birth_date: str | None = None
    deceased_date_time: str | None = None
    general_practitioner: tuple[Practice, ...] = ()
    address: tuple[Address, ...] = ()
    extension: Annotated[tuple[Extension, ...], BeforeValidator(_used)] = ()

    def has(self, url: str) -> Extension | None:
        return next((each for each in self.extension if each.url == url), None)


class Issue(Thin):
    details: Concept = Concept()


class OperationOutcome(Thin):
    resource_type: str
    issue: tuple[Issue, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        found = (coding.code for issue in self.issue for coding in issue.details.coding)
        return frozenset(code for code in found if code is not None)
