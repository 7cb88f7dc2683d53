"""FHIR R4 RelatedPerson: who a child's parent, carer, brother or sister is, by their numbers.

A relationship is told only where both have an NHS number that is verified. Without, it explains
the message it came with, as a next of kin does, and is no fact. It opens no access by itself:
who belongs to a family is on the authority's own record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kinbridge_fhir.appointments import patient_of, under_age
from kinbridge_fhir.collection import Collection, codings
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.nodes import Node, one, text
from kinbridge_fhir.persons import Person, person
from kinbridge_fhir.systems import ROLE_CODE, UK_ROLE
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.persons import RelationshipEnded, RelationshipRecorded
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Occurred, Role, Version

_MOTHER: Final = ("MTH", "NMTH", "GESTM")
_FATHER: Final = ("FTH", "NFTH")
# A step-parent is a parent to the household and not the mother or father on the record.
_PARENT: Final = ("PRN", "NPRN", "STPPRN", "STPMTH", "STPFTH")
_CARER: Final = ("PRNFOST", "MTHFOST", "FTHFOST", "GUARD")
_SIBLING: Final = (
    *("SIB", "BRO", "SIS", "NSIB", "NBRO", "NSIS", "HSIB", "HBRO", "HSIS"),
    *("STPSIB", "STPBRO", "STPSIS", "TWIN", "TWINBRO", "TWINSIS"),
)
_OTHER: Final = ("GRPRN", "GRMTH", "GRFTH", "AUNT", "UNCLE", "COUSN", "FAMMEMB", "ROOM")

# HL7 v3 RoleCode (FHIR R4, 2019-11-01) and UK Core Additional Person Relationship Role (2.1.0,
# 2021-09-10). The code says what the related person is to the patient.
ROLES: Final = {
    **{(ROLE_CODE, code): Role.MOTHER for code in _MOTHER},
    **{(ROLE_CODE, code): Role.FATHER for code in _FATHER},
    **{(ROLE_CODE, code): Role.PARENT for code in _PARENT},
    **{(ROLE_CODE, code): Role.CARER for code in _CARER},
    **{(ROLE_CODE, code): Role.SIBLING for code in _SIBLING},
    **{(ROLE_CODE, code): Role.OTHER for code in _OTHER},
    (UK_ROLE, "Guardian"): Role.CARER,
}
# The related person is the child, and the patient its parent.
_CHILDREN: Final = frozenset(
    (ROLE_CODE, code) for code in ("CHILD", "NCHILD", "SON", "NSON", "DAU", "NDAU")
)
# Adoption severs: nothing here may tie a child to the family it had, or has.
ADOPTION: Final = frozenset(
    (ROLE_CODE, code)
    for code in ("ADOPTP", "ADOPTM", "ADOPTF", "CHLDADOPT", "SONADOPT", "DAUADOPT")
)


def related_person(account: Account, resource: Node) -> Iterator[ChildEvent | Ended]:
    """Map one RelatedPerson: one fact where both numbers are known, else none."""
    who = patient_of(account, resource, "patient")
    other, other_named = _other(account, resource)
    if who is None or who[0].number is None or other.number is None:
        return
    fact = account.fact("relatedperson", resource)
    codes = [code.pair for code in codings(resource, "relationship")]
    if any(code in ADOPTION for code in codes):
        yield parked(fact, "relationship-of-an-adoption")
        return
    role = next((ROLES[code] for code in codes if code in ROLES), None)
    patient, named = who
    if role is not None and under_age(patient, account.now):
        child, adult = (patient, named), (other, other_named)
    elif any(code in _CHILDREN for code in codes) and under_age(other, account.now):
        # Which parent the patient is, the code does not say.
        child, adult, role = (other, other_named), (patient, named), Role.PARENT
    else:
        known = role is not None or any(code in _CHILDREN for code in codes)
        yield parked(fact, "relationship-of-no-child" if known else "relationship-not-used")
        return
    subjects = (account.subject(Role.CHILD, *child), account.subject(role, *adult))
    yield from _told(account, resource, role, subjects)


def _told(
    account: Account, resource: Node, role: Role, subjects: tuple[Subject, ...]
) -> Iterator[ChildEvent]:
    version = account.message.version_of(resource, account.now)
    relationship = account.thing("relationship", resource)
    over = _over(resource, version)
    withdrawn = account.message.deletes
    if over is None or withdrawn:
        recorded = RelationshipRecorded(relationship_id=relationship, relation=role)
        yield account.event(
            account.fact("relatedperson", resource),
            version,
            "retract" if withdrawn else "assert",
            _time(resource, "start") or account.unknown_time(version),
            subjects,
            recorded,
        )
    else:
        ended = RelationshipEnded(relationship_id=relationship, relation=role)
        fact = account.fact("relatedperson-ended", resource)
        yield account.event(fact, version, "assert", over, subjects, ended)


def _other(account: Account, resource: Node) -> tuple[Person, Node]:
    """The related person: by what the resource itself says, else by the Patient they also are."""
    own = person(resource)
    if own.number is not None:
        return own, resource
    linked = account.message.once(_linked)
    patient = next((patient for related, patient in linked if related is resource), None)
    if patient is None:
        return own, resource
    found = person(patient)
    return replace(found, born=found.born or own.born), patient


def _linked(message: Collection) -> list[tuple[Node, Node]]:
    """Each RelatedPerson that a Patient is linked to, with the Patient: they are one."""
    found: list[tuple[Node, Node]] = []
    for patient in message.of_kind("Patient"):
        for link in patient.all("link"):
            related = message.resolve(one(link, "other"))
            if related is not None and related.kind == "RelatedPerson":
                found.append((related, patient))
    return found


def _over(resource: Node, version: Version) -> Occurred | None:
    end = _time(resource, "end")
    if end is not None and end.at <= version.updated:
        return end
    if text(resource, "active") == "false":
        return end or Occurred(at=version.updated)
    return None


def _time(resource: Node, name: str) -> Occurred | None:
    said = text(resource, "period", name)
    return read_time(said, f"RelatedPerson.period.{name}") if said is not None else None
