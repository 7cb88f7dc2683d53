"""The adapter of the route `pds-related-persons`: whom PDS calls related to a child.

PDS keeps relatives as contacts, and few have a number. A relation is told only where it names
one; it opens no access by itself, and addresses and telephones are left unread on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.collection import Collection, codings
from kinbridge_fhir.nodes import Node, read_json, text
from kinbridge_fhir.pds_answers import MAPPING_VERSION, Account, answer_of, version_of
from kinbridge_fhir.persons import nhs_number
from kinbridge_fhir.related_persons import ADOPTION, ROLES
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.dispositions import End
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.persons import RelationshipEnded, RelationshipRecorded
from kinbridge_schemas.mapped import Ended, Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Occurred, Role

_OWN: Final = frozenset({Role.CHILD, Role.UNBORN})


class PdsRelatedPersons:
    """Maps the related persons that PDS answers with. Holds nothing."""

    version = MAPPING_VERSION
    compares = False

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one answer. Raises UnreadableError where the bytes are no answer of PDS."""
        answer, content = answer_of(received, "related-persons")
        told: tuple[ChildEvent | Ended, ...] = ()
        reason = answer.end
        if answer.end == "answered":
            page = Collection(read_json(content))
            if page.root.kind != "Bundle" or text(page.root, "type") != "searchset":
                raise UnreadableError("not-a-searchset", "Bundle.type")
            asked = given.pseudonymiser.of_nhs_number(answer.nhs_number)
            account = Account(answer, given, version_of(answer, None, given), asked, asked)
            told = tuple(_facts(page, account))
        nothing = "no-relation-with-a-number" if reason == "answered" else reason
        return Mapped(
            events=tuple(fact for fact in told if isinstance(fact, ChildEvent)),
            ends=tuple(fact for fact in told if isinstance(fact, Ended))
            or (() if told else (Ended(fact=received.id, end="no-fact", reason=nothing),)),
            # No two answers are accounts of one record, so none contradicts another.
            version=received.id,
        )


def _facts(page: Collection, account: Account) -> Iterator[ChildEvent | Ended]:
    seen: set[str] = set()
    for resource in page.of_kind("RelatedPerson"):
        for fact in _related(account, resource):
            if fact.fact not in seen:
                seen.add(fact.fact)
                yield fact


def _related(account: Account, resource: Node) -> Iterator[ChildEvent | Ended]:
    number = nhs_number(resource)
    if number is None or number == account.answer.nhs_number:
        return
    key = account.given.pseudonymiser.of_nhs_number(number)
    codes = [code.pair for code in codings(resource, "relationship")]
    role = next((ROLES[code] for code in codes if code in ROLES), None)
    fact = account.fact("related", key, role.value if role else "")
    if any(code in ADOPTION for code in codes):
        # Adoption severs: nothing here may tie a child to the family it had, or has.
        yield _parked(fact, "relationship-of-an-adoption")
    elif account.answer.relation not in _OWN:
        yield _parked(fact, "relationship-of-no-child")
    elif role is None:
        yield _parked(fact, "relationship-not-used")
    else:
        try:
            start, over = _time(resource, "start"), _over(account, resource)
        except UnreadableError as problem:
            yield _parked(fact, problem.reason, "parked-unreadable")
            return
        own = derive_id("relationship", account.about, key, role.value)
        relative = Subject(role=role, key=key, nhs_number=number)
        subjects = (account.asked_about(), relative)
        if over is None:
            recorded = RelationshipRecorded(relationship_id=own, relation=role)
            yield account.event(fact, start or account.unknown, recorded, *subjects)
        else:
            ended = RelationshipEnded(relationship_id=own, relation=role)
            yield account.event(account.fact("related-ended", own), over, ended, *subjects)


def _parked(fact: str, reason: str, end: End = "parked-unsupported") -> Ended:
    return Ended(fact=fact, end=end, reason=reason)


def _over(account: Account, resource: Node) -> Occurred | None:
    end = _time(resource, "end")
    if end is not None and end.at <= account.given.now:
        return end
    if text(resource, "active") == "false":
        return end or account.unknown
    return None


def _time(resource: Node, name: str) -> Occurred | None:
    said = text(resource, "period", name)
    return read_time(said, f"RelatedPerson.period.{name}") if said is not None else None
