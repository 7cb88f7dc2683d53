"""References between resources on a FHIR server: which ones are needed, and which may be asked.

A resource that came without its patient says nothing about anybody. So what refers to a
patient who is neither with it nor identified in the reference is asked for again, whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from kinbridge_fhir.collection import Collection, tail
from kinbridge_fhir.nodes import Node, one, text
from kinbridge_fhir.persons import nhs_number
from kinbridge_fhir.resources import MAPPINGS
from kinbridge_schemas.identifiers import NhsNumber

_LOCAL: Final = re.compile(r"(?P<kind>[A-Z][A-Za-z]{2,40})/(?P<id>[A-Za-z0-9.-]{1,64})", re.ASCII)
_PERSONS: Final = ("subject", "patient", "for", "beneficiary")
_PLACES: Final = ("serviceProvider", "managingOrganization")
_WHERE: Final = frozenset({"Organization", "Location", "HealthcareService"})
_MOST: Final = 8
_TEN_DIGITS: Final = re.compile(r"(?=([0-9]{10}))")


def local(target: str, base: str) -> tuple[str, str] | None:
    """Give type and id of a reference to a resource of this server. None for any other.

    `base` is the server's address. A relative reference is its own.
    """
    plain = target.partition("/_history/")[0]
    if "://" in plain:
        start = base.rstrip("/") + "/"
        if not plain.startswith(start):
            return None
        plain = plain[len(start) :]
    found = _LOCAL.fullmatch(plain)
    return (found["kind"], found["id"]) if found is not None else None


def about_a_number(own: str) -> bool:
    """Whether an id is an NHS number or holds one: then it may stand in no address."""
    joined = own.replace("-", "").replace(".", "")
    return any(NhsNumber.well_formed(found[1]) for found in _TEN_DIGITS.finditer(joined))


def mapped_here(collection: Collection) -> list[Node]:
    """The resources that could be mapped: of a kind that a mapping is for."""
    return [resource for resource in collection.resources if resource.kind in MAPPINGS]


def lacks_patient(collection: Collection, resource: Node) -> bool:
    """Whether a resource refers to a patient who is not here and not identified."""
    references = [r for r in _references(resource) if _kind(r) == "Patient"]
    if not references or any(nhs_number(reference) for reference in references):
        return False
    return not any(collection.resolve(reference) for reference in references)


def wanted(collection: Collection) -> tuple[str, ...]:
    """Give the references that what is here needs and does not hold: patients, then places.

    At most eight for each resource, each once, in the order they stand.
    """
    found: dict[str, None] = {}
    for resource in mapped_here(collection):
        references = list(_references(resource))
        patients = [r for r in references if _kind(r) == "Patient"]
        places = [r for r in references if _kind(r) in _WHERE]
        asked = patients if lacks_patient(collection, resource) else []
        for reference in [*asked, *places][:_MOST]:
            target = text(reference, "reference")
            if target is not None and collection.at(target) is None:
                found[target] = None
    return tuple(found)


def _references(resource: Node) -> Iterator[Node]:
    for name in (*_PERSONS, *_PLACES):
        yield from resource.all(name)
    for holder in resource.all("participant"):
        yield from _only(one(holder, "actor"))
    for holder in resource.all("location"):
        yield from _only(one(holder, "location"))


def _only(node: Node | None) -> Iterable[Node]:
    return () if node is None else (node,)


def _kind(reference: Node) -> str:
    return tail(text(reference, "reference") or "").partition("/")[0]
