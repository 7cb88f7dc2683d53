"""ADT about a person: the registered practice, who a child's parents are, a merge of records.

Left out on purpose: addresses, telephone numbers, religion, ethnic category, language, marital
status, death (PID-29, PID-30). For these the Personal Demographics Service is the one source; a
trust's copy may be years old, and would give away where somebody lives who must not be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.hl7v2.codes import RELATIONS
from kinbridge_fhir.hl7v2.er7 import Segment
from kinbridge_fhir.hl7v2.facts import Account, fact_of
from kinbridge_fhir.hl7v2.persons import Person, next_of_kin, nhs_number, patient
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import GpRegistered
from kinbridge_schemas.events.persons import PersonMerged, RelationshipRecorded
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Provider, Role

_PRACTICE: Final = re.compile(r"[A-Z][0-9]{5}")
_SHORT: Final = 200


def demographics(account: Account) -> Iterator[ChildEvent | Ended]:
    """Map A28 and A31. What they say of nobody's practice or parents is no fact here."""
    if account.person.number is None:
        yield account.parked("no-usable-identifier")
        return
    told = [*_practice(account), *relationships(account)]
    if not told:
        yield account.parked("demographics-not-used")
    yield from told


def _practice(account: Account) -> Iterator[ChildEvent]:
    pd1 = account.message.one("PD1")
    number = account.person.number
    # A practice tells where somebody lives.
    if pd1 is None or number is None or account.protected:
        return
    name, code = pd1.text(3), (pd1.text(3, 3) or pd1.text(3, 10) or "").upper()
    if _PRACTICE.fullmatch(code) is None:
        return
    own = account.thing("gp", account.pseudonymiser.of_nhs_number(number))
    yield account.event(
        fact_of("gp", own),
        account.unknown_time(),
        (account.subject(account.role(account.recorded), account.person),),
        GpRegistered(practice=Provider(ods=code, name=name[:_SHORT] if name else None)),
    )


def relationships(account: Account) -> Iterator[ChildEvent]:
    """Give the parents and guardians of a child whom NK1 names with an NHS number of their own."""
    number = account.person.number
    if number is None or not account.under_age(account.recorded):
        return
    child_key = account.pseudonymiser.of_nhs_number(number)
    seen: set[str] = set()
    for nk1 in account.message.all("NK1"):
        relation = RELATIONS.get((nk1.text(3) or "").upper())
        person = next_of_kin(nk1, account.sent)
        if relation is None or person.number in (None, number):
            continue
        relative = account.subject(relation, person)
        own = account.thing("relationship", f"{child_key}|{relation.value}|{relative.key}")
        if own not in seen:
            seen.add(own)
            yield account.event(
                fact_of("relationship", own),
                account.unknown_time(),
                (account.subject(Role.CHILD, account.person), relative),
                RelationshipRecorded(relationship_id=own, relation=relation),
            )


def merges(account: Account) -> Iterator[ChildEvent | Ended]:
    """Map A40: each PID with the MRG that follows it."""
    pairs = list(_pairs(account))
    if not pairs:
        raise UnreadableError("merge-without-mrg", "MRG")
    reasons: list[str] = []
    told: list[ChildEvent] = []
    for pid, mrg in pairs:
        found = _merge(account, pid, mrg)
        if isinstance(found, ChildEvent):
            told.append(found)
        else:
            reasons.append(found)
    yield from told
    if reasons:
        yield account.parked(reasons[0])


def _pairs(account: Account) -> Iterator[tuple[Segment, Segment]]:
    pid: Segment | None = None
    for segment in account.message.segments:
        if segment.name == "PID":
            pid = segment
        elif segment.name == "MRG" and pid is not None:
            yield pid, segment


def _merge(account: Account, pid: Segment, mrg: Segment) -> ChildEvent | str:
    survivor = patient(pid, account.sent)
    prior = nhs_number(mrg.each(1), account.sent)
    if survivor.number is None or prior is None:
        return "merge-of-local-numbers"
    if prior == survivor.number:
        return "merge-of-one-number"
    if not (survivor.verified or account.codes.numbers_traced):
        return "merge-not-verified"
    return _merged(account, prior, survivor.number)


def _merged(account: Account, prior: NhsNumber, survivor: NhsNumber) -> ChildEvent:
    from_key = account.pseudonymiser.of_nhs_number(prior)
    into = account.pseudonymiser.of_nhs_number(survivor)
    own = account.thing("merge", f"{from_key}|{into}")
    return account.event(
        fact_of("merge", own),
        account.unknown_time(),
        # Its name and date of birth stand in PID, which tells of the one that stays.
        (account.subject(Role.UNKNOWN, Person(number=prior)),),
        PersonMerged(into=into),
    )
